"""Any past day gives what a run gives on a delivery cut at that day."""

import shutil
from datetime import date
from pathlib import Path

import duckdb
import pytest
from cutting import cut, plant

from orchestration.settings import load_settings
from tests.python.shared import compiled_models

# A month's end, a day in the middle of one and shortly before the end.
DAYS = [date(2024, 12, 31), date(2025, 8, 13), date(2026, 10, 20)]
# What the refresh says about its own runs differs by nature.
OWN_RECORDS = {"refreshes", "input_loads", "input_checks", "quarantined_rows"}


@pytest.mark.parametrize("day", DAYS, ids=str)
def test_as_of_is_a_run_on_a_delivery_cut_at_that_day(sample, day, tmp_path):
    """A fact of the future in a past number makes every look back too good."""
    databases = {}
    for name in ("as_of", "cut"):
        (tmp_path / name).mkdir()
        databases[name] = tmp_path / name / "work.duckdb"
        shutil.copyfile(sample.workspace.work_db, databases[name])
        plant(databases[name], day)
    removed = cut(databases["cut"], day, "UTC")
    # a cut that takes nothing away, or no status back, would prove nothing
    assert removed["orders"] > 10
    assert removed["refunds"] > 0
    assert removed["restated"] > 0
    models = compiled_models(load_settings())
    models.build(databases["as_of"], as_of=day)
    models.build(databases["cut"])
    assert differing_tables(databases) == {}


def differing_tables(databases: dict[str, Path]) -> dict[str, object]:
    """Compare every mart row for row; returns an example of what only one side has."""
    found = {}
    with duckdb.connect() as con:
        for name, path in databases.items():
            con.execute(f"attach '{path}' as {name} (read_only)")
        tables = con.execute(
            "select table_schema, table_name, "
            "string_agg(column_name, ', ' order by ordinal_position) "
            "from information_schema.columns where table_catalog = 'as_of' and table_schema in "
            "('core', 'retention', 'revenue', 'lifetime_value', 'segmentation', 'win_back', "
            "'voice_of_customer', 'quality') group by all order by all"
        ).fetchall()
        assert len(tables) > 10
        for schema, table, columns in tables:
            if table in OWN_RECORDS:
                continue
            rows = con.execute(
                f"(select 'as_of' as side, * from (select {columns} from as_of.{schema}.{table} "
                f"except all select {columns} from cut.{schema}.{table}) limit 2) union all "
                f"(select 'cut' as side, * from (select {columns} from cut.{schema}.{table} "
                f"except all select {columns} from as_of.{schema}.{table}) limit 2)"
            ).fetchall()
            if rows:
                found[f"{schema}.{table}"] = (columns, rows)
    return found
