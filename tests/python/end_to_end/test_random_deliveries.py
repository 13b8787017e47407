"""The same rows, however they are delivered, give the same tables and the same marts."""

import csv
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from random_deliveries import MOST_LOADS, Content, File, deliveries, files_of, write

from orchestration.contract import load_contract
from orchestration.landing.accept import accept
from orchestration.landing.read import read_deliveries
from orchestration.settings import PROJECT, load_settings
from orchestration.workspace import Workspace
from tests.python.shared import refreshed_straight

NOW = datetime(2026, 11, 23)  # noqa: DTZ001 - UTC
CONTRACT = load_contract()
DELIVERIES_AT_ONCE = 10
EXAMPLES = 10  # together 100 random deliveries

SMALL = {
    "orders": Content(
        ("order_id",),
        [
            {
                "order_id": f"o{n}",
                "customer_id": f"c{1 + n % 3}",
                "ordered_at": f"2026-03-0{n}T12:00:00",
                "status": "paid",
                "gross_amount": f"{10 * n}.5",
            }
            for n in range(1, 6)
        ],
        ("gross_amount", ("999", "998")),
        {
            "order_id": "",
            "customer_id": "c1",
            "ordered_at": "2026-04-01",
            "status": "paid",
            "gross_amount": "7",
        },
    ),
    # an item waits for its order, an order for its items, in whatever order they come
    "order_items": Content(
        ("order_item_id",),
        [
            {
                "order_item_id": f"i{n}",
                "order_id": f"o{1 + n % 5}",
                "quantity": str(n),
                "unit_price": "1.25",
            }
            for n in range(1, 8)
        ],
        ("order_id", ("o1", "nowhere")),
        {"order_item_id": "", "order_id": "o2", "quantity": "1", "unit_price": "5"},
    ),
    "contact_preferences": Content(
        ("customer_id", "channel", "changed_at"),
        [
            {
                "customer_id": f"c{n}",
                "channel": "email",
                "changed_at": "2026-01-01T00:00:00",
                "opted_in": "true",
            }
            for n in range(1, 4)
        ],
        ("opted_in", ("false", "true")),
        {
            "customer_id": "",
            "channel": "email",
            "changed_at": "2026-02-01T00:00:00",
            "opted_in": "true",
        },
    ),
}


def load(workspace: Workspace, number: int) -> None:
    """Reads and takes what lies there, as a refresh does past its guards."""
    refresh_id, now = f"r{number}", NOW + timedelta(hours=number)
    read_deliveries(workspace, CONTRACT, load_settings(), refresh_id, now)
    accept(workspace, CONTRACT, load_settings(), refresh_id, now)


def in_loads(folder: Path, drawn: list[list[File]], contents: dict[str, Content]) -> Workspace:
    """Delivers each drawn delivery as a source of its own, load after load."""
    landing, warehouse = folder / "landing", folder / "warehouse"
    warehouse.mkdir(parents=True)
    landing.mkdir()
    workspace = Workspace(PROJECT, landing, warehouse)
    entries = {
        name: [
            {"files": f"{name}/s{source}", "constants": {"_source": f"s{source}"}}
            for source in range(len(drawn))
        ]
        for name in contents
    }
    (landing / "inputs.yml").write_text(yaml.safe_dump({"inputs": entries}))
    for number in range(MOST_LOADS):
        for source, files in enumerate(drawn):
            for place, file in enumerate(files):
                if file.load == number:
                    mark = f"{source}-{place}"
                    write(file, contents[file.input], landing, f"s{source}", mark)
        load(workspace, number)
    return workspace


def standing(con: duckdb.DuckDBPyConnection, name: str, source: str) -> list[tuple]:
    """Rows of an input that count, with what they say and whether they wait."""
    columns = ", ".join(f'"{column}"' for column in CONTRACT.inputs[name].landing_columns)
    return con.execute(
        f"""select {columns}, _is_held from landing.{name}
        where _source = ? and not _is_deleted order by all""",
        [source],
    ).fetchall()


def once(contents: dict[str, Content]) -> list[File]:
    """The plain delivery: each input once, in one file."""
    return [
        File(0, name, 0, "csv", tuple(content.rows)) for name, content in sorted(contents.items())
    ]


def check_landing(folder: Path, drawn: list[list[File]]) -> None:
    """Asserts that deliveries end as the plain one, and that their rows add up."""
    workspace = in_loads(folder, [once(SMALL), *drawn], SMALL)
    with duckdb.connect(str(workspace.work_db), read_only=True) as con:
        assert_sums(con)
        for name, content in SMALL.items():
            expected = standing(con, name, "s0")
            assert len(expected) == len(content.rows)
            for source in range(1, len(drawn) + 1):
                assert standing(con, name, f"s{source}") == expected, drawn[source - 1]


def assert_sums(con: duckdb.DuckDBPyConnection) -> None:
    """Asserts that every file's rows add up (without guards, quarantine has only what waits)."""
    wrong = con.execute(
        """select * from ops.input_loads
        where rows_read <> rows_loaded + rows_refused + rows_superseded or rows_superseded < 0""",
    ).fetchall()
    assert not wrong


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Path]:
    return lambda: tmp_path_factory.mktemp("random")


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.generate,),  # a failure shows itself whole; looking for a smaller takes minutes
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.large_base_example],
)
@given(drawn=st.lists(deliveries(SMALL), min_size=DELIVERIES_AT_ONCE, max_size=DELIVERIES_AT_ONCE))
def test_any_delivery_ends_in_the_same_rows(
    folders: Callable[[], Path], drawn: list[list[File]]
) -> None:
    """Order, splits, repeats, corrections, deletes and formats are no content."""
    folder = folders()
    try:
        check_landing(folder, drawn)
    finally:
        shutil.rmtree(folder)


# What a template engine or SQL would take for its own, in a column the marts show.
HOSTILE = "{{ env_var('HOLDFAST_CANARY') }}'; drop schema core cascade; --"
SECRET = "canary-8842"  # noqa: S105 - a mark to look for
CHANGED = 0.1
KEYS = {
    "orders": ("order_id",),
    "order_items": ("order_item_id",),
    "customers": ("customer_id",),
    "subscription_periods": ("subscription_id", "item_id", "starts_at"),
}
WRONG = {
    "orders": ("gross_amount", ("99999.99", "0.01")),
    "order_items": ("quantity", ("77", "78")),
    "customers": ("country", ("ZZ", "YY")),
    "subscription_periods": ("unit_amount", ("0.5", "999")),
}


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Content]]:
    """The files of a small sample, and the rows of those that will be delivered otherwise.

    Rows the sample itself delivers twice, late, corrected or broken are not wanted: there the order
    of files is content.
    """
    folder = tmp_path_factory.mktemp("shuffled_sample")
    unwanted = ("late", "duplicate", "correction", "refused", "orphan_item", "itemless")
    parameters = [part for name in unwanted for part in ("--param", f"{name}_share=0")]
    size = ["--customers", "150", "--seed", "5", "--until", "2026-10-31", "--years", "2"]
    command = [sys.executable, "-m", "orchestration.sample_data", "--out", str(folder)]
    subprocess.run([*command, *size, *parameters], cwd=PROJECT, check=True, capture_output=True)
    landing = folder / "landing"
    contents = {}
    for name, key in KEYS.items():
        versions: dict[tuple[str, ...], dict[str, str]] = {}
        for path in sorted(landing.rglob(f"{name}_*.csv")):
            with path.open(encoding="utf-8", newline="") as file:
                versions |= {tuple(row[part] for part in key): row for row in csv.DictReader(file)}
            path.unlink()
        rows = list(versions.values())
        if name == "customers":
            rows[0]["city"] = HOSTILE
        contents[name] = Content(key, rows, WRONG[name], rows[0])
    return landing, contents


def marts(workspace: Workspace) -> dict[str, list[tuple]]:
    """All published rows but the records of files and loads, in one order."""
    with duckdb.connect(str(workspace.marts_db), read_only=True) as con:
        tables = con.execute(
            "select schema_name, table_name from duckdb_tables() where schema_name <> 'quality'",
        ).fetchall()
        return {
            f"{schema}.{table}": con.execute(
                f'select * from "{schema}"."{table}" order by all',
            ).fetchall()
            for schema, table in tables
        }


def published(
    folder: Path, sample: tuple[Path, dict[str, Content]], files: list[File]
) -> dict[str, list[tuple]]:
    """Delivers the sample in these files, load after load; the last one is a whole refresh."""
    rest, contents = sample
    landing, warehouse = folder / "landing", folder / "warehouse"
    shutil.copytree(rest, landing)
    warehouse.mkdir()
    settings_file = folder / "settings.yml"
    # a load that holds the first half of everything is far from usual
    settings_file.write_text("max_quarantined_share: 1\nvolume_tolerance: 1000000\n")
    last = max(file.load for file in files)
    for number in range(last + 1):
        for place, file in enumerate(files):
            if file.load == number:
                write(file, contents[file.input], landing, "", str(place))
        if number < last:
            load(Workspace(PROJECT, landing, warehouse), number)
    return marts(refreshed_straight(landing, warehouse, settings_file))


def test_any_delivery_ends_in_the_same_marts(
    tmp_path: Path, sample: tuple[Path, dict[str, Content]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mart that shows how its rows were delivered would change when nothing did."""
    monkeypatch.setenv("HOLDFAST_CANARY", SECRET)
    # each warehouse makes its own key, and guests are known by their hashed addresses
    monkeypatch.setenv("HOLDFAST_HASH_KEY", "one key for all")
    contents = sample[1]
    (tmp_path / "plain").mkdir()
    expected = published(tmp_path / "plain", sample, once(contents))
    assert len(expected) > 15
    assert expected["core.orders"]
    shown = repr(expected["core.customers"])
    assert HOSTILE.split("'", maxsplit=1)[0] in shown
    assert SECRET not in repr(expected)
    # one that has everything
    (tmp_path / "random").mkdir()
    rng = random.Random(1)  # noqa: S311 - no secret
    files = files_of(contents, rng, loads=2, share_of_changes=CHANGED)
    found = published(tmp_path / "random", sample, files)
    assert found.keys() == expected.keys()
    for name, rows in expected.items():
        assert found[name] == rows, name
