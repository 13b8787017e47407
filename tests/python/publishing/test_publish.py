"""Publishing: what readers see, before, during, after, and when it is killed."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from orchestration.publishing.marts import marts_of
from orchestration.publishing.publish import (
    PublishError,
    is_intact,
    publish,
    read_manifest,
)
from tests.python.publishing.conftest import MARTS, NOW, mart, refresh_of

HERE = Path(__file__).parent


def test_published_file_is_complete_for_a_reader(publisher):
    """A reader would find views, no comments, a .wal, or a storage that old clients cannot open."""
    tables = publisher.publish("r1")
    workspace = publisher.workspace
    assert {(table.schema, table.name, table.rows) for table in tables} == {
        ("core", "customers", 100),
        ("quality", "refreshes", 1),
        ("retention", "rates", 100),
    }
    assert list(workspace.warehouse.glob("**/*.wal")) == []
    with duckdb.connect(str(workspace.marts_db), read_only=True) as con:
        (tags,) = con.execute(
            "select tags from duckdb_databases() where database_name = 'marts'"
        ).fetchall()[0]
        assert tags["storage_version"].startswith("v1.2.0")
        assert con.execute("select count(*) from duckdb_views() where not internal").fetchall() == [
            (0,)
        ]
        comments = dict(con.execute("select table_name, comment from duckdb_tables()").fetchall())
        assert comments["rates"] == "One row per rates."
        columns = con.execute(
            "select comment, is_nullable from duckdb_columns() where column_name = 'rate'"
        ).fetchall()
        assert columns == [("Share, 0 to 1; it's 'a' rate.", True)]
        assert con.execute(
            "select is_nullable from duckdb_columns() where column_name = 'customer_id'"
        ).fetchall() == [(False,)]
        # rows stand in the order in which the models stored them
        ids = [row[0] for row in con.execute("select customer_id from core.customers").fetchall()]
        assert ids == sorted(ids)


def test_published_refresh_says_published(publisher):
    """The marts would say of the refresh that made them that it is still running."""
    publisher.publish("r1")
    with duckdb.connect(str(publisher.workspace.marts_db), read_only=True) as con:
        row = con.execute(
            "select result, finished_at, duration_seconds, cutoff_day::varchar "
            "from quality.refreshes"
        ).fetchall()[0]
    assert row == ("published", NOW, 0.0, "2026-10-31")


def test_parquet_holds_the_same_rows(publisher):
    """Readers without DuckDB would see other rows, or a table without rows as one empty row."""
    publisher.build("r1", rows=50)
    with duckdb.connect(str(publisher.workspace.work_db)) as con:
        con.execute("create or replace table retention.rates as from retention.rates where false")
    publish(publisher.workspace, MARTS, refresh_of("r1"), NOW)
    parquet = publisher.workspace.parquet_dir
    assert parquet.is_symlink()
    with duckdb.connect() as con:
        con.execute(f"attach '{publisher.workspace.marts_db}' as marts (read_only)")
        for item in MARTS:
            difference = con.execute(
                f"select count(*) from ((from marts.{item.relation} except all "
                f"from '{parquet}/{item.schema}/{item.name}.parquet') union all "
                f"(from '{parquet}/{item.schema}/{item.name}.parquet' except all "
                f"from marts.{item.relation}))"
            ).fetchall()
            assert difference == [(0,)]
        empty = con.execute(f"from '{parquet}/retention/rates.parquet'").fetchall()
    assert empty == []


def test_manifest_says_what_is_published(publisher):
    """Nobody could tell from the manifest what stands there, or that a file was changed since."""
    publisher.publish("r1")
    workspace = publisher.workspace
    manifest = read_manifest(workspace)
    assert manifest["refresh_id"] == "r1"
    assert manifest["cutoff_day"] == "2026-10-31"
    assert manifest["settings"] == {"small_cell_size": 5}
    assert is_intact(workspace, manifest)
    with duckdb.connect(str(workspace.marts_db)) as con:
        con.execute("delete from core.customers where customer_id = 'c000001'")
    assert not is_intact(workspace, manifest)


def test_parquet_file_cut_short_is_noticed(publisher):
    """A damaged Parquet file would stay for ever, since nothing new would be published."""
    publisher.publish("r1")
    workspace = publisher.workspace
    manifest = read_manifest(workspace)
    damaged = workspace.warehouse / manifest["tables"][0]["parquet"]
    os.truncate(damaged, 10)
    assert not is_intact(workspace, manifest)


def test_content_hash_ignores_order_and_sees_a_change(publisher):
    """Two publications of the same rows would look different, or of different rows the same."""
    hashes = {}
    for name, order in (("r1", "asc"), ("r2", "desc")):
        publisher.build("same")
        with duckdb.connect(str(publisher.workspace.work_db)) as con:
            con.execute(
                "create or replace table core.customers as "
                f"from core.customers order by customer_id {order}"
            )
            con.execute(f"update quality.refreshes set refresh_id = '{name}'")
        tables = publish(publisher.workspace, MARTS, refresh_of(name), NOW)
        hashes[name] = {table.name: table.content_hash for table in tables}
    assert hashes["r1"]["customers"] == hashes["r2"]["customers"]
    assert hashes["r1"]["rates"] == hashes["r2"]["rates"]
    assert hashes["r1"]["refreshes"] != hashes["r2"]["refreshes"]


def test_two_equal_rows_do_not_cancel_out(publisher):
    """A hash that cancels duplicates would call a doubled table unchanged."""
    publisher.build("same")
    first = publish(publisher.workspace, MARTS[:1], refresh_of("r1"), NOW)
    with duckdb.connect(str(publisher.workspace.work_db)) as con:
        con.execute("insert into core.customers select * from core.customers")
        con.execute("insert into core.customers select * from core.customers limit 100")
    second = publish(publisher.workspace, MARTS[:1], refresh_of("r2"), NOW)
    assert first[0].content_hash != second[0].content_hash


def test_mart_that_was_not_built_stops_publishing(publisher):
    """A mart missing from the work database would silently vanish from the published file."""
    publisher.publish("r1")
    publisher.build("r2")
    with pytest.raises(PublishError, match=r"core\.orders"):
        publish(
            publisher.workspace, [*MARTS, mart("core", "orders", {"a": ""})], refresh_of("r2"), NOW
        )
    assert publisher.published_ids() == {"r1"}
    assert list(publisher.workspace.warehouse.glob(".marts.*")) == []


def test_stale_wal_beside_the_marts_is_removed(publisher):
    """A .wal left by somebody's writing client would make every read-only open fail."""
    publisher.publish("r1")
    publisher.workspace.marts_db.with_name("marts.duckdb.wal").write_bytes(b"stale")
    publisher.publish("r2")
    assert publisher.published_ids() == {"r2"}


def test_marts_of_manifest_takes_what_stands_below_marts():
    """A new mart would have to be listed somewhere, or a staging view would be published."""

    def node(name, folder, **more):
        return {
            "resource_type": "model",
            "fqn": ["holdfast", *folder, name],
            "name": name,
            "alias": name,
            "schema": folder[-1],
            "config": {"materialized": "table"},
            "description": "One row per\n  thing.",
            "columns": {"a": {"description": "An id.", "constraints": [{"type": "not_null"}]}},
        } | more

    found = marts_of(
        {
            "nodes": {
                "1": node("orders", ["marts", "core"]),
                "2": node("stg_orders", ["staging"]),
                "3": node("marts", ["intermediate"]),
                "4": node("helper", ["marts", "core"], config={"materialized": "ephemeral"}),
                "5": node("check", ["marts", "core"], resource_type="test"),
            }
        }
    )
    assert [(item.schema, item.name) for item in found] == [("core", "orders")]
    assert found[0].description == "One row per thing."
    assert found[0].not_null == {"a"}


# each step of publishing, and whether readers see the new version when it is killed right before it
STEPS = [
    ("verify_files", False),
    ("place_parquet", False),
    ("replace_marts", False),
    ("swap_parquet_link", True),
    ("replace_manifest", True),
    ("_drop_old_parquet", True),
]


@pytest.mark.parametrize(("step", "is_new"), STEPS)
def test_killed_publication_leaves_good_marts_and_heals(publisher, step, is_new):
    """A power cut while publishing would leave readers without marts, or with half of them."""
    publisher.publish("r1")
    publisher.build("r2")
    script = (
        "import os, signal\n"
        "from orchestration.publishing import publish as module\n"
        "from orchestration.workspace import Workspace\n"
        "from tests.python.publishing.conftest import MARTS, NOW, refresh_of\n"
        "from pathlib import Path\n"
        "module.clear_leftovers = lambda workspace: None\n"
        f"module.{step} = lambda *args, **named: os.kill(os.getpid(), signal.SIGKILL)\n"
        f"workspace = Workspace(Path('.'), Path('.'), Path({str(publisher.workspace.warehouse)!r}))"
        "\nmodule.publish(workspace, MARTS, refresh_of('r2'), NOW)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script],
        cwd=publisher.workspace.project,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == -signal.SIGKILL, ended.stderr

    workspace = publisher.workspace
    assert publisher.published_ids() == ({"r2"} if is_new else {"r1"})
    manifest = read_manifest(workspace)
    with duckdb.connect() as con:
        for table in manifest["tables"]:
            ids = con.execute(
                f"select distinct refresh_id from '{workspace.warehouse / table['parquet']}'"
            ).fetchall()
            assert ids == [(manifest["refresh_id"],)]
    # a refresh must not take a half publication for "nothing new"
    is_complete = step == "_drop_old_parquet"
    assert is_intact(workspace, manifest) == (is_complete or not is_new)

    publisher.publish("r3")
    assert publisher.published_ids() == {"r3"}
    assert is_intact(workspace, read_manifest(workspace))
    leftovers = [path.name for path in workspace.warehouse.iterdir() if "building" in path.name]
    leftovers += [p.name for p in workspace.parquet_versions.iterdir() if "building" in p.name]
    assert leftovers == []


def test_readers_see_no_error_and_no_mix_through_twenty_publications(publisher, tmp_path):
    """Dashboards would fail, or show tables of two refreshes, whenever a refresh publishes."""
    publisher.publish("v000")
    stop = tmp_path / "stop"
    readers = [
        subprocess.Popen(
            [
                sys.executable,
                str(HERE / "reader.py"),
                kind,
                str(publisher.workspace.warehouse),
                str(stop),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for kind in ("duckdb", "parquet")
    ]
    try:
        for number in range(1, 21):
            publisher.publish(f"v{number:03}", rows=1000 if number % 2 else 2000)
    finally:
        stop.touch()
        reports = [reader.communicate(timeout=60) for reader in readers]
    for out, err in reports:
        report = json.loads(out or "{}")
        assert report.get("problems") == [], (report, err)
        assert report["reads"] > 10
        # the readers did live through publications
        assert len(report["seen"]) > 3


def test_old_parquet_versions_go_away(publisher, monkeypatch):
    """Every refresh would leave a whole copy of the marts on the disk."""
    monkeypatch.setattr("orchestration.publishing.publish.KEEP_PARQUET_SECONDS", -1)
    for number in range(4):
        publisher.publish(f"v{number}")
    versions = {path.name for path in publisher.workspace.parquet_versions.iterdir()}
    assert versions == {"v2", "v3"}
