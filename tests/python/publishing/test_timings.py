"""How long each model ran: what dbt says of this refresh, beside what was known of earlier ones."""

import datetime as dt
import json

import duckdb
import pytest

from orchestration.publishing.publish import Refresh
from orchestration.publishing.timings import KEPT_REFRESHES, record_timings
from orchestration.settings import PROJECT
from orchestration.steps import read_steps
from orchestration.workspace import Workspace

STARTED_AT = dt.datetime(2026, 11, 1, 4)  # noqa: DTZ001 - UTC
NODES = {
    f"{kind}.holdfast.{name}": {"schema": "core", "alias": name}
    for kind, name in (
        ("model", "orders"), ("model", "shown"), ("model", "broken"), ("test", "unique"),
    )
}  # fmt: skip


@pytest.fixture
def workspace(tmp_path):
    """A work database with two models and the timings of more refreshes than are kept."""
    found = Workspace(PROJECT, tmp_path, tmp_path)
    found.dbt_target.mkdir(parents=True)
    with duckdb.connect(str(found.work_db)) as con:
        con.execute("create schema ops; create schema quality; create schema core")
        con.execute("create table core.orders as select * from range(7)")
        con.execute("create view core.shown as select * from core.orders")
        con.execute("create table ops.refreshes (refresh_id varchar, result varchar)")
        for schema in ("ops", "quality"):
            con.execute(
                f"create table {schema}.model_timings "
                "(refresh_id varchar, model varchar, seconds double, rows bigint)"
            )
        for number in range(100):
            result = "published" if number % 10 else "failed"
            con.execute("insert into ops.refreshes values (?, ?)", [f"r{number:03}", result])
            con.execute(
                "insert into ops.model_timings values (?, 'core.orders', 1, 5)", [f"r{number:03}"]
            )
    return found


def told_by_dbt(workspace: Workspace, generated_at: dt.datetime) -> None:
    """Let dbt have left the results of a run."""
    ran = [
        ("model.holdfast.orders", "success", 2.34567),
        ("model.holdfast.shown", "success", 0.1),
        ("model.holdfast.broken", "error", 9.0),
        ("test.holdfast.unique", "pass", 1.0),
    ]
    results = [
        {"unique_id": node, "status": status, "execution_time": seconds}
        for node, status, seconds in ran
    ]
    document = {"metadata": {"generated_at": f"{generated_at.isoformat()}Z"}, "results": results}
    (workspace.dbt_target / "run_results.json").write_text(json.dumps(document), encoding="utf-8")


def recorded(workspace: Workspace) -> list[tuple]:
    """Read the mart."""
    with duckdb.connect(str(workspace.work_db), read_only=True) as con:
        return con.execute("select * from quality.model_timings order by all").fetchall()


def refresh(name: str) -> Refresh:
    """A refresh that began at STARTED_AT."""
    return Refresh(name, STARTED_AT, None, {}, "code", "inputs")


def test_models_of_this_refresh_stand_beside_the_last_ones(workspace):
    """Nobody could tell since when a model is slow; or the record would grow for ever."""
    told_by_dbt(workspace, STARTED_AT + dt.timedelta(minutes=1))
    for _ in range(2):  # a step that is tried again
        assert record_timings(workspace, NODES, refresh("r100")) == 2
    rows = recorded(workspace)
    assert rows[-2:] == [("r100", "core.orders", 2.346, 7), ("r100", "core.shown", 0.1, None)]
    assert len({row[0] for row in rows}) == KEPT_REFRESHES
    assert not any(row[0].endswith("0") for row in rows[:-2])


def test_a_run_of_an_earlier_refresh_is_not_taken_for_this_one(workspace):
    """dbt's results outlive its run: a refresh without one would repeat the times of another."""
    told_by_dbt(workspace, STARTED_AT - dt.timedelta(days=1))
    assert record_timings(workspace, NODES, refresh("r100")) == 0
    assert "r100" not in {row[0] for row in recorded(workspace)}


def test_a_refresh_publishes_how_long_its_models_ran(sample_warehouse):
    """The times would be known of every refresh but the one that is looked at."""
    with duckdb.connect(str(sample_warehouse.marts_db), read_only=True) as con:
        models, seconds, orders = con.execute(
            """select count(*), sum(seconds), max(rows) filter (where model = 'core.orders')
            from quality.model_timings
            where refresh_id = (select max(refresh_id) from quality.refreshes)"""
        ).fetchall()[0]
        (expected,) = con.execute("select count(*) from core.orders").fetchall()[0]
    assert models > 300
    assert seconds > 1
    assert orders == expected
    steps = {cost.step: cost for cost in read_steps(sample_warehouse.step_log)}
    assert steps["publish"].rows["core.orders"] == expected
    assert steps["load"].rows["orders"] > steps["accept"].rows["orders"] >= expected
