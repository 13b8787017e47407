"""What was published for a final period and changes later leaves a row, with its cause."""

import csv
import json
from collections import Counter
from pathlib import Path

import duckdb
import pytest

from orchestration.contract import load_contract
from orchestration.landing.accept import accept
from orchestration.landing.read import read_deliveries
from orchestration.publishing.marts import read_marts
from orchestration.publishing.publish import publish, read_manifest
from orchestration.publishing.restatements import record_restatements
from orchestration.records import Ending
from orchestration.session import Session
from orchestration.settings import PROJECT, load_settings
from orchestration.workspace import Workspace
from tests.python.shared import compiled_models

MARTS = [
    "retention_rates", "revenue_growth", "restatements", "refreshes", "customer_dimensions",
    "customer_identities", "order_items", "refunds", "products", "subscription_periods",
]  # fmt: skip
ORDER = ["order_id", "customer_id", "ordered_at", "status", "gross_amount"]
REFUND = ["refund_id", "order_id", "refunded_at", "amount"]
CUSTOMER = ["customer_id", "country", "merged_into_customer_id"]
COUNTS = [
    "opening", "new", "returned", "lost", "transient", "intra_period_lapse", "moved_in",
    "moved_out", "closing",
]  # fmt: skip

DELIVERIES = [
    {
        "customers": [CUSTOMER, *([name, country, ""] for name, country in
                      [("A", "DE"), ("B", "DE"), ("C", "AT"), ("D", "AT"), ("E", "AT")])],
        "orders": [
            ORDER,
            ["A1", "A", "2026-01-10", "paid", "20.00"],
            ["A2", "A", "2026-02-10", "paid", "20.00"],
            ["A3", "A", "2026-03-10", "paid", "20.00"],
            ["B1", "B", "2026-01-20", "paid", "50.00"],
            ["C1", "C", "2026-01-15", "paid", "10.00"],
            ["D1", "D", "2026-02-05", "paid", "10.00"],
            ["E1", "E", "2026-03-05", "paid", "10.00"],
            ["A9", "A", "2026-07-31", "paid", "20.00"],
        ],
        "refunds": [REFUND, ["R0", "A9", "2026-07-31", "1.00"]],
    },
    {"orders": [ORDER, ["C2", "C", "2026-05-15", "paid", "11.00"]]},
    {"orders": [ORDER, ["A2", "A", "2026-02-10", "paid", "23.00"]]},
    {"customers": [CUSTOMER, ["E", "AT", "D"]]},
    {
        "refunds": [REFUND, ["R1", "B1", "2026-07-20", "5.00"]],
        "orders": [ORDER, ["C3", "C", "2026-02-16", "paid", "12.00"]],
    },
]  # fmt: skip


class History:
    """Deliveries into one warehouse, each loaded, built and published, without the guards."""

    def __init__(self, folder: Path) -> None:
        self.workspace = Workspace(PROJECT, folder / "landing", folder / "warehouse")
        self.settings = load_settings(None)
        self.contract = load_contract()
        self.ids: list[str] = []
        self.changes: list[set] = []
        self.workspace.landing.mkdir(parents=True)
        (self.workspace.landing / "inputs.yml").write_text("loaded_through: 2026-08-31\n")
        self.models = compiled_models(self.settings)

    def deliver(self, number: int, files: dict) -> None:
        """Write files and load them."""
        for name, rows in files.items():
            path = self.workspace.landing / name / f"{number}.csv"
            path.parent.mkdir(exist_ok=True)
            with path.open("w", encoding="utf-8", newline="") as file:
                csv.writer(file, lineterminator="\n").writerows(rows)

    def refresh(self, *, is_killed: bool = False, is_built: bool = False) -> None:
        """Load what was delivered, build, compare and, unless killed, publish."""
        session = Session(self.workspace, self.settings, self.contract)
        for step in (read_deliveries, accept):
            step(
                self.workspace, self.contract, self.settings, session.refresh.refresh_id,
                session.now,
            )  # fmt: skip
        # a refresh on the same rows builds the same, but for its own records
        self.models.build(
            self.workspace.work_db, up_to=["refreshes", "restatements"] if is_built else MARTS
        )
        marts = [
            mart
            for mart in read_marts(self.models.target / "manifest.json")
            if self._is_built(mart)
        ]
        before = self.final_cells() if read_manifest(self.workspace) else {}
        record_restatements(self.workspace, marts, session.refresh)
        if is_killed:
            return
        publish(self.workspace, marts, session.refresh, session.now)
        session.ending = Ending("published")
        session.close()
        self.ids.append(session.refresh.refresh_id)
        now = self.final_cells()
        self.changes.append(
            {
                (mart, cell, measure, value, now.get((mart, cell, measure)))
                for (mart, cell, measure), value in before.items()
                if now.get((mart, cell, measure)) != value
            }
        )

    def _is_built(self, mart) -> bool:
        with duckdb.connect(str(self.workspace.work_db), read_only=True) as con:
            return bool(
                con.execute(
                    "select 1 from duckdb_tables() where schema_name = ? and table_name = ?",
                    [mart.schema, mart.name],
                ).fetchall()
            )

    def rows(self, query: str) -> list:
        """Read the published marts."""
        with duckdb.connect(str(self.workspace.marts_db), read_only=True) as con:
            return con.execute(query).fetchall()

    def final_cells(self) -> dict:
        """Every number of a final period as it stands published."""
        found = {}
        for mart, key, measures in (
            ("retention.retention_rates",
             ["grain", "period_start", "basis", "dimension", "value"], COUNTS),
            ("revenue.revenue_growth",
             ["period_start", "component", "refund_basis"],
             ["customers", "orders", "revenue", "revenue_per_customer"]),
        ):  # fmt: skip
            columns = ", ".join([*key, *measures])
            for row in self.rows(f"select {columns} from {mart} where is_final"):
                cell = json.dumps(dict(zip(key, map(str, row), strict=False)))
                for measure, value in zip(measures, row[len(key) :], strict=True):
                    found[mart, cell, measure] = value
        return found

    def restated(self, number: int) -> list[tuple]:
        """Rows of quality.restatements of one refresh."""
        return [
            (mart, json.dumps(json.loads(cell)), measure, before, now, first, cause)
            for mart, cell, measure, before, now, first, cause in self.rows(
                "select mart, cell, measure, as_published_before, as_now, as_first_published, cause"
                f" from quality.restatements where refresh_id = '{self.ids[number - 1]}'"
            )
        ]


@pytest.fixture(scope="module")
def history(tmp_path_factory):
    """Five refreshes: history, a late row, a correction, a merge, a refund and a late row."""
    story = History(tmp_path_factory.mktemp("restated"))
    for number, files in enumerate(DELIVERIES, start=1):
        story.deliver(number, files)
        if number == 2:
            # killed before it published: the next one tells all the same, and tells it once
            story.refresh(is_killed=True)
        story.refresh(is_built=number == 2)
    return story


def test_every_number_that_changed_has_a_row_and_no_other(history):
    """A number that changes behind a reader's back, or one that is said to and did not."""
    assert len(history.changes[0]) == 0
    for number in range(1, 6):
        told = [row[:5] for row in history.restated(number)]
        assert len(told) == len(set(told))
        assert set(told) == history.changes[number - 1], number
        assert bool(told) == (number > 1), number
    assert history.rows("select count(*) from quality.restatements") == [
        (sum(map(len, history.changes)),)
    ]


def test_each_has_the_cause_that_arrived_for_it(history):
    """A refund taken for a late row sends a person looking in the wrong place."""
    causes = [Counter(row[6] for row in history.restated(number)) for number in range(1, 6)]
    assert [set(found) for found in causes[:4]] == [
        set(), {"late row"}, {"correction"}, {"merge"},
    ]  # fmt: skip
    # of the last, nobody of DE came late, and nobody of anywhere left or came by a refund
    mixed = history.restated(5)
    counts = {row[6] for row in mixed if row[2] in {*COUNTS, "customers", "orders"}}
    assert counts == {"late row"}
    january = {
        row[6] for row in mixed
        if row[2] == "revenue" and '"2026-01-01"' in row[1] and '"order_basis"' in row[1]
    }  # fmt: skip
    assert january == {"refund"}


def test_first_published_stays(history):
    """The first value of a cell that changes again is the first one ever published."""
    rows = history.rows(
        "select refresh_id, as_first_published, as_published_before, as_now "
        "from quality.restatements where mart = 'revenue.revenue_growth' and measure = 'revenue' "
        "and cell like '%2026-02-01%' and cell like '%returning%' and cell like '%order_basis%' "
        "order by refresh_id"
    )
    assert [row[1:] for row in rows] == [(20, 20, 23), (20, 23, 35)]
    assert [history.ids.index(row[0]) + 1 for row in rows] == [3, 5]
