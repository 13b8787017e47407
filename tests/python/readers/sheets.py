"""Child of test_spreadsheet.py: writes workbooks and reads them back with openpyxl.

`sheets.py hostile file.xlsx` writes a sheet of texts that look like formulas; `sheets.py report`
exports the warehouse named by HOLDFAST_WAREHOUSE. Prints JSON of what openpyxl reads.
"""

import contextlib
import json
import sys
import zipfile
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from openpyxl import load_workbook

from orchestration.readers import spreadsheet
from orchestration.report.data import Column

TEXTS = [
    "=1+1", "+1+1", "-1", "@SUM(A1)", "\t=1+1", "\r=1+1", "#N/A", "=HYPERLINK(\"x\")", "a\x00b",
    "plain",
]  # fmt: skip


def hostile(path: Path) -> dict:
    columns = [Column("text", "text"), Column("money", "money"), Column("rate", "rate"),
               Column("day", "day"), Column("at", "instant"), Column("count", "count"),
               Column("flag", "flag")]  # fmt: skip
    at = datetime(2026, 10, 31, 23, 59, 59)  # noqa: DTZ001 - instants are kept without offset
    numbers = [Decimal("-1.50"), -0.25, date(2026, 10, 31), at, -7, True]
    rows = [[None] * len(columns), *([text, *numbers] for text in TEXTS)]
    spreadsheet.write_workbook(
        path, {"published": "=2+2"}, [spreadsheet.Sheet("hostile", "@title", "", columns, rows)]
    )
    with zipfile.ZipFile(path) as archive:
        formulas = [
            name
            for name in archive.namelist()
            if name.startswith("xl/worksheets/") and b"<f>" in archive.read(name)
        ]
    sheet = load_workbook(path)["hostile"]
    return {
        "formulas": formulas,
        "cells": [
            [
                [cell.data_type, str(cell.value), cell.number_format, bool(cell.quotePrefix)]
                for cell in row
            ]
            for row in sheet.iter_rows(min_row=2)
        ],
        "front": [[cell.data_type, cell.value] for cell in load_workbook(path)["contents"][1]],
    }


def report(path: Path) -> dict:
    with contextlib.redirect_stdout(sys.stderr):
        assert spreadsheet.main() == 0
    workbook = load_workbook(path, read_only=True)
    found = {}
    for name in workbook.sheetnames:
        rows = [list(row) for row in workbook[name].iter_rows(values_only=True)]
        found[name] = {
            "columns": rows[0],
            "rows": [[str(cell) for cell in row] for row in rows[1:]],
        }
    return found


if __name__ == "__main__":
    given = Path(sys.argv[2])
    print(json.dumps(hostile(given) if sys.argv[1] == "hostile" else report(given)))
