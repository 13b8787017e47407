"""The spreadsheet of the report's tables: every chart, numbers as numbers, texts never formulas."""

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from orchestration.report.charts import CHARTS
from tests.python.readers.conftest import HERE


def test_no_text_becomes_a_formula_and_no_number_a_text(reader, tmp_path):
    """A product named =HYPERLINK(...) would run on the machine of whoever opens the file."""
    path = tmp_path / "hostile.xlsx"
    told = reader(HERE / "sheets.py", "hostile", path, PYTHONPATH=".")
    assert told["formulas"] == []
    assert told["front"][:2] == [["s", "published"], ["s", "=2+2"]]
    empty, *rows = told["cells"]
    texts = [row[0] for row in rows]
    # XML knows one kind of line end
    assert [(kind, value) for kind, value, *_ in texts] == [
        ("s", "=1+1"), ("s", "+1+1"), ("s", "-1"), ("s", "@SUM(A1)"), ("s", "\t=1+1"),
        ("s", "\n=1+1"), ("s", "#N/A"), ("s", '=HYPERLINK("x")'), ("s", "a\ufffdb"),
        ("s", "plain"),
    ]  # fmt: skip
    quoted = [value[0] in "=+-@\t\n" for _, value, *_ in texts if value]
    assert [is_quoted for _, value, _, is_quoted in texts if value] == quoted
    for row in rows:
        assert [cell[:3] for cell in row[1:]] == [
            ["n", "-1.5", "#,##0.00"],
            ["n", "-0.25", "0.0%"],
            ["d", "2026-10-31 00:00:00", "yyyy-mm-dd"],
            ["d", "2026-10-31 23:59:59", "yyyy-mm-dd hh:mm:ss"],
            ["n", "-7", "#,##0"],
            ["b", "True", "General"],
        ]
    assert {value for _, value, *_ in empty} == {"None"}
    assert [path.name for path in tmp_path.iterdir()] == ["hostile.xlsx"]


@pytest.fixture(scope="module")
def exported(reader, sample_warehouse, tmp_path_factory) -> dict[str, dict]:
    """The workbook of the sample, read back."""
    folder: Path = tmp_path_factory.mktemp("spreadsheet")
    for path in (sample_warehouse.marts_db, sample_warehouse.manifest):
        (folder / path.name).symlink_to(path)
    environment = {"PYTHONPATH": ".", "HOLDFAST_WAREHOUSE": str(folder)}
    return reader(HERE / "sheets.py", "report", folder / "report.xlsx", **environment)


# one of each page, and of each kind of column
COMPARED = ("headline", "cohorts", "churn", "forecast", "segments", "payback", "reasons",
            "satisfaction", "inputs")  # fmt: skip


def test_every_table_of_the_report_is_a_sheet(exported, sample_warehouse):
    """A table would be missing, cut, or say something else than the report."""
    assert list(exported) == ["contents", *(chart.name for chart in CHARTS)]
    assert len(exported["contents"]["rows"]) == len(CHARTS) + 4
    charts = {chart.name: chart for chart in CHARTS}
    assert {charts[name].page for name in COMPARED} == {chart.page for chart in CHARTS}
    compared = 0
    with duckdb.connect(str(sample_warehouse.marts_db), read_only=True) as con:
        for name in COMPARED:
            chart, sheet = charts[name], exported[name]
            chosen = " and ".join(f"{key} = '{chart.choices[key]}'" for key in chart.files)
            query = chart.sql()
            if name == "cohorts":
                # a row per cohort and age, as the page unfolds the lists of rates
                query = (
                    "select * exclude (from_age, rates, flags, place), from_age + place - 1 as age,"
                    " rates[place] as rate, flags[place] in ('0', '2') as is_complete, "
                    "flags[place] in ('2', '3') as is_small "
                    f"from (select *, unnest(range(1, len(rates) + 1)) as place from ({query}))"
                )
            rows = con.execute(f"select * from ({query}) where {chosen or 'true'}")
            assert sheet["columns"] == [column for column, *_ in rows.description], name
            expected = rows.fetchall()
            assert len(sheet["rows"]) == len(expected) > 0, name
            for written, row in zip(sheet["rows"], expected, strict=True):
                assert [same(*pair) for pair in zip(written, row, strict=True)] == [True] * len(row)
            compared += len(expected)
    assert compared > 1_000


def same(written: str, cell: object) -> bool:
    """Whether a cell of the sheet, as text, says what the marts say."""
    if isinstance(cell, (float, Decimal)):
        return float(written) == pytest.approx(float(cell), rel=1e-12)
    if isinstance(cell, date) and not isinstance(cell, datetime):
        return written == f"{cell} 00:00:00"
    return written == str(cell)
