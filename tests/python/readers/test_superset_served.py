"""The dashboards in a real Superset: what its page asks, what it shows, and what a start does.

It makes a Superset, which takes minutes and a gigabyte, so it is not for CI: it runs where
.venv-superset is there (`make superset`) and HOLDFAST_TEST_SUPERSET is 1, or names a folder with
marts.duckdb to read instead of refreshing the sample.
"""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pytest

from orchestration.readers.superset_bundle import as_contents, fill_in, read_files
from orchestration.readers.superset_server import Home
from orchestration.settings import PROJECT
from tests.python.readers import superset_client
from tests.python.readers.superset_client import PYTHON, TABS, Client, superset
from tests.python.report.browser import CHROMIUM, Page, chromium

ASKED = os.environ.get("HOLDFAST_TEST_SUPERSET", "")
if not (ASKED and PYTHON.exists() and CHROMIUM):
    pytest.skip(
        "needs HOLDFAST_TEST_SUPERSET, .venv-superset (make superset) and Chromium",
        allow_module_level=True,
    )
FILES = read_files()
NAMES = {
    Path(path).stem: said["slice_name"]
    for path, said in FILES.items()
    if path.startswith("charts/")
}
MONTH = "grain = 'month' and is_complete and dimension = 'all'"
LATEST = "order by period_start desc limit 1"
COHORT_CELLS = (
    "select count(*) from retention.cohort_retention where grain = 'month' and "
    "measure = 'in_period' and basis = 'any' and dimension = 'all' and window_kind = 'calendar' "
    "and is_complete and age between 1 and 24"
)
Rows = list[dict[str, Any]]


def latest(column: str) -> Callable[[Rows], float]:
    """What the last point of a line says."""

    def read(rows: Rows) -> float:
        (time_column,) = {"period_start", "last_month"} & set(rows[0])
        return max(rows, key=lambda row: row[time_column])[column]

    return read


def where(column: str, **cells: Any) -> Callable[[Rows], float]:
    """What one row of a table says."""
    return lambda rows: next(row for row in rows if cells.items() <= row.items())[column]


# a chart, a number in it, and the same from the marts
NUMBERS: list[tuple[str, Callable[[Rows], Any], str]] = [
    ("customers", latest("customers"),
     f"select closing from retention.retention_rates where {MONTH} and basis = 'any' {LATEST}"),
    ("churn", latest("churn_rate"),
     f"select churn_rate from retention.retention_rates where {MONTH} and basis = 'any' {LATEST}"),
    ("mrr", latest("closing_revenue"),
     "select closing_revenue from revenue.revenue_retention "
     f"where {MONTH} and basis = 'subscriptions' {LATEST}"),
    ("nrr", latest("net_retention_rate"),
     "select net_retention_rate from revenue.revenue_retention "
     f"where {MONTH} and basis = 'subscriptions' {LATEST}"),
    ("churn_by_month", latest("subscriptions"),
     "select churn_rate from retention.retention_rates "
     f"where {MONTH} and basis = 'subscriptions' {LATEST}"),
    ("flow", latest("lost_downwards"),
     f"select -lost from retention.retention_rates where {MONTH} and basis = 'any' {LATEST}"),
    ("flow", lambda rows: sum(row["new"] for row in rows),
     f'select sum("new") from retention.retention_rates where {MONTH} and basis = \'any\''),
    ("cohorts", where("rate", age=3, cohort="2025-03"),
     "select rate from retention.cohort_retention where grain = 'month' and measure = 'in_period' "
     "and basis = 'any' and dimension = 'all' and window_kind = 'calendar' and age = 3 "
     "and cohort_start = '2025-03-01'"),
    ("cohorts", len, COHORT_CELLS),
    ("churn_by_value", latest("value_class, C"),
     "select churn_rate from retention.retention_rates where grain = 'quarter' and is_complete "
     "and basis = 'any' and dimension = 'value_class' and value = 'C' and not is_small "
     f"{LATEST}"),
    ("growth", latest("resurrected"),
     f"select revenue from revenue.revenue_growth where {MONTH} and component = 'resurrected' "
     f"and refund_basis = 'order_basis' {LATEST}"),
    ("mrr_movements", latest("churn_downwards"),
     "select -churn_revenue from revenue.revenue_retention "
     f"where {MONTH} and basis = 'subscriptions' {LATEST}"),
    ("kept_revenue", latest("gross_retention_rate"),
     "select gross_retention_rate from revenue.revenue_retention where dimension = 'all' and "
     f"grain = 'trailing_12_months' and is_complete and basis = 'subscriptions' {LATEST}"),
    ("lost_revenue", latest("orders"),
     "select annual_revenue_lost from revenue.lost_revenue "
     f"where {MONTH} and basis = 'orders' {LATEST}"),
    ("segments", where("customers", rfm_segment="champion"),
     "select count(*) from segmentation.customer_segments where rfm_segment = 'champion'"),
    ("reasons", where("customers_latest", reason="Other"),
     "select sum(customers_latest) from win_back.churn_reasons "
     "where grain = 'month' and is_complete and reason = 'Other'"),
    ("win_back", lambda rows: rows[0]["customer_id"],
     "select customer_id from win_back.win_back_candidates where category = 'first' "
     "order by expected_value desc, customer_id limit 1"),
    ("win_back", len,
     "select least(count(*), 200) from win_back.win_back_candidates where category <> 'let_go'"),
    ("refused", lambda rows: sum(row["rows_refused"] for row in rows),
     'select count(distinct (input, file, line, "rule")) from quality.quarantined_rows '
     "where healed_at is null"),
    ("deliveries", where("rows_loaded", input="orders"),
     "select sum(rows_loaded) from quality.input_loads where input = 'orders'"),
    ("refreshes", lambda rows: rows[0]["result"],
     "select result from quality.refreshes order by started_at desc limit 1"),
]  # fmt: skip


class Served(NamedTuple):
    """A Superset that serves, and all that its page asked and showed in every tab."""

    client: Client
    home: Home
    marts: Path
    said: str
    queries: dict[str, dict[str, Any]]
    texts: dict[str, str]
    page: Page


@pytest.fixture(scope="module")
def warehouse(request, tmp_path_factory) -> Path:
    """A folder with marts.duckdb and nothing else."""
    folder = tmp_path_factory.mktemp("superset") / "warehouse"
    folder.mkdir()
    given = Path(ASKED) if Path(ASKED).is_dir() else None
    marts = (
        given / "marts.duckdb" if given else request.getfixturevalue("sample_warehouse").marts_db
    )
    shutil.copy(marts, folder / "marts.duckdb")
    return folder


def charts_of(tab: str) -> int:
    """How many charts a tab has."""
    (dashboard,) = (said for path, said in FILES.items() if path.startswith("dashboards/"))
    places = (place for place in dashboard["position"].values() if isinstance(place, dict))
    return sum(place["type"] == "CHART" and f"TAB-{tab}" in place["parents"] for place in places)


@pytest.fixture(scope="module")
def served(warehouse) -> Iterator[Served]:
    """The first start of a warehouse, and one look at every tab."""
    home = Home(warehouse / ".superset")
    started = time.monotonic()
    with superset(warehouse) as (base, said), chromium() as page:
        print(f"\nfirst start: {time.monotonic() - started:.0f} s")
        password = home.password.read_text(encoding="utf-8")
        client = Client(base, password)
        page.size(1440, 2400)
        superset_client.sign_in(page, base, password)
        texts = {}
        for tab in TABS:
            started = time.monotonic()
            texts[tab] = superset_client.show(page, tab, charts_of(tab))
            print(f"{tab}: {time.monotonic() - started:.1f} s")
        queries = queries_of(page, client)
        print("CPU s and MB of its processes:", superset_client.processes(home))
        marts = warehouse / "marts.duckdb"
        yield Served(client, home, marts, said, queries, texts, page)


def queries_of(page: Page, client: Client) -> dict[str, dict[str, Any]]:
    """The last query of each chart that the page sent, by the chart's name."""
    by_id = {number: name for name, number in client.charts().items()}
    sent = [json.loads(said) for url, said in page.posts if "/api/v1/chart/data" in url]
    return {
        by_id[query["form_data"]["slice_id"]]: query
        for query in sent
        if "slice_id" in query["form_data"]
    }


def test_every_chart_is_there_and_answers_with_rows(served):
    """A chart would be an error, or empty, on the first look."""
    assert "database" in served.said
    assert set(served.client.charts()) == set(NAMES.values())
    assert set(served.queries) == set(NAMES.values())
    for name, query in served.queries.items():
        assert served.client.rows(query), name
    assert set(NAMES.values()) <= {
        line for text in served.texts.values() for line in text.splitlines()
    }
    for text in served.texts.values():
        assert "rror" not in text
        assert "No results" not in text


@pytest.mark.parametrize("number", NUMBERS, ids=[f"{at}-{n[0]}" for at, n in enumerate(NUMBERS)])
def test_charts_show_the_numbers_of_the_marts(number, served):
    """A filter too few, and a chart would show the sum of months, years and all countries."""
    chart, read, query = number
    shown = read(served.client.rows(served.queries[NAMES[chart]]))
    with duckdb.connect(str(served.marts), read_only=True) as con:
        (expected,) = con.execute(query).fetchone()
    if isinstance(expected, str):
        assert shown == expected
    else:
        assert shown == pytest.approx(float(expected), rel=1e-9)


def test_the_filter_of_months_holds_in_every_chart_over_time(served):
    """Half of the charts would show other months than the rest."""
    with duckdb.connect(str(served.marts), read_only=True) as con:
        first, last = con.execute(
            "select (max(period_start) - interval 5 month)::date, "
            "(max(period_start) + interval 1 month)::date "
            f"from retention.retention_rates where {MONTH}"
        ).fetchone()
        (cells,) = con.execute(f"{COHORT_CELLS} and cohort_start >= ?", [first]).fetchone()
    served.page.posts.clear()
    superset_client.open_within(served.page, served.client.base, f"{first} : {last}")
    for tab in ("Retention", "Revenue"):
        superset_client.show(served.page, tab, charts_of(tab))
    rows = {
        name: len(served.client.rows(query))
        for name, query in queries_of(served.page, served.client).items()
    }
    assert rows.pop(NAMES["cohorts"]) == cells
    assert 0 < rows.pop(NAMES["churn_by_value"]) <= 2
    assert len(rows) == 10
    assert set(rows.values()) == {6}


def test_the_page_asks_nobody_else(served):
    """Whoever looks at their own customers would be reported to others."""
    outside = [
        url for url in served.page.requests
        if not url.startswith((served.client.base, "data:", "blob:", "about:"))
    ]  # fmt: skip
    assert {url: served.page.blocked.get(url) for url in outside} == dict.fromkeys(outside, "csp")
    others = [said for said in served.page.complaints if "Content Security Policy" not in said]
    assert others == []


def test_columns_say_what_they_mean(served):
    """The comments of the marts would be for SQL alone."""
    listed = served.client.ask("/api/v1/dataset/?q=(page_size:100)")["result"]
    assert len(listed) == sum(path.startswith("datasets/") for path in FILES)
    rates = next(each for each in listed if each["table_name"] == "retention_rates")
    whole = served.client.ask(f"/api/v1/dataset/{rates['id']}")["result"]
    with duckdb.connect(str(served.marts), read_only=True) as con:
        comments = dict(
            con.execute(
                "select column_name, comment from duckdb_columns() "
                "where schema_name = 'retention' and table_name = 'retention_rates'"
            ).fetchall()
        )
    assert {each["column_name"]: each["description"] for each in whole["columns"]} == comments


def test_sql_lab_reads_the_marts_and_nothing_else(served):
    """SQL would read the files of whoever serves, or write into the published marts."""
    (database,) = served.client.ask("/api/v1/database/")["result"]

    def run(sql: str, number: int, *, refused: bool) -> Any:
        asked = {"database_id": database["id"], "sql": sql, "client_id": f"test-{number}"}
        return served.client.ask("/api/v1/sqllab/execute/", asked, refused=refused)

    ((row),) = run("select count(*) as orders from core.orders", 0, refused=False)["data"]
    with duckdb.connect(str(served.marts), read_only=True) as con:
        assert row["orders"] == con.execute("select count(*) from core.orders").fetchone()[0]
    key = served.home.secret_key
    assert "disabled by configuration" in run(f"from read_text('{key}')", 1, refused=True)
    assert "DML_NOT_ALLOWED" in run("delete from core.orders", 2, refused=True)
    assert "Cannot enable" in run("set enable_external_access = true", 3, refused=True)


def test_new_marts_are_seen_at_the_next_question(served, tmp_path):
    """A dashboard would show the marts of the day on which Superset was started."""
    name = NAMES["refreshes"]
    before = served.client.rows(served.queries[name])
    following = tmp_path / "marts.duckdb"
    shutil.copy(served.marts, following)
    with duckdb.connect(str(following)) as con:
        con.execute("update quality.refreshes set result = 'published since'")
    following.replace(served.marts)
    after = served.client.rows(served.queries[name])
    assert {row["result"] for row in before} == {"published"}
    assert {row["result"] for row in after} == {"published since"}


def test_an_import_brings_what_is_new_and_leaves_what_people_made(served):
    """Each start would cost minutes, or a chart somebody made would be gone."""
    changed = fill_in(FILES, served.marts)
    chart = changed["charts/segments.yaml"]
    chart["slice_name"] = "Segments, renamed"
    ids = served.client.charts()
    dataset = served.queries[NAMES["segments"]]["datasource"]["id"]
    own = {"slice_name": "Mine", "viz_type": "table", "datasource_id": dataset,
           "datasource_type": "table", "params": "{}"}  # fmt: skip
    served.client.ask("/api/v1/chart/", own)

    def bring(contents: dict[str, str]) -> list[str]:
        script = (
            "import json, pathlib, sys; from orchestration.readers import superset_server as s; "
            "home = s.Home(pathlib.Path(sys.argv[1])); "
            "print(json.dumps(s.bring_up_to_date(home, json.load(sys.stdin))))"
        )
        ended = subprocess.run(
            [PYTHON, "-c", script, served.home.folder],
            input=json.dumps(contents), cwd=PROJECT, text=True, capture_output=True, check=False,
        )  # fmt: skip
        assert ended.returncode == 0, ended.stderr
        return json.loads(ended.stdout)

    assert bring(as_contents(changed)) == ["dashboards"]
    now = served.client.charts()
    assert now.pop("Segments, renamed") == ids.pop(NAMES["segments"])
    assert now == ids
    listed = served.client.ask("/api/v1/chart/?q=(page_size:100)")["result"]
    assert sorted(each["slice_name"] for each in listed) == sorted(
        [*ids, "Segments, renamed", "Mine"]
    )
    started = time.monotonic()
    assert bring(as_contents(changed)) == []
    assert time.monotonic() - started < 30


def test_a_second_start_only_serves(warehouse, served):
    """It would migrate again, or make another password."""
    password = served.home.password.read_text(encoding="utf-8")
    # as the test above left it, another import is due once
    with superset(warehouse) as (_, said):
        assert "making its database" not in said
    started = time.monotonic()
    with superset(warehouse) as (base, said):
        print(f"\nsecond start: {time.monotonic() - started:.0f} s")
        assert "up to date" not in said
        assert Client(base, password).charts()
