"""The dashboards of superset/ against the contract; test_superset_served.py tries them for real."""

import importlib.util
import json
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.readers import superset_server
from orchestration.readers.superset_bundle import (
    FOLDER,
    BundleError,
    as_contents,
    fill_in,
    fingerprint,
    read_files,
)
from orchestration.readers.superset_server import Home
from orchestration.settings import PROJECT
from tests.python.readers.conftest import promised_columns

FILES = read_files()
DATABASES, DATASETS, CHARTS, DASHBOARDS = (
    {path: said for path, said in FILES.items() if path.startswith(f"{kind}/")}
    for kind in ("databases", "datasets", "charts", "dashboards")
)
TABLES = {said["uuid"]: f"{said['schema']}.{said['table_name']}" for said in DATASETS.values()}
# What says which rows count, and not which one is meant: a metric over two of it would be nonsense.
CUTS = {"grain", "basis", "dimension", "refund_basis", "measure", "window_kind"}
# a column that a chart names in the place of the key's
STANDS_FOR = {"cohort": "cohort_start", "last_month": "period_start", "reason": "reason_code"}
# key columns over which what a chart shows adds up
ADDS_UP_OVER = {
    "reasons": {"period_start"},  # a loss counts in the month of the loss, by one reason
    "segments": {"customer_id"},
    "refused": {"refresh_id", "file", "line"},
    "deliveries": {"refresh_id", "file"},
}
OTHER_VALUES = {
    "varchar": ("'a'", "'b'"),
    "date": ("date '2026-01-01'", "date '2026-02-01'"),
    "timestamp": ("timestamp '2026-01-01'", "timestamp '2026-02-01'"),
    "boolean": ("true", "false"),
}


MARTS = promised_columns()


def keys() -> dict[str, list[str]]:
    """Key of every published mart, as docs/marts.md has it."""
    found, schema = {}, ""
    for line in (PROJECT / "docs" / "marts.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            schema = line.removeprefix("## ")
        elif line.startswith("| `"):
            name, _, key, _ = (cell.strip() for cell in line.strip("|").split(" | "))
            found[f"{schema}.{name.strip('`')}"] = re.findall(r"`(\w+)`", key)
    return found


@pytest.fixture
def empty() -> Iterator[duckdb.DuckDBPyConnection]:
    """Every mart that a dataset reads, as the contract promises it, without rows."""
    with duckdb.connect() as con:
        for table in TABLES.values():
            con.execute(f"create schema if not exists {table.split('.')[0]}")
            columns = ", ".join(f'"{name}" {kind}' for name, kind in MARTS[table].items())
            con.execute(f"create table {table} ({columns})")
        yield con


def named_by(chart: dict[str, Any]) -> tuple[set[str], set[str]]:
    """Columns and metrics that a chart names."""
    params = chart["params"]

    def listed(name: str) -> list[str]:
        value = params.get(name) or []
        return value if isinstance(value, list) else [value]

    columns = {name for key in ("x_axis", "groupby", "all_columns") for name in listed(key)}
    columns |= {condition["subject"] for condition in params["adhoc_filters"]}
    columns |= {json.loads(order)[0] for order in listed("order_by_cols")}
    columns |= set(params.get("column_config", {}))
    metrics = {
        name
        for key in ("metric", "metrics", "timeseries_limit_metric", "x_axis_sort")
        for name in listed(key)
    }
    return columns, metrics


def test_every_dataset_is_a_mart_and_its_sql_runs(empty):
    """A renamed column would show in Superset first, as a broken chart."""
    assert len(DATASETS) > 8
    for path, said in DATASETS.items():
        table = TABLES[said["uuid"]]
        assert path == f"datasets/marts/{table}.yaml"
        calculated = [
            f"{column['expression']} as {column['column_name']}"
            for column in said.get("columns", [])
        ]
        rows = f"(select {', '.join(['*', *calculated])} from {table})"
        metrics = [f"{metric['expression']} as m{at}" for at, metric in enumerate(said["metrics"])]
        empty.execute(f"select {', '.join(metrics)} from {rows}")
        if "main_dttm_col" in said:
            assert MARTS[table][said["main_dttm_col"]] in ("date", "timestamp"), path


@pytest.mark.parametrize("path", CHARTS)
def test_every_chart_names_what_is_there(path):
    """A chart would be an error message, or its filter would be dropped in silence."""
    chart = CHARTS[path]
    dataset = next(said for said in DATASETS.values() if said["uuid"] == chart["dataset_uuid"])
    columns, metrics = named_by(chart)
    calculated = {column["column_name"] for column in dataset.get("columns", [])}
    assert columns <= {*MARTS[TABLES[dataset["uuid"]]], *calculated}
    assert metrics <= {metric["metric_name"] for metric in dataset["metrics"]}
    assert columns | metrics
    assert chart["viz_type"] == chart["params"]["viz_type"]


@pytest.mark.parametrize("path", CHARTS)
def test_every_chart_says_which_rows_of_its_mart_it_means(path):
    """Weeks would be added to months, countries to everybody, one refund basis to the other."""
    chart = CHARTS[path]
    params = chart["params"]
    if params.get("query_mode") == "raw":
        return
    equal = {
        (condition["subject"], condition["comparator"])
        for condition in params["adhoc_filters"]
        if condition["operator"] == "=="
    }
    pinned = {column for column, _ in equal}
    groups = params.get("groupby") or []
    shown = {params.get("x_axis"), *(groups if isinstance(groups, list) else [groups])}
    meant = pinned | {STANDS_FOR.get(name, name) for name in shown}
    if ("dimension", "all") in equal:
        meant.add("value")
    table = TABLES[chart["dataset_uuid"]]
    name = Path(path).stem
    assert set(keys()[table]) - meant - ADDS_UP_OVER.get(name, set()) == set()
    # rates of a running period are none, and counts of it mislead
    if "is_complete" in MARTS[table]:
        assert "is_complete" in pinned


@pytest.mark.parametrize("path", DATASETS)
def test_a_metric_over_several_cuts_is_empty_and_not_wrong(path, empty):
    """Somebody who draws a chart of their own would add up all countries and everybody."""
    said = DATASETS[path]
    table = TABLES[said["uuid"]]
    columns = MARTS[table]
    metrics = ", ".join(metric["expression"] for metric in said["metrics"])

    def row(**changed: str) -> str:
        values = (
            changed.get(name, OTHER_VALUES.get(kind, ("1",))[0]) for name, kind in columns.items()
        )
        return f"({', '.join(values)})"

    empty.execute(f"insert into {table} values {row()}")
    alone = empty.execute(f"select {metrics} from {table}").fetchall()[0]
    assert None not in alone
    for cut in CUTS & set(keys()[table]):
        empty.execute(f"insert into {table} values {row(**{cut: OTHER_VALUES['varchar'][1]})}")
        both = empty.execute(f"select {metrics} from {table}").fetchall()[0]
        assert set(both) == {None}, cut
        empty.execute(f"delete from {table} where {cut} = 'b'")


def test_references_resolve():
    """An import would leave a chart out, or put it where another stands."""
    uuids = [said["uuid"] for said in FILES.values() if "uuid" in said]
    assert len(uuids) == len(set(uuids)) == len(FILES) - 1
    assert all(re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", uuid) for uuid in uuids)
    (database,) = DATABASES.values()
    assert {said["database_uuid"] for said in DATASETS.values()} == {database["uuid"]}
    assert {said["dataset_uuid"] for said in CHARTS.values()} == set(TABLES)
    charts = {said["uuid"]: said["slice_name"] for said in CHARTS.values()}
    for said in DASHBOARDS.values():
        places = {key: place for key, place in said["position"].items() if isinstance(place, dict)}
        for key, place in places.items():
            assert place["id"] == key
            for child in place.get("children", []):
                assert places[child]["parents"] == [*place.get("parents", []), key]
        shown = [place["meta"] for place in places.values() if place["type"] == "CHART"]
        assert {meta["uuid"]: meta["sliceName"] for meta in shown} == charts
        numbers = {meta["chartId"] for meta in shown}
        assert len(numbers) == len(shown)
        for place in places.values():
            if place["type"] == "ROW":
                assert sum(places[child]["meta"]["width"] for child in place["children"]) == 12
        for control in said["metadata"]["native_filter_configuration"]:
            assert set(control["scope"]["excluded"]) < numbers
            for target in control["targets"]:
                if target:
                    assert target["column"]["name"] in MARTS[TABLES[target["datasetUuid"]]]


def test_nothing_of_a_machine_is_committed():
    """A password, or where somebody's warehouse lies, would be everybody's."""
    for path in sorted(FOLDER.rglob("*")):
        if path.is_file():
            said = path.read_text(encoding="utf-8")
            addresses = re.findall(r"\w+://[^\s'\"]*", said)
            assert addresses == (["duckdb:///marts.duckdb"] if "databases" in path.parts else [])
            assert not re.search(r"(?i)password|secret|[\s'\":]/[a-z]+/", said), path


def test_the_lock_pins_what_was_tried_and_names_no_registry():
    """Superset 6.1 does not start with what its own package asks for."""
    lock = (PROJECT / "requirements-superset.lock").read_text(encoding="utf-8")
    ours = (PROJECT / "requirements.lock").read_text(encoding="utf-8")
    pins = dict(re.findall(r"^([\w.-]+)==([\w.]+)", lock, re.MULTILINE))
    assert pins["apache-superset"] == "6.1.0"
    assert pins["flask-caching"] == "2.3.1"
    assert {"rich", "cachetools", "duckdb-engine", "gunicorn"} <= set(pins)
    assert f"\nduckdb=={pins['duckdb']} " in ours
    assert "://" not in lock
    for line in re.split(r"\n(?=\S)", lock.strip()):
        assert "--hash=sha256:" in line, line


def test_a_bundle_is_filled_in_and_told_apart(tmp_path, empty):
    """Descriptions of columns would be missing, or each start would import anew."""
    marts = tmp_path / "marts.duckdb"
    empty.execute(f"attach '{marts}' as part")
    for table in TABLES.values():
        empty.execute(f"create schema if not exists part.{table.split('.')[0]}")
        empty.execute(f"create table part.{table} as from memory.{table}")
    empty.execute("comment on column part.retention.retention_rates.lost is 'People who left.'")
    empty.execute("detach part")
    filled = fill_in(FILES, marts)
    (database,) = (said for path, said in filled.items() if path.startswith("databases/"))
    assert database["sqlalchemy_uri"] == f"duckdb:///{marts}"
    assert database["extra"]["engine_params"]["connect_args"]["read_only"] is True
    rates = filled["datasets/marts/retention.retention_rates.yaml"]["columns"]
    assert [column["column_name"] for column in rates] == [*MARTS["retention.retention_rates"]]
    told = {column["column_name"]: column for column in rates}
    assert told["lost"]["description"] == "People who left."
    assert told["period_start"]["is_dttm"]
    assert not told["lost"]["is_dttm"]
    cohorts = filled["datasets/marts/retention.cohort_retention.yaml"]["columns"]
    assert cohorts[-1]["column_name"] == "cohort"
    before = fingerprint(as_contents(filled))
    assert before == fingerprint(as_contents(fill_in(read_files(), marts)))
    with duckdb.connect(str(marts)) as con:
        con.execute("comment on column retention.retention_rates.lost is 'Others.'")
    assert before != fingerprint(as_contents(fill_in(FILES, marts)))
    with duckdb.connect(str(marts)) as con:
        con.execute("drop table quality.refreshes")
    with pytest.raises(BundleError, match=r"quality\.refreshes"):
        fill_in(FILES, marts)


def test_secrets_are_for_their_owner_and_stay(tmp_path):
    """Whoever reads the warehouse would sign themselves in as administrator."""
    home = Home(tmp_path / ".superset")
    home.make()
    paths = (home.secret_key, home.password)
    assert stat.S_IMODE(home.folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in paths} == {0o600}
    first = [path.read_text() for path in paths]
    assert len(set(first)) == 2
    assert min(map(len, first)) > 20
    home.make()
    assert [path.read_text() for path in paths] == first


def test_the_browser_may_ask_nobody_else(tmp_path, monkeypatch):
    """Superset's page asks for a tracking pixel of its makers where its policy lets it."""
    (tmp_path / "secret_key").write_text("0" * 64)
    monkeypatch.setenv("SUPERSET_HOME", str(tmp_path))
    place = Path(superset_server.__file__).with_name("superset_config.py")
    spec = importlib.util.spec_from_file_location("superset_config_under_test", place)
    config = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(config)
    policy = config.TALISMAN_CONFIG["content_security_policy"]
    assert {"default-src", "img-src", "connect-src", "font-src", "style-src"} <= set(policy)
    sources = {source for listed in policy.values() for source in listed if len(source) > 1}
    assert sources <= {
        "'self'", "'unsafe-inline'", "'strict-dynamic'", "blob:", "data:",
    }  # fmt: skip
    assert config.SECRET_KEY == "0" * 64


@pytest.mark.parametrize(
    ("port", "marts", "said"),
    [
        ("8088", False, "No marts are published there"),
        ("http", True, "PORT is http"),
        ("70000", True, "PORT is 70000"),
    ],
)
def test_what_cannot_be_is_told(port, marts, said, tmp_path, monkeypatch, capsys):
    """A person would get a traceback."""
    if marts:
        (tmp_path / "marts.duckdb").touch()
    monkeypatch.setenv("HOLDFAST_WAREHOUSE", str(tmp_path))
    monkeypatch.setenv("PORT", port)
    assert superset_server.main() == 1
    assert said in capsys.readouterr().err
    assert not (tmp_path / ".superset").exists()
