"""What of a publication is compared with the next, on a mart of a few rows."""

from datetime import date, datetime

import duckdb
import pytest

from orchestration.contract import load_contract
from orchestration.landing.tables import create_tables
from orchestration.publishing import restatements
from orchestration.publishing.marts import Mart, marts_of
from orchestration.publishing.publish import Refresh, publish
from orchestration.publishing.restatements import record_restatements
from orchestration.settings import PROJECT
from orchestration.workspace import Workspace

NOW = datetime(2026, 11, 1, 3, 0, 0)  # noqa: DTZ001 - instants are kept in UTC without offset
MART = Mart(
    "retention", "rates", "One row per period.", {}, frozenset(),
    key=("period_start",), running=frozenset({"returned_since"}),
)  # fmt: skip
TABLES = {
    "core.customer_identities": "source_name varchar, source_customer_id varchar, "
    "customer_id varchar",
    "core.customer_dimensions": "customer_id varchar, dimension varchar, value varchar",
    "intermediate.int_source_prefixes": "source_name varchar, id_prefix varchar",
    "intermediate.int_data_cutoff": "cutoff_day date, data_cutoff timestamp",
    "retention.rates": "period_start date, lost bigint, money decimal(18, 2), rate double, "
    "returned_since bigint, is_final boolean, is_restating boolean",
}


class Warehouse:
    """A work database with one mart, published as often as asked."""

    def __init__(self, folder):
        self.workspace = Workspace(PROJECT, folder / "landing", folder / "warehouse")
        self.workspace.warehouse.mkdir(parents=True)
        with duckdb.connect(str(self.workspace.work_db)) as con:
            create_tables(con, load_contract())
            for name, columns in TABLES.items():
                con.execute(f"create schema if not exists {name.split('.')[0]}")
                con.execute(f"create table {name} ({columns})")

    def refresh(self, number, rows, cutoff=date(2026, 10, 31), settings=None, **how):
        """Put rows into the mart, compare, publish; returns what the refresh recorded."""
        refresh = Refresh(f"r{number}", NOW, None, settings or {}, "code", "inputs")
        with duckdb.connect(str(self.workspace.work_db)) as con:
            con.execute("delete from retention.rates")
            con.executemany("insert into retention.rates values (?, ?, ?, ?, ?, ?, ?)", rows)
            con.execute("delete from intermediate.int_data_cutoff")
            con.execute("insert into intermediate.int_data_cutoff values (?, ?)", [cutoff, NOW])
            con.execute(
                "insert into ops.refreshes (refresh_id, started_at, result) "
                "select ?, ?, 'running' where ? not in (select refresh_id from ops.refreshes)",
                [refresh.refresh_id, NOW, refresh.refresh_id],
            )
        record_restatements(self.workspace, [MART], refresh)
        if not how.get("is_killed"):
            publish(self.workspace, [MART], refresh, NOW)
            with duckdb.connect(str(self.workspace.work_db)) as con:
                con.execute(
                    "update ops.refreshes set result = 'published' where refresh_id = ?",
                    [refresh.refresh_id],
                )
        with duckdb.connect(str(self.workspace.work_db)) as con:
            return con.execute(
                "select cell, measure, as_first_published, as_published_before, as_now, cause "
                "from ops.restatements where refresh_id = ? order by all",
                [refresh.refresh_id],
            ).fetchall()


def row(month, lost, money=1, rate=0.5, since=0, is_final=True, is_restating=False):
    """One cell of the mart."""
    return [date(2026, month, 1), lost, money, rate, since, is_final, is_restating]


@pytest.fixture
def warehouse(tmp_path):
    """A warehouse that published four months."""
    made = Warehouse(tmp_path)
    rows = [row(1, 5), row(2, 5), row(3, 5, is_restating=True), row(4, 5, is_final=False)]
    assert made.refresh(1, rows) == []
    return made


CELL = '{"period_start":"2026-01-01"}'


def test_marts_are_compared_by_their_columns(warehouse):
    """Rates follow from counts; what is not final, or restates by nature, surprises nobody."""
    found = warehouse.refresh(
        2,
        [row(1, 6, money=2, rate=0.9, since=7), row(3, 9, is_restating=True), row(4, 8), row(5, 1)],
    )
    # nothing arrived that explains it: it says something else than before
    gone = '{"period_start":"2026-02-01"}'
    assert found == [
        (CELL, "lost", 5, 5, 6, "correction"),
        (CELL, "money", 1, 1, 2, "correction"),
        (gone, "lost", 5, 5, None, "correction"),
        (gone, "money", 1, 1, None, "correction"),
    ]


def test_marts_of_rows_that_are_gone_are_not_restated(warehouse):
    """The first refresh of a business's own files would restate every number of the sample."""
    with duckdb.connect(str(warehouse.workspace.work_db)) as con:
        con.execute("delete from ops.refreshes")
    assert warehouse.refresh(2, [row(1, 6)]) == []


def test_a_look_back_restates_nothing(warehouse):
    """AS_OF a past day shows what was known then, which is no news."""
    assert warehouse.refresh(2, [row(1, 4)], cutoff=date(2026, 10, 30)) == []


def test_a_refresh_that_did_not_publish_tells_nothing(warehouse):
    """What nobody saw was never published; the next refresh tells it, once."""
    assert len(warehouse.refresh(2, [row(1, 6), row(2, 5)], is_killed=True)) == 1
    assert warehouse.refresh(3, [row(1, 7), row(2, 5)]) == [
        (CELL, "lost", 5, 5, 7, "correction"),
    ]
    assert warehouse.refresh(2, [row(1, 7), row(2, 5)], is_killed=True) == []


def test_settings_restate_with_their_own_cause(warehouse):
    """A changed setting is the business's own doing."""
    found = warehouse.refresh(2, [row(1, 6), row(2, 5)], settings={"small_cell_size": 1})
    assert found == [(CELL, "lost", 5, 5, 6, "setting")]


def test_more_cells_than_anybody_reads_are_one_row_per_measure(warehouse, monkeypatch):
    """A changed setting must not make a list as long as the mart."""
    monkeypatch.setattr(restatements, "MOST_CELLS", 1)
    found = warehouse.refresh(2, [row(1, 6), row(2, 7)], settings={"small_cell_size": 1})
    assert found == [('{"changed_cells":2}', "lost", 10, 10, 13, "setting")]


def test_keys_and_running_columns_come_from_the_manifest():
    """The list of what is compared is derived: a new mart is in it without a word."""
    columns = ["grain", "coalesce(period_start, '')"]
    test = {
        "resource_type": "test",
        "attached_node": "m",
        "test_metadata": {"name": "unique_combination", "kwargs": {"columns": columns}},
    }
    model = {
        "resource_type": "model", "unique_id": "m", "fqn": ["holdfast", "marts", "retention", "m"],
        "config": {"materialized": "table"}, "schema": "retention", "name": "m",
        "columns": {
            "grain": {"description": ""},
            "since": {"description": "", "config": {"meta": {"is_running": True}}},
        },
    }  # fmt: skip
    (mart,) = marts_of({"nodes": {"t": test, "m": model}})
    assert mart.key == ("grain", "period_start")
    assert mart.running == {"since"}
