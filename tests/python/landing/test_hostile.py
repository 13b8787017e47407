"""No delivery makes anything run, is read from outside, or fills the machine."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
import yaml

from orchestration import confinement, records
from orchestration.contract import PROJECT_ROOT, Contract
from orchestration.landing import accept, files, folder, read
from orchestration.landing import records as landing_records
from orchestration.landing.folder import FileError, LandingError, entries, entry_of, opened
from orchestration.landing.mapping import MappingError
from orchestration.showing import showable
from tests.python.landing.conftest import Business
from tests.python.landing.damaged_cases import Case, order, orders
from tests.python.landing.hostile_cases import (
    ESCAPE,
    REFUSED,
    SCRIPT,
    SECRET,
    TEXTS,
    TRACE,
    VARIABLE,
    Refused,
)
from tests.python.landing.outcomes import Outcome, assert_accounts, check_case, refreshed

SOUND = "sound/orders.csv"


@pytest.fixture(autouse=True)
def nothing_happened(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whatever would run would leave a file behind."""
    monkeypatch.setenv(VARIABLE, SECRET)
    yield
    assert not Path(TRACE).exists()


def assert_unseen(con: duckdb.DuckDBPyConnection) -> None:
    """Asserts that nothing from outside stands in any table."""
    tables = con.execute(
        "select schema_name, table_name from duckdb_tables() where not internal",
    ).fetchall()
    assert len(tables) > 50
    for schema, name in tables:
        relation = f'"{schema}"."{name}" as whole'
        query = f"select count(*) from {relation} where contains(whole::varchar, '{SECRET}')"
        assert con.execute(query).fetchall() == [(0,)], name


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outcome]:
    """Delivers all hostile texts, each a source of its own, through guards and page."""
    with (
        pytest.MonkeyPatch.context() as patch,
        refreshed(tmp_path_factory.mktemp("hostile"), TEXTS) as found,
    ):
        patch.setenv(VARIABLE, SECRET)
        yield found


@pytest.mark.parametrize("case", TEXTS, ids=lambda case: case.slug)
def test_hostile_text_is_a_text(taken: Outcome, case: Case) -> None:
    """No text of a delivery may be run, by whatever part of the chain."""
    check_case(taken, case)


def test_hostile_texts_bring_nothing_in(taken: Outcome) -> None:
    """A text that is rendered would carry a variable of the environment into a table."""
    assert_unseen(taken.con)


def test_page_of_checks_is_harmless(taken: Outcome) -> None:
    """Whoever opens the page must not run what a delivery holds, nor a terminal that prints it."""
    page = taken.workspace.checks_page.read_text(encoding="utf-8")
    assert SCRIPT not in page
    assert "&lt;script&gt;alert(1)" in page
    assert page == showable(page)
    assert showable(ESCAPE) in page


def outside_of(tmp_path: Path) -> Path:
    """Makes what lies outside, each file a sound delivery, so that reading it would show."""
    outside = tmp_path / "outside"
    (outside / "folder").mkdir(parents=True)
    rows = orders(f"{SECRET},2026-03-01,paid,5")
    for name in ("orders.csv", "folder/orders.csv", "folder/products.csv"):
        (outside / name).write_text(rows)
    (outside / "inputs.yml").write_text(f"constants: {{_source: {SECRET}}}\n")
    return outside


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.slug)
def test_what_is_hostile_is_refused(
    business: Business, tmp_path: Path, case: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is refused is named with a way out, and nothing else is touched by it."""
    outside = outside_of(tmp_path)
    before = sorted(path.name for path in outside.rglob("*"))
    monkeypatch.chdir(tmp_path)
    business.deliver("orders/sound.csv", orders(order(1, "5")))
    case.make(business.workspace.landing, outside)
    lying = {path for path in business.workspace.landing.rglob("*") if path.name != "sound.csv"}
    if case.mapping:
        with pytest.raises(MappingError) as caught:
            business.read()
        told = str(caught.value)
    else:
        report = business.read()
        errors = {file.file: file.error for file in report.files}
        assert errors.pop("orders/sound.csv") is None
        told = "\n".join([*(f"{k} {v}" for k, v in errors.items()), *report.messages])
        assert list(errors) == ([case.file] if case.file else [])
        rows = "select order_id from incoming.orders where _file = 'orders/sound.csv'"
        assert business.ask(rows) == [("1",)]
        business.stop() if case.file else business.accept()
    assert case.told in told
    assert told == showable(told)
    assert len(told) < 2_000
    for path in sorted(lying, reverse=True):
        if path.is_dir() and not path.is_symlink():
            path.rmdir() if path.name != "orders" else None
        else:
            path.unlink()
    business.load()
    with duckdb.connect(str(business.workspace.work_db)) as con:
        assert_unseen(con)
        assert_accounts(con)
    assert business.ask("select order_id, _file from landing.orders") == [("1", "orders/sound.csv")]
    assert sorted(path.name for path in outside.rglob("*")) == before
    assert not list(business.workspace.warehouse.glob(".reading-*"))


def test_there_are_many_cases_and_each_is_its_own() -> None:
    """Cases of one name would shadow each other, so that one is never tested."""
    for cases in (TEXTS, REFUSED):
        assert len({case.slug for case in cases}) == len(cases) >= 40


ATTEMPTS = (
    "select * from read_csv('{outside}')",
    "select * from read_text('{outside}')",
    "select * from '{outside}'",
    "select * from glob('/etc/*')",
    "select * from read_csv('http://127.0.0.1:9/x.csv')",
    "select * from read_parquet('s3://bucket/x.parquet')",
    "copy (select 1) to '{outside}.made'",
    "copy orders from '{outside}'",
    "attach '{outside}.duckdb' as attached",
    "export database '{outside}.exported'",
    "install httpfs",
    "load httpfs",
    "load '{outside}'",
    "create persistent secret leak (type s3)",
    "set enable_external_access = true",
    "set allowed_directories = ['/']",
    "set lock_configuration = false",
    "reset lock_configuration",
    "pragma memory_limit = '1TB'",
    "set memory_limit = '1TB'",
    "select * from secret_of_the_caller",
)


@pytest.mark.parametrize("step", ["read", "quotes", "guards", "accept", "stop"])
def test_connection_reaches_nothing_outside(
    business: Business, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """Should a text come to stand in SQL all the same, the engine refuses what it says."""
    outside = outside_of(tmp_path) / "orders.csv"
    refused: list[str] = []
    module = {"read": read, "quotes": landing_records, "guards": records}.get(step, accept)

    def confine_and_try(con: duckdb.DuckDBPyConnection, *folders: object) -> None:
        confinement.confine(con, *folders)
        secret_of_the_caller = duckdb.sql("select 1 as leaked")
        for attempt in ATTEMPTS:
            with pytest.raises(duckdb.Error):
                con.execute(attempt.format(outside=outside)).fetchall()
            refused.append(attempt)
        del secret_of_the_caller

    # a quoted field over two lines needs the search for broken quotes
    business.deliver("orders.csv", orders('1,2026-03-01,paid,5,"a\nb"', head=HEADER))
    if step not in {"read", "quotes"}:
        business.read()
    monkeypatch.setattr(module, "confine", confine_and_try)
    steps = {
        "read": business.read,
        "quotes": business.read,
        "guards": lambda: records.connect(business.workspace).close(),
        "accept": business.accept,
        "stop": business.stop,
    }
    steps[step]()
    assert refused == list(ATTEMPTS)


HEADER = "order_id,ordered_at,status,gross_amount,sales_channel"


def test_dbt_reaches_no_file(tmp_path: Path) -> None:
    """Models read tables; one that reads files would read what nobody checked."""
    profile = yaml.safe_load((PROJECT_ROOT / "profiles.yml").read_text())["holdfast"]
    config = profile["outputs"]["duckdb"]["config_options"] | {"memory_limit": "1GB"}
    outside = outside_of(tmp_path) / "orders.csv"
    with duckdb.connect(str(tmp_path / "work.duckdb"), config=config) as con:
        con.execute("create table standing as select 1 as one")
        for attempt in ATTEMPTS[:15]:
            if "orders from" not in attempt:
                with pytest.raises(duckdb.Error):
                    con.execute(attempt.format(outside=outside)).fetchall()


def test_file_swapped_for_a_link_after_listing(business: Business, tmp_path: Path) -> None:
    """Between listing and opening, a name may come to lead elsewhere."""
    outside = outside_of(tmp_path)
    path = business.deliver("orders/a.csv", orders(order(1, "5")))
    (listed,) = entries(business.workspace.landing)
    path.unlink()
    path.symlink_to(outside / "orders.csv")
    with pytest.raises(FileError, match="cannot be opened"), opened(listed):
        pass


def test_folder_swapped_for_a_link_after_listing(business: Business, tmp_path: Path) -> None:
    """A link on the way to a file is as good as one in its place."""
    outside = outside_of(tmp_path)
    path = business.deliver("orders/orders.csv", orders(order(1, "5")))
    (listed,) = entries(business.workspace.landing)
    path.unlink()
    path.parent.rmdir()
    path.parent.symlink_to(outside / "folder")
    with pytest.raises(FileError, match="changed while it was read"), opened(listed):
        pass


def test_pipe_put_there_after_listing_makes_nobody_wait(business: Business) -> None:
    """Opening a pipe nobody writes would wait for ever."""
    path = business.deliver("orders.csv", orders(order(1, "5")))
    (listed,) = entries(business.workspace.landing)
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(FileError, match="is no file but a pipe"), opened(listed):
        pass


@pytest.mark.parametrize("moment", ["before", "while"])
def test_file_that_changes_is_refused(
    business: Business, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """Rows read under the hash of other bytes would never be read again as they are."""
    path = business.deliver("orders.csv", orders(order(1, "5")))
    step = read._stage
    target = "_read_file" if moment == "before" else "_stage"
    original = getattr(read, target)

    def change(*arguments: object) -> object:
        with path.open("a") as file:
            file.write(order(2, "6") + "\n")
        return original(*arguments)

    monkeypatch.setattr(read, target, change)
    (found,) = business.read().files
    assert "changed while it was read" in str(found.error)
    business.stop()
    monkeypatch.setattr(read, target, original)
    assert read._stage is step
    assert business.load().rows_loaded == 2


def test_name_swapped_while_it_is_read_brings_nothing_in(
    business: Business, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was opened is what is read, whatever its name leads to by then."""
    outside = outside_of(tmp_path)
    path = business.deliver("orders.csv", orders(order(1, "5")))
    original = read._stage

    def swap(*arguments: object) -> object:
        path.rename(path.with_name("_gone.csv"))
        path.symlink_to(outside / "orders.csv")
        return original(*arguments)

    monkeypatch.setattr(read, "_stage", swap)
    (found,) = business.read().files
    assert "changed while it was read" in str(found.error)
    assert business.ask("select order_id from incoming.orders") == [("1",)]


def test_too_many_files_are_refused(business: Business, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder without end would be listed for ever; the limit is set low here."""
    monkeypatch.setattr(folder, "MOST_FILES", 50)
    for number in range(60):
        business.deliver(f"orders/{number}.csv", "")
    with pytest.raises(LandingError, match="more than 50 files"):
        business.read()


def test_pattern_costs_no_more_than_its_length(contract: Contract) -> None:
    """A pattern of many stars, tried one way after another, would never end."""
    del contract
    name = "/".join(["a" * 200] * 40)
    assert not files._fits(name, "/".join(["**", "*a" * 60 + "b"] * 20))
    assert files._fits("a/b/c.csv", "**/c.csv")
    assert files._fits("a/b/c.csv", "a/*")
    assert not files._fits("a/b/c.csv", "b/*.csv")


def test_mapping_file_is_found_by_name_alone(business: Business) -> None:
    """Without one there is none; nothing else is taken for it."""
    assert entry_of(business.workspace.landing, "inputs.yml") is None


_READ_ALL = """
import sys
from datetime import datetime
from pathlib import Path
from orchestration.contract import PROJECT_ROOT, load_contract
from orchestration.landing.read import read_deliveries
from orchestration.settings import load_settings
from orchestration.workspace import Workspace
for landing in Path(sys.argv[1]).iterdir():
    workspace = Workspace(PROJECT_ROOT, landing, Path(sys.argv[2]))
    now = datetime(2026, 11, 23)
    report = read_deliveries(workspace, load_contract(), load_settings(), "r", now)
    assert report.files[0].error, landing
"""
MOST_WRITTEN = 400 << 20
MOST_MEMORY_KB = 700_000


def test_memory_and_disk_stay_bounded(tmp_path: Path) -> None:
    """What expands or repeats without end is refused before it fills memory or disk."""
    landings = tmp_path / "landings"
    for case in REFUSED:
        if case.area in {"Packed and bent", "Too much of it"}:
            (landings / case.slug).mkdir(parents=True)
            case.make(landings / case.slug, tmp_path)
    limited = f"""
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, ({MOST_WRITTEN}, {MOST_WRITTEN}))
{_READ_ALL}
status = Path("/proc/self/status").read_text()
peak = int(status.split("VmHWM:")[1].split()[0])
assert peak < {MOST_MEMORY_KB}, peak
"""
    ended = subprocess.run(
        [sys.executable, "-c", limited, str(landings), str(tmp_path / "warehouse")],
        cwd=PROJECT_ROOT,
        env=os.environ | {"HOLDFAST_MEMORY_LIMIT": "500MB"},
        check=False,
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stderr
