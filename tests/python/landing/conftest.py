"""A business in a folder: deliver files, read them, take them, look at what stands."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from orchestration.contract import PROJECT_ROOT, Contract, load_contract
from orchestration.landing.accept import AcceptReport, accept, stop
from orchestration.landing.read import ReadReport, read_deliveries
from orchestration.settings import Settings, load_settings
from orchestration.workspace import Workspace

pytest.register_assert_rewrite("tests.python.landing.outcomes")

ORDERS = "order_id,customer_id,ordered_at,status,gross_amount"
ITEMS = "order_item_id,order_id,quantity,unit_price"


@dataclass
class Business:
    """Delivers files and looks at the work database."""

    workspace: Workspace
    contract: Contract
    settings: Settings
    refreshes: int = 0
    reports: list = field(default_factory=list)

    def deliver(self, name: str, content: str | bytes) -> Path:
        path = self.workspace.landing / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def set(self, **settings: object) -> None:
        path = self.workspace.warehouse / "settings.yml"
        path.write_text("".join(f"{name}: {value}\n" for name, value in settings.items()))
        self.settings = load_settings(path)

    @property
    def now(self) -> datetime:
        return datetime(2026, 11, 1) + timedelta(days=self.refreshes)  # noqa: DTZ001 - UTC

    @property
    def refresh_id(self) -> str:
        return f"r{self.refreshes}"

    def read(self) -> ReadReport:
        self.refreshes += 1
        return read_deliveries(
            self.workspace, self.contract, self.settings, self.refresh_id, self.now
        )

    def accept(self) -> AcceptReport:
        return accept(self.workspace, self.contract, self.settings, self.refresh_id, self.now)

    def stop(self) -> None:
        stop(self.workspace, self.contract, self.settings, self.refresh_id, self.now)

    def load(self) -> AcceptReport:
        self.read()
        return self.accept()

    def refuse(self, table: str, condition: str, rule: str = "gross_amount.minimum") -> None:
        """Refuses incoming rows as the guards would, quarantine included."""
        from orchestration.landing.keys import row_key

        key = row_key(self.contract.inputs[table], "delivered", is_incoming=True)
        with duckdb.connect(str(self.workspace.work_db)) as con:
            con.execute(
                f"""insert into incoming._refused
                select '{table}', _row, '{rule}', null, null from incoming.{table}
                where {condition}"""
            )
            con.execute(
                f"""insert into ops.quarantined_rows by name
                select '{self.refresh_id}' as refresh_id, '{table}' as input, _file as file,
                    _line as line, {key} as row_key, '{rule}' as rule
                from incoming.{table} as delivered where {condition}"""
            )

    def ask(self, query: str, parameters: Iterable[object] = ()) -> list[tuple]:
        with duckdb.connect(str(self.workspace.work_db)) as con:
            return con.execute(query, list(parameters)).fetchall()

    def loads(self) -> list[tuple]:
        return self.ask(
            """select refresh_id, file, rows_read, rows_loaded, rows_refused, rows_superseded
            from ops.input_loads order by loaded_at, file"""
        )


@pytest.fixture(scope="session")
def contract() -> Contract:
    return load_contract()


@pytest.fixture
def business(tmp_path: Path, contract: Contract, monkeypatch: pytest.MonkeyPatch) -> Business:
    monkeypatch.delenv("HOLDFAST_HASH_KEY", raising=False)
    landing, warehouse = tmp_path / "landing", tmp_path / "warehouse"
    landing.mkdir()
    warehouse.mkdir()
    workspace = Workspace(project=PROJECT_ROOT, landing=landing, warehouse=warehouse)
    return Business(workspace, contract, load_settings())
