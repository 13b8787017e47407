"""A warehouse small enough to be published fifty times; each mart carries the refresh id."""

from datetime import datetime

import duckdb
import pytest

from orchestration.publishing.marts import Mart
from orchestration.publishing.publish import Refresh, publish
from orchestration.settings import PROJECT
from orchestration.workspace import Workspace

NOW = datetime(2026, 11, 1, 3, 0, 0)  # noqa: DTZ001 - instants are kept in UTC without offset


def mart(schema, name, columns):
    """Describe a mart as the manifest would."""
    return Mart(schema, name, f"One row per {name}.", columns, frozenset(list(columns)[:1]))


MARTS = [
    mart("core", "customers", {"customer_id": "Id of the person.", "refresh_id": ""}),
    mart("quality", "refreshes", {"refresh_id": "Id.", "result": "How it ended."}),
    mart("retention", "rates", {"refresh_id": "", "rate": "Share, 0 to 1; it's 'a' rate."}),
]


def refresh_of(refresh_id):
    """Describe the refresh that makes a publication."""
    return Refresh(refresh_id, NOW, None, {"small_cell_size": 5}, "code", "inputs")


class Publisher:
    """Builds and publishes versions of the small warehouse."""

    def __init__(self, workspace):
        self.workspace = workspace

    def build(self, refresh_id, rows=100):
        """Write the work database as the models would leave it."""
        self.workspace.warehouse.mkdir(parents=True, exist_ok=True)
        with duckdb.connect(str(self.workspace.work_db)) as con:
            for schema in ("core", "retention", "quality", "intermediate"):
                con.execute(f"create schema if not exists {schema}")
            con.execute(
                "create or replace table core.customers as select 'c' || lpad(range::varchar, 6, "
                f"'0') as customer_id, '{refresh_id}' as refresh_id from range({rows})"
            )
            con.execute(
                f"create or replace table retention.rates as select '{refresh_id}' as refresh_id, "
                f"range / {rows}.0::double as rate from range({rows})"
            )
            con.execute(
                f"create or replace table quality.refreshes as select '{refresh_id}' as refresh_id,"
                " timestamp '2026-11-01 02:59:00' as started_at, null::timestamp as finished_at, "
                "'running' as result, null::date as cutoff_day, null::double as duration_seconds, "
                "null::varchar as message"
            )
            con.execute(
                "create or replace table intermediate.int_data_cutoff as select "
                "date '2026-10-31' as cutoff_day, timestamp '2026-11-01' as data_cutoff"
            )

    def publish(self, refresh_id, rows=100):
        """Build and publish one version."""
        self.build(refresh_id, rows)
        return publish(self.workspace, MARTS, refresh_of(refresh_id), NOW)

    def published_ids(self):
        """Return the refresh ids found in the published marts, over all tables."""
        with duckdb.connect(str(self.workspace.marts_db), read_only=True) as con:
            return {
                row[0]
                for table in ("core.customers", "retention.rates", "quality.refreshes")
                for row in con.execute(f"select distinct refresh_id from {table}").fetchall()
            }


@pytest.fixture
def publisher(tmp_path):
    """A publisher into an empty warehouse."""
    return Publisher(
        Workspace(project=PROJECT, landing=tmp_path / "landing", warehouse=tmp_path / "warehouse")
    )
