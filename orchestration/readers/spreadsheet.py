"""The tables of the report as a spreadsheet: `make export-xlsx` writes $WAREHOUSE/report.xlsx.

A sheet per chart, with the numbers the report shows first; what else a chart can show has its CSV
download there. A text is never a formula, whatever it begins with, and a number is never a text.
"""

import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
from openpyxl import Workbook
from openpyxl.cell import Cell, WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

from orchestration.publishing.publish import read_manifest
from orchestration.report import data
from orchestration.report.charts import CHARTS, Chart
from orchestration.settings import SettingsError
from orchestration.workspace import Workspace

WORDS = Path(__file__).parents[1] / "report" / "words" / "en.json"
FORMATS = {
    "count": "#,##0",
    "day": "yyyy-mm-dd",
    "instant": "yyyy-mm-dd hh:mm:ss",
    "money": "#,##0.00",
    "period": "yyyy-mm-dd",
    "rate": "0.0%",
}
# what a spreadsheet would take for a formula, or drop in front of one
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_MOST_ROWS = 1_048_575
_BOLD = Font(bold=True)


@dataclass(frozen=True)
class Sheet:
    """One sheet.

    Attributes:
        name: Its name.
        title: What it shows, for the list of sheets.
        note: What was chosen, for the list of sheets.
        columns: Its columns with their kinds (`data.kind_of`).
        rows: Its cells as DuckDB gives them.
    """

    name: str
    title: str
    note: str
    columns: Sequence[data.Column]
    rows: Sequence[Sequence[Any]]


def read_sheets(marts_db: Path) -> list[Sheet]:
    """Read the tables of the report from the published marts.

    Args:
        marts_db: marts.duckdb.

    Returns:
        A sheet per chart.
    """
    words = json.loads(WORDS.read_text(encoding="utf-8"))
    with duckdb.connect(str(marts_db), read_only=True) as con:
        con.execute("set enable_progress_bar = false")
        return [_sheet(con, chart, words) for chart in CHARTS]


def write_workbook(path: Path, about: Mapping[str, str], sheets: Sequence[Sheet]) -> None:
    """Write the workbook beside its place and rename it there.

    Args:
        path: Its place.
        about: What the first sheet says of all of them.
        sheets: The other sheets.

    Raises:
        ValueError: When a sheet has more rows than a spreadsheet can have.
    """
    workbook = Workbook(write_only=True)
    contents = [(sheet.name, sheet.title, sheet.note, len(sheet.rows)) for sheet in sheets]
    front = workbook.create_sheet("contents")
    front.column_dimensions["A"].width, front.column_dimensions["B"].width = 22, 60
    for line in [*about.items(), (), ("sheet", "shows", "of it", "rows"), *contents]:
        front.append([_cell(front, value, "text") for value in line])
    for sheet in sheets:
        _write_sheet(workbook.create_sheet(sheet.name[:31]), sheet)
    building = path.with_name(f".{path.name}.building")
    try:
        workbook.save(building)
        building.replace(path)
    finally:
        building.unlink(missing_ok=True)


def _sheet(con: duckdb.DuckDBPyConnection, chart: Chart, words: Mapping[str, str]) -> Sheet:
    """Read a chart: of choices that decide which data script is loaded, what is shown first."""
    first = {name: chart.choices[name] for name in chart.files}
    where = " and ".join(f'"{name}" = ?' for name in first) or "true"
    query = f"select * from ({chart.sql().rstrip().rstrip(';')}) where {where}"
    # a cursor's description of an old DuckDB knows no types of its own
    relation = con.sql(query, params=[*first.values()])
    columns = [
        data.Column(name, data.kind_of(name, str(kind)))
        for name, kind in zip(relation.columns, relation.types, strict=True)
    ]
    note = ", ".join(f"{name} = {value}" for name, value in first.items())
    sheet = Sheet(chart.name, words[f"chart.{chart.name}.name"], note, columns, relation.fetchall())
    return _unrolled(sheet)


def _unrolled(sheet: Sheet) -> Sheet:
    """Make one row per rate of rows with a list of rates by age, as the report's page does."""
    names = [column.name for column in sheet.columns]
    if "rates" not in names:
        return sheet
    of_list = [names.index(name) for name in ("from_age", "rates", "flags")]
    kept = [place for place in range(len(names)) if place not in of_list]
    columns = [sheet.columns[place] for place in kept]
    columns += [data.Column("age", "count"), data.Column("rate", "rate")]
    columns += [data.Column("is_complete", "flag"), data.Column("is_small", "flag")]
    rows = []
    for row in sheet.rows:
        from_age, rates, flags = (row[place] for place in of_list)
        cells = [row[place] for place in kept]
        for step, (rate, flag) in enumerate(zip(rates, flags, strict=True)):
            rows.append([*cells, from_age + step, rate, flag in "02", flag in "23"])
    return Sheet(sheet.name, sheet.title, sheet.note, columns, rows)


def _write_sheet(worksheet: WriteOnlyWorksheet, sheet: Sheet) -> None:
    if len(sheet.rows) > _MOST_ROWS:
        raise ValueError(f"{sheet.name} has {len(sheet.rows):,} rows; a sheet has {_MOST_ROWS:,}.")
    worksheet.freeze_panes = "A2"
    last = get_column_letter(len(sheet.columns))
    worksheet.auto_filter.ref = f"A1:{last}{len(sheet.rows) + 1}"
    for place, column in enumerate(sheet.columns, start=1):
        worksheet.column_dimensions[get_column_letter(place)].width = max(12, len(column.name) + 3)
    header = [_cell(worksheet, column.name, "text") for column in sheet.columns]
    for cell in header:
        cell.font = _BOLD
    worksheet.append(header)
    kinds = [column.kind for column in sheet.columns]
    for row in sheet.rows:
        worksheet.append(_cells(worksheet, row, kinds))


def _cells(
    worksheet: WriteOnlyWorksheet, row: Sequence[Any], kinds: Sequence[str]
) -> list[Cell | None]:
    return [
        None if value is None or value == "" else _cell(worksheet, value, kind)
        for value, kind in zip(row, kinds, strict=True)
    ]


def _cell(worksheet: WriteOnlyWorksheet, value: Any, kind: str) -> Cell:  # noqa: ANN401
    """Make a cell: texts stay texts, everything else keeps its type."""
    if not isinstance(value, str):
        cell = WriteOnlyCell(worksheet, value)
        if kind in FORMATS:
            cell.number_format = FORMATS[kind]
        return cell
    text = ILLEGAL_CHARACTERS_RE.sub("\ufffd", value)
    cell = WriteOnlyCell(worksheet, text)
    # openpyxl would make a formula of what begins with =, and an error of #N/A
    cell.data_type = "s"
    if text.startswith(_FORMULA_STARTS):
        # stays a text when a person edits the cell
        cell.quotePrefix = True
    return cell


def main() -> int:
    """Write it and say where it is; returns the exit code."""
    started = time.monotonic()
    try:
        workspace = Workspace.from_environment()
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    manifest = read_manifest(workspace)
    if manifest is None:
        sys.stderr.write("No marts are published there; `make refresh` publishes them.\n")
        return 1
    about = {
        "published": str(manifest["published_at"]),
        "counted up to": str(manifest["cutoff_day"]),
        "refresh": str(manifest["refresh_id"]),
    }
    target = workspace.warehouse / "report.xlsx"
    sheets = read_sheets(workspace.marts_db)
    write_workbook(target, about, sheets)
    sys.stdout.write(
        f"{target}  ({len(sheets)} tables, {sum(len(sheet.rows) for sheet in sheets):,} rows, "
        f"{target.stat().st_size / 1e6:.1f} MB, {time.monotonic() - started:.1f} s)\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
