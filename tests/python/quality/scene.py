"""A landing folder and a warehouse in which deliveries are read and checked, as a refresh does."""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from orchestration.contract import Contract, Input, load_contract
from orchestration.landing.read import read_deliveries
from orchestration.landing.tables import create_tables
from orchestration.quality.inputs import check_inputs
from orchestration.quality.results import CheckResult
from orchestration.records import connect
from orchestration.settings import load_settings
from orchestration.workspace import PROJECT, Workspace

CONTRACT = load_contract()
NOW = datetime.fromisoformat("2026-11-23T10:00:00")


@dataclass
class Scene:
    """One business: its landing folder, its warehouse, its settings.

    Attributes:
        folder: Where all of it lies.
        settings: Overrides of settings.
        refreshes: Number of refreshes run so far.
    """

    folder: Path
    settings: dict[str, Any] = field(default_factory=dict)
    refreshes: int = 0

    def __post_init__(self):
        self.workspace.landing.mkdir(parents=True, exist_ok=True)

    @property
    def workspace(self) -> Workspace:
        return Workspace(
            project=PROJECT,
            landing=self.folder / "landing",
            warehouse=self.folder / "warehouse",
        )

    @property
    def contract(self) -> Contract:
        return CONTRACT

    @property
    def refresh_id(self) -> str:
        return f"r{self.refreshes}"

    def load_settings(self):
        file = self.folder / "settings.yml"
        file.write_text("".join(f"{name}: {value}\n" for name, value in self.settings.items()))
        return load_settings(file)

    def write(self, name: str, text: str | bytes) -> None:
        """Put a file into the landing folder."""
        path = self.workspace.landing / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())

    def deliver(
        self,
        name: str,
        rows: Iterable[Mapping[str, Any]],
        file: str | None = None,
        columns: Iterable[str] | None = None,
    ) -> None:
        """Write rows as a CSV of an input, with its columns (or those given) as header."""
        rows = list(rows)
        header = list(columns or dict.fromkeys(key for row in rows for key in row))
        path = self.workspace.landing / (file or f"{name}.csv")
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, header, restval="", lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)

    def read(self) -> None:
        """Start a refresh and read what is delivered."""
        self.refreshes += 1
        read_deliveries(self.workspace, CONTRACT, self.load_settings(), self.refresh_id, NOW)

    def check(self) -> dict[str, CheckResult]:
        """Read and check; the results by check id."""
        self.read()
        results = check_inputs(self.workspace, CONTRACT, self.load_settings(), self.refresh_id, NOW)
        by_id = {result.check_id: result for result in results}
        assert len(by_id) == len(results), "one result per check"
        return by_id

    def sql(self, query: str, *parameters: Any) -> list[tuple]:
        with duckdb.connect(str(self.workspace.work_db)) as con:
            return con.execute(query, list(parameters)).fetchall()

    def quarantine(self) -> list[tuple]:
        """File, line, key, rule and value of what this refresh refused."""
        return self.sql(
            "select file, line, row_key, rule, value from ops.quarantined_rows "
            "where refresh_id = ? order by file, line, rule",
            self.refresh_id,
        )


def least_row(table: Input, number: int, *others: str) -> dict[str, str]:
    """Make a valid row of an input: its required columns and those named, nothing else."""
    row = {}
    for column in table.columns:
        if not (column.required or column.name in others):
            continue
        value = column.example
        if column.accepted_values:
            value = column.accepted_values[0]
        elif column.seed:
            value = "price"
        elif column.format:
            value = "EUR"
        if value is None:
            value = "2024-03-01" if column.data_type == "date" else "2024-03-01T12:00:00"
            value = value if column.data_type in {"date", "timestamp"} else "1"
        row[column.name] = value
    # ids and first text key parts tell rows apart; an order and its line go together
    for name in table.key:
        column = table.column(name)
        if column.is_text and column.required and not column.format:
            row[name] = f"{table.name}-{number}"
            break
    else:
        row[table.key[0]] = (
            f"20{10 + number // 336}-{1 + number // 28 % 12:02}-{1 + number % 28:02}"
        )
    return row


def header(name: str) -> list[str]:
    """All columns of an input."""
    return [column.name for column in CONTRACT.inputs[name].columns]


def order(number: int | str, **others: Any) -> dict[str, Any]:
    """Make a valid order."""
    return {
        "order_id": f"O-{number}",
        "customer_id": "C-1",
        "ordered_at": f"2026-10-{1 + int(number) % 28:02}T12:00:00",
        "status": "paid",
        "gross_amount": "20.00",
    } | others


def item(number: int, **others: Any) -> dict[str, Any]:
    """Make a valid item of the order of that number."""
    return {
        "order_item_id": f"I-{number}",
        "order_id": f"O-{number}",
        "quantity": "1",
        "unit_price": "20.00",
    } | others


def landed_orders(scene: Scene, orders_per_day: int, days: int, until: str) -> None:
    """Put a history of orders into landing.orders, as if taken by earlier refreshes."""
    with connect(scene.workspace) as con:
        create_tables(con, CONTRACT)
        con.execute(
            f"""insert into landing.orders by name
            select 'L-' || day || '-' || number as order_id, 'C-1' as customer_id,
                timestamp '{until} 12:00:00' - to_days(day::integer) as ordered_at,
                'paid' as status, 20 as gross_amount, 'main' as _source, 'old.csv' as _file,
                1 as _line, 'r0' as _refresh_id, timestamp '2026-01-01' as _loaded_at,
                false as _is_deleted, false as _is_held
            from range({days}) as days (day), range({orders_per_day}) as numbers (number)"""
        )
