"""Files cut off or overwritten, as when the power goes or a disk is bad: told, and made anew."""

import json
import os
from pathlib import Path

import dagster
import duckdb
import pytest

from orchestration.dbt_manifest import is_manifest_fresh
from orchestration.landing.accept import accept
from orchestration.publishing.publish import read_manifest
from orchestration.refresh import write_dagster_yaml
from orchestration.report.build import is_current, swap
from orchestration.run_records import mend_run_records
from orchestration.settings import PROJECT, load_settings
from orchestration.steps import metered, read_steps
from orchestration.work_database import WorkDatabaseError, find_damage, mend_work_database
from orchestration.workspace import Workspace
from tests.python.faults import victim
from tests.python.faults.conftest import copy_of
from tests.python.quality.scene import NOW, Scene
from tests.python.shared import copy_parsed


def cut(path: Path, share: float) -> None:
    """Cut a file off, as when its end never reached the disk."""
    os.truncate(path, int(path.stat().st_size * share))


def overwrite(path: Path, at: float, length: int) -> None:
    """Put what is no DuckDB into the middle of a file."""
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(int(size * at))
        file.write(b"\xa5" * length)


DAMAGES = {
    "empty": lambda path: os.truncate(path, 0),
    "header_cut": lambda path: os.truncate(path, 5000),
    "cut_in_half": lambda path: cut(path, 0.5),
    "header_overwritten": lambda path: overwrite(path, 0, 12_288),
    "missing": Path.unlink,
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_work_database_is_set_aside_and_begun_anew(shop, base, damage, capsys):
    """Every later refresh would fail, and only who knows DuckDB would know what to do."""
    workspace = shop.workspace
    DAMAGES[damage](workspace.work_db)
    mend_work_database(workspace)
    said = capsys.readouterr().out
    assert "every delivered file is read again" in said
    aside = workspace.work_db.with_name("work.duckdb.damaged")
    assert aside.exists() == (damage != "missing")
    assert find_damage(workspace.work_db) is None
    with duckdb.connect(str(workspace.work_db), read_only=True) as con:
        refreshes = con.execute("select result from ops.refreshes").fetchall()
        loads = con.execute("select count(*) from ops.input_loads").fetchall()
    assert (refreshes, loads) == ([("published",)], [(4,)])
    shop.check_readers(base.content())


def test_after_damage_the_next_refresh_is_what_it_would_have_been(shop, undisturbed):
    """A warehouse begun anew would take the files in another order, or count rows twice."""
    # the second delivery was taken and published; its file is named before that of the first
    done = copy_of(undisturbed, shop.workspace.warehouse.with_name("done"))
    overwrite(done.workspace.work_db, 0, 12_288)
    read_only_mark = read_manifest(done.workspace)["refresh_id"]
    done.refresh()
    found, expected = done.content(), undisturbed.content()
    # the record of loads has those of the reading anew besides
    different = {name for name in expected if found[name] != expected[name]}
    assert different <= {"quality.input_loads", "quality.quarantined_rows"}
    assert read_manifest(done.workspace)["refresh_id"] > read_only_mark
    with duckdb.connect(str(done.workspace.work_db), read_only=True) as con:
        assert (
            con.execute("select gross_amount from landing.orders where order_id = 'O3'").fetchall()[
                0
            ][0]
            == 55
        )


def test_a_file_that_is_gone_is_asked_for_and_not_done_without(shop, base):
    """Marts without last year's orders would be published without a word."""
    workspace = shop.workspace
    kept = (workspace.landing / "orders.csv").rename(workspace.warehouse / "kept.csv")
    workspace.work_db.unlink()
    for _ in range(2):  # it says so as often as it is asked
        with pytest.raises(WorkDatabaseError, match=r"orders\.csv.*Put\s+these files back"):
            mend_work_database(workspace)
    assert not workspace.work_db.exists()
    shop.check_readers(base.content())
    # under another name it is the same file
    kept.rename(workspace.landing / "orders_of_the_first_month.csv")
    mend_work_database(workspace)
    assert workspace.work_db.exists()


def test_the_same_bytes_of_two_sources_are_two_files_to_ask_for(tmp_path):
    """Begun anew with one of them, the marts would lack a shop without a word."""
    scene = Scene(tmp_path)
    workspace = scene.workspace
    scene.write(
        "inputs.yml",
        "inputs:\n  products:\n    - {files: a, constants: {_source: a}}\n"
        "    - {files: b, constants: {_source: b}}\n",
    )
    for shop_name in ("a", "b"):
        scene.write(f"{shop_name}/products.csv", "product_id,unit_cost\nP1,4\n")
    for _ in range(2):
        scene.read()
        settings = scene.load_settings()
        accept(workspace, scene.contract, settings, scene.refresh_id, NOW)
        query = "select _source from landing.products order by 1"
        assert scene.sql(query) == [("a",), ("b",)]
        _publish_history(workspace)
        workspace.work_db.unlink()
        mend_work_database(workspace)
    (workspace.landing / "b" / "products.csv").unlink()
    workspace.work_db.unlink()
    with pytest.raises(WorkDatabaseError, match=r"loaded from b/products\.csv\. Put"):
        mend_work_database(workspace)


def _publish_history(workspace):
    """Put what is known of the loads into the marts, as publishing does."""
    workspace.marts_db.unlink(missing_ok=True)
    with duckdb.connect(str(workspace.marts_db)) as con:
        con.execute(f"attach '{workspace.work_db}' as work (read_only)")
        con.execute("create schema quality")
        tables = ("refreshes", "input_loads", "input_checks", "quarantined_rows", "restatements")
        for name in tables:
            con.execute(f"create table quality.{name} as from work.ops.{name}")


def test_both_databases_damaged_is_said(shop):
    """A refresh would begin with nothing, and publish it."""
    for path in (shop.workspace.work_db, shop.workspace.marts_db):
        overwrite(path, 0, 12_288)
    with pytest.raises(WorkDatabaseError, match="cannot be read either"):
        mend_work_database(shop.workspace)


def test_a_block_damaged_in_the_middle_is_found_when_a_refresh_tells_of_it(shop):
    """A database that opens but cannot be read would fail every night in the same place."""
    work = shop.workspace.work_db
    with duckdb.connect(str(work)) as con:
        con.execute("create table landing.wide as select range, md5(range::varchar) as text "
                    "from range(200000)")  # fmt: skip
    with work.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
    overwrite(work, 1 - 3_000_000 / size, 1_000_000)
    assert find_damage(work) is None  # not all is read each time
    with duckdb.connect(str(work)) as con:
        con.execute("update ops.refreshes set result = 'running'")
    assert "Corrupt" in find_damage(work)


def test_cut_off_files_of_a_publication_are_made_anew(shop, undisturbed):
    """A power cut would leave a file that every later refresh stumbles over, or none looks at."""
    workspace = shop.workspace
    manifest = read_manifest(workspace)
    assert is_current(workspace, manifest)
    for table in manifest["tables"]:
        cut(workspace.warehouse / table["parquet"], 0.6)
    cut(workspace.marts_db, 0.4)
    cut(workspace.report_page, 0.5)
    cut(workspace.step_log, 0.9)
    assert not is_current(workspace, manifest)
    shop.refresh()
    found, expected = shop.content(), undisturbed.content()
    # what stood before was unreadable, so nobody can tell what is restated
    assert {name for name in expected if found[name] != expected[name]} <= {"quality.restatements"}
    manifest = read_manifest(workspace)
    assert is_current(workspace, manifest)
    assert read_steps(workspace.step_log)[-1].refresh_id == manifest["refresh_id"]


def test_a_manifest_cut_off_is_no_manifest(shop, undisturbed):
    """Half a manifest would end every refresh in a stack trace, or pass for a whole one."""
    cut(shop.workspace.manifest, 0.5)
    assert read_manifest(shop.workspace) is None
    shop.refresh()
    found, expected = shop.content(), undisturbed.content()
    assert {name for name in expected if found[name] != expected[name]} <= {"quality.restatements"}


def test_a_dbt_manifest_cut_off_is_parsed_anew(tmp_path):
    """dbt killed while it writes its manifest would end every later refresh before it begins."""
    settings = load_settings()
    workspace = Workspace(PROJECT, tmp_path, tmp_path / "warehouse")
    copy_parsed(settings, workspace)
    assert is_manifest_fresh(workspace, settings)
    cut(workspace.dbt_target / "manifest.json", 0.7)
    assert not is_manifest_fresh(workspace, settings)


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("history/runs.db", "cut_in_half"),
        ("history/runs/index.db", "header_overwritten"),
        ("history/runs/index.db", "empty"),
    ],
)
def test_damaged_records_of_runs_are_begun_anew(tmp_path, capsys, name, damage):
    """Every later refresh would end in an error of Dagster, about what nothing hangs on."""
    workspace = Workspace(PROJECT, tmp_path, tmp_path / "warehouse")
    home = workspace.dagster_home
    write_dagster_yaml(home)

    def run() -> int:
        """Run a job of nothing; returns how many runs are on record."""
        with dagster.DagsterInstance.from_config(str(home)) as instance:
            assert dagster.GraphDefinition("nothing").execute_in_process(instance=instance).success
            return instance.get_runs_count()

    assert [run(), run()] == [1, 2]
    mend_run_records(workspace)
    assert capsys.readouterr().out == ""
    DAMAGES[damage](home / name)
    mend_run_records(workspace)
    # an empty one is a new one to SQLite
    is_told = damage != "empty"
    assert ("history is damaged and begun anew" in capsys.readouterr().out) == is_told
    assert (home / "history.damaged").is_dir() == is_told
    assert run() >= 1
    mend_run_records(workspace)
    assert capsys.readouterr().out == ""


def test_half_a_line_of_the_step_log_costs_itself_only(tmp_path):
    """What the steps cost could not be read any more, or the next line would be glued to it."""
    log = tmp_path / "steps.jsonl"
    for step in ("load", "guard"):
        with metered(log, step):
            pass
    cut(log, 0.8)
    with metered(log, "accept"):
        pass
    assert [cost.step for cost in read_steps(log)] == ["load", "accept"]
    assert all(json.loads(line) for line in log.read_text().splitlines()[::2])


def test_a_report_killed_between_its_renames_comes_back(shop):
    """For want of disk space after a kill there would be no report at all."""
    folder = shop.workspace.report_page.parent
    folder.rename(folder.with_name(".report.old"))
    ended = shop.run(victim.write_no_report)
    assert ended.code == 0, ended.said
    assert shop.workspace.report_page.is_file()


def test_a_second_rename_that_fails_is_taken_back(tmp_path):
    """A report that cannot be put in its place would take the earlier one along."""
    folder = tmp_path / "report"
    folder.mkdir()
    with pytest.raises(OSError, match="building"):
        swap(tmp_path / "building", folder, tmp_path / "old")
    assert folder.is_dir()
