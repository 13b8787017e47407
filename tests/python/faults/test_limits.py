"""No disk, no memory, no permission: a clear no, marts as they were, and the next refresh heals."""

import os
import shutil

import duckdb
import pytest

from orchestration.advice import advice
from orchestration.publishing.publish import is_intact, read_manifest
from orchestration.refresh import main
from tests.python.faults import victim
from tests.python.faults.shop import NEW, ORDERS


@pytest.fixture(scope="module")
def full_disk(base):
    """Room for the work database as it stands, and for no more."""
    return base.workspace.work_db.stat().st_size // 2


def load_more(shop):
    """A delivery too large for the limit."""
    lines = [f"X{number},C1,2026-03-05,paid,20.00,EUR\n" for number in range(200_000)]
    header = "order_id,customer_id,ordered_at,status,gross_amount,currency\n"
    (shop.workspace.landing / "orders_9.csv").write_text(header + "".join(lines))


def told(shop, ended, *words):
    """The message names what is wrong; it is told by the machine's own advice, too."""
    assert ended.code != 0
    assert [word for word in words if word not in ended.said] == [], ended.said[-3000:]
    assert "What to do" in (advice(ended.said, shop.workspace) or ""), ended.said[-3000:]


def test_a_full_disk_while_loading(shop, base, full_disk):
    """Half a delivery would count as loaded, or the database be spoilt for good."""
    load_more(shop)
    ended = shop.run(victim.load, within=victim.Limited(FSIZE=full_disk))
    told(shop, ended, "File too large")
    shop.check_readers(base.content())
    (shop.workspace.landing / "orders_9.csv").unlink()
    ended = shop.run(victim.load)
    assert ended.code == 0, ended.said
    with duckdb.connect(str(shop.workspace.work_db), read_only=True) as con:
        # and the one row that only the guards would have refused
        assert con.execute("select count(*) from landing.orders").fetchall() == [
            (ORDERS + NEW + 1,)
        ]
    assert not list(shop.workspace.warehouse.glob(".reading-*"))


@pytest.mark.parametrize("limit", [{"FSIZE": 300_000}, {"NOFILE": 12}], ids=["disk", "files"])
def test_no_room_while_publishing(shop, base, undisturbed, limit):
    """A new marts file that is not whole would be put in the place of the last good one."""
    shutil.copyfile(undisturbed.workspace.work_db, shop.workspace.work_db)
    ended = shop.run(victim.publish, shop.models, within=victim.Limited(**limit))
    assert ended.code != 0, ended.said
    shop.check_readers(base.content())
    ended = shop.run(victim.publish, shop.models)
    assert ended.code == 0, ended.said
    shop.check_readers(undisturbed.content())
    assert is_intact(shop.workspace, read_manifest(shop.workspace))
    assert not list(shop.workspace.warehouse.rglob("*building*"))


def test_too_little_memory_for_the_engine(shop, base):
    """The refresh would end in words of the engine, or half a delivery be taken."""
    load_more(shop)
    ended = shop.run(victim.load, within=victim.Memory("12MB"))
    with duckdb.connect(str(shop.workspace.work_db)) as con:
        messages = con.execute("select message from ops.input_loads").fetchall()
        taken = con.execute(
            "select count(*) from landing.orders where order_id like 'X%'"
        ).fetchall()
    assert taken == [(0,)]
    said = ended.said + str(messages)
    assert "HOLDFAST_MEMORY_LIMIT is " in said + (advice(said, shop.workspace) or "")
    shop.check_readers(base.content())
    (shop.workspace.landing / "orders_9.csv").unlink()
    assert shop.run(victim.load).code == 0


def test_too_little_memory_for_the_process(shop, base):
    """A process the system gives no more memory would leave the marts half replaced."""
    ended = shop.run(victim.refresh, shop.models, within=victim.Limited(AS=900_000_000))
    assert ended.code != 0
    shop.check_readers(base.content())
    assert shop.run(victim.load).code == 0


@pytest.mark.parametrize("what", ["warehouse", "work database"])
def test_a_user_who_may_not_write(shop, base, what):
    """Who refreshes as the wrong user would not learn what is to be changed."""
    workspace = shop.workspace
    open_path(workspace.warehouse)
    target = workspace.warehouse if what == "warehouse" else workspace.work_db
    mode = target.stat().st_mode
    target.chmod(mode & ~0o222)
    try:
        ended = shop.run(victim.load, within=victim.nobody)
    finally:
        target.chmod(mode)
    told(shop, ended, str(workspace.warehouse))
    shop.check_readers(base.content())
    assert shop.run(victim.load).code == 0


def test_a_folder_in_the_place_of_the_work_database_is_said(shop, base, monkeypatch, capsys):
    """`make refresh` would end in a stack trace."""
    workspace = shop.workspace
    workspace.work_db.unlink()
    workspace.work_db.mkdir()
    for name, value in workspace.environment().items():
        monkeypatch.setenv(name, value)
    assert main() == 1
    said = capsys.readouterr().err
    assert "NOT PUBLISHED" in said
    assert "work.duckdb" in said
    assert "stand as they were" in said
    shop.check_readers(base.content())
    workspace.work_db.rmdir()


def open_path(path):
    """Let any user come to a folder below the scratch folder, and see all in it."""
    for parent in [path, *path.parents]:
        mode = parent.stat().st_mode & 0o7777
        wanted = 0o777 if parent == path else mode | 0o755
        if mode != wanted and parent.stat().st_uid == os.geteuid():
            parent.chmod(wanted)
