"""The report in a real browser: every page, language and theme; its numbers against the marts."""

import datetime
import decimal
import json

import duckdb
import pytest

from orchestration.report.build import LANGUAGES
from orchestration.report.charts import CHARTS, PAGES

# a plot that was drawn has pixels of more than one colour
BLANK = """drawn.filter(({box}) => {
  const canvas = box.querySelector("canvas");
  const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const seen = new Set();
  for (let at = 0; at < data.length && seen.size < 3; at += 4) {
    if (data[at + 3]) seen.add(`${data[at]},${data[at + 1]},${data[at + 2]}`);
  }
  return seen.size < 3;
}).map(({section}) => section.id)"""
FLOW = "where grain = 'month' and basis = 'any' and dimension = 'all'"
# per page: what the chart says, and the same from the marts
NUMBERS = {
    "overview": [
        ("headline", "metric === 'lost'", "value",
         f"select lost from retention.retention_rates {FLOW} and is_complete "
         "order by period_start desc limit 1"),
        ("bridge", "step === 'closing'", "amount",
         "select closing_revenue from revenue.revenue_retention where grain = 'month' and "
         "basis = 'subscriptions' and dimension = 'all' and is_complete "
         "order by period_start desc limit 1"),
        ("growth", "component === 'new'", "revenue",
         "select revenue from revenue.revenue_growth where component = 'new' and "
         "refund_basis = 'order_basis' and grain = 'month' order by period_start desc limit 1"),
    ],
    "retention": [
        ("cohorts", "age === 1", "rate",
         "select round(rate, 4) from retention.cohort_retention where grain = 'month' and "
         "dimension = 'all' and window_kind = 'calendar' and measure = 'in_period' and "
         "basis = 'any' and age = 1 order by cohort_start desc limit 1"),
        ("churn", "is_complete", "churn_rate",
         f"select churn_rate from retention.retention_rates {FLOW} and is_complete "
         "order by period_start desc limit 1"),
        ("repeats", "order_number === 2", "window_repeat_rate",
         "select window_repeat_rate from retention.repeat_purchase where order_number = 2"),
    ],
    "revenue": [
        ("kept_revenue", "is_complete", "net_retention_rate",
         "select net_retention_rate from revenue.revenue_retention where grain = 'month' and "
         "basis = 'subscriptions' and dimension = 'all' and is_complete "
         "order by period_start desc limit 1"),
        ("lost_revenue", "true", "annual_revenue_lost",
         "select annual_revenue_lost from revenue.lost_revenue where basis = 'orders' and "
         "dimension = 'all' order by period_start desc limit 1"),
        ("forecast", "true", "high_95",
         "select high_95 from revenue.revenue_forecast where measure = 'total' "
         "order by period_start desc limit 1"),
    ],
    "customers": [
        ("segments", "segment === 'champion'", "customers",
         "select count(*) from segmentation.customer_segments where rfm_segment = 'champion'"),
        ("migration", "from_segment === 'new' && to_segment === 'promising'", "customers",
         "select customers from segmentation.segment_migration where from_segment = 'new' and "
         "to_segment = 'promising' and is_complete order by period_start desc limit 1"),
        ("tiers", "tier === 'gold' && state === 'active'", "customers",
         "select count(*) from segmentation.customer_segments where tier = 'gold' and "
         "lifecycle_state = 'active'"),
    ],
    "lifetime_value": [
        ("value_curves", "age === 3", "margin_per_customer",
         "select margin_per_customer from lifetime_value.cohort_lifetime_value where "
         "dimension = 'all' and basis = 'orders' and age = 3 and is_complete "
         "order by cohort_start desc limit 1"),
        ("calibration", "decile === 1", "actual_per_customer",
         "select actual_per_customer from lifetime_value.model_calibration where "
         "model = 'bg_nbd_gamma_gamma' and decile = 1"),
        ("backtest", "model === 'bg_nbd' && measure === 'auc'", "model_value",
         "select model_value from lifetime_value.model_backtest where model = 'bg_nbd' and "
         "measure = 'auc'"),
    ],
    "win_back": [
        ("call_first", "category === 'first'", "expected_value",
         "select min(expected_value) from (select expected_value from "
         "win_back.win_back_candidates where category = 'first' "
         "order by expected_value desc limit 200)"),
        ("reasons", "reason_code === '(none)'", "customers",
         "select customers from win_back.churn_reasons where grain = 'month' and "
         "reason_code = '(none)' and is_complete order by period_start desc limit 1"),
        ("employees", "employee_id === '0002'", "lost_customers",
         "select lost_customers from win_back.lost_customers_by_employee where "
         "grain = 'month' and employee_id = '0002' and is_complete "
         "order by period_start desc limit 1"),
    ],
    "voice": [
        ("satisfaction", "true", "score",
         "select score from voice_of_customer.satisfaction where survey = 'nps' and "
         "grain = 'month' and dimension = 'all' order by period_start desc limit 1"),
        ("complaints", "category === 'delivery'", "complaints",
         "select complaints from voice_of_customer.complaints where grain = 'month' and "
         "category = 'delivery' order by period_start desc limit 1"),
        ("silent", "true", "estimated_silent",
         "select estimated_silent from voice_of_customer.silent_customers where "
         "grain = 'month' order by period_start desc limit 1"),
    ],
    "trust": [
        ("inputs", "input === 'orders'", "rows_refused",
         "select sum(rows_refused) from quality.input_loads where input = 'orders'"),
        ("checks", "true", "rows_failed",
         "select min(rows_failed) from (select rows_failed from quality.input_checks "
         "where not is_success order by rows_failed desc limit 50)"),
        ("quarantine", "input === 'orders' && rule === 'status.accepted_values'", "rows_refused",
         "select count(*) from quality.quarantined_rows where input = 'orders' and "
         "rule = 'status.accepted_values'"),
    ],
}  # fmt: skip


def go(page, section: str) -> None:
    """Follow a link of the menu."""
    page.run(
        f"document.documentElement.dataset.ready = '0'; location.hash = '#{section}'; render()"
    )
    page.wait()


def choose(page, chart: str, choice: str, value: str) -> None:
    """Choose in a select of a chart, as a reader does."""
    page.run(
        f"(() => {{ const select = document.querySelector('#chart-{chart} "
        f"[data-choice={choice}]'); select.value = {json.dumps(value)}; "
        "select.dispatchEvent(new Event('change')); })()"
    )
    page.wait()


def plain(number):
    return float(number) if isinstance(number, decimal.Decimal) else number


# what a screen reader would pass over: pictures, regions and selects without a name
UNNAMED = """[
  ...[...document.querySelectorAll("[role=img], [role=region], [role=group], nav")]
    .filter((one) => !one.getAttribute("aria-label")),
  ...[...document.querySelectorAll("select")].filter((one) => !one.labels.length),
  ...[...document.querySelectorAll("button, summary, a")].filter((one) => !one.textContent.trim()),
].length"""


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_is_drawn(report, browser, language, theme):
    browser.size(1400, 900)
    browser.requests.clear()
    browser.complaints.clear()
    browser.open(report.report_page, f"?lang={language}&theme={theme}")
    assert browser.run("document.documentElement.lang") == language
    assert browser.run("'dark' in document.documentElement.dataset") == (theme == "dark")
    for section in PAGES:
        go(browser, section)
        assert browser.run("document.querySelectorAll('main section').length") == sum(
            chart.page == section for chart in CHARTS
        )
        assert browser.run(BLANK) == [], section
        assert browser.run(UNNAMED) == 0, section
        assert browser.run("document.querySelectorAll('h1').length") == 1
        assert browser.run("document.querySelectorAll('main, header, nav, footer').length") == 4
        assert browser.run("document.documentElement.scrollWidth <= innerWidth"), section
        headings = browser.run("[...document.querySelectorAll('h2')].map((h) => h.textContent)")
        assert not [text for text in headings if "{" in text or not text.strip()], section
    assert browser.run("holdfast.problems") == []
    assert browser.complaints == []
    outside = [url for url in browser.requests if not url.startswith(("file:", "about:", "data:"))]
    assert outside == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious(report, browser, axe, theme):
    """Who reads with a screen reader, by keyboard or with little contrast would be left out."""
    browser.size(1400, 900)
    browser.open(report.report_page, f"?lang=en&theme={theme}")
    browser.run(f"{axe}; true")
    found, rules = [], 0
    for section in PAGES:
        go(browser, section)
        # tables and texts that are folded away are read too
        browser.run("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        told = browser.run(
            "axe.run(document, {resultTypes: ['violations']}).then((told) => JSON.stringify("
            "[told.passes.length, told.violations.map((one) => [one.impact, one.id, "
            "one.nodes.slice(0, 3).map((node) => node.html.slice(0, 160))])]))"
        )
        passed, violations = json.loads(told)
        rules += passed
        found += [
            (section, *one) for one in violations if one[0] in ("moderate", "serious", "critical")
        ]
    assert rules > 100
    assert found == []


def test_numbers_are_those_of_the_marts(report, browser):
    browser.open(report.report_page, "?lang=en")
    assert set(NUMBERS) == set(PAGES)
    compared = 0
    with duckdb.connect(str(report.marts_db), read_only=True) as con:
        for section, checks in NUMBERS.items():
            assert len(checks) == 3, section
            known = 0
            for chart, condition, column, sql in checks:
                found = browser.run(
                    f"holdfast.charts.{chart}.rows.filter((row) => {{ with (row) "
                    f"return {condition}; }}).at(-1)?.{column} ?? null"
                )
                row = con.execute(sql).fetchone()
                expected = plain(row[0]) if row else None
                known += expected is not None
                if expected:
                    assert found == pytest.approx(expected, rel=1e-9), (section, chart)
                else:  # a small sample has no such case
                    assert not found, (section, chart)
            assert known >= 1, section
            compared += known
    assert compared >= 20


def test_the_first_card_says_the_number(report, browser):
    """The text on the page, not only the data behind it."""
    browser.open(report.report_page, "?lang=en")
    with duckdb.connect(str(report.marts_db), read_only=True) as con:
        sql = (
            f"select lost, period_start from retention.retention_rates {FLOW} and is_complete "
            "order by period_start desc limit 1"
        )
        lost, start = con.execute(sql).fetchone()
    assert isinstance(start, datetime.date)
    assert browser.run("document.querySelector('#chart-flow h2').textContent").startswith(
        f"{start:%b %Y}: {lost:,} customers lost"
    )


def test_choices_change_what_is_shown(report, browser):
    browser.open(report.report_page, "?lang=en", "retention")
    browser.requests.clear()
    before = browser.run("holdfast.charts.cohorts.rows")
    choose(browser, "cohorts", "grain", "quarter")
    quarters = browser.run("holdfast.charts.cohorts.rows")
    assert len(quarters) < len(before)
    choose(browser, "cohorts", "dimension", "acquisition_channel")
    choose(browser, "cohorts", "value", "search")
    shown = browser.run("holdfast.charts.cohorts.rows")
    assert {row["value"] for row in shown} == {"search"}
    choose(browser, "cohorts", "window_kind", "elapsed_30d")
    choose(browser, "cohorts", "measure", "repeat_by")
    assert {row["measure"] for row in browser.run("holdfast.charts.cohorts.rows")} == {"repeat_by"}
    assert len([url for url in browser.requests if "/data/cohorts-" in url]) == 3
    with duckdb.connect(str(report.marts_db), read_only=True) as con:
        last = browser.run("holdfast.charts.cohorts.rows.filter((row) => row.rate !== null).at(-1)")
        (rate,) = con.execute(
            "select round(rate, 4) from retention.cohort_retention where grain = 'quarter' and "
            "dimension = 'acquisition_channel' and value = 'search' and measure = 'repeat_by' "
            "and window_kind = 'elapsed_30d' and basis = ? and cohort_start = ? and age = ?",
            [last["basis"], last["cohort_start"], last["age"]],
        ).fetchone()
    assert last["rate"] == rate
    assert browser.run("holdfast.problems") == []


def test_few_people_are_hidden_until_asked_for(report, browser):
    """E53: a cohort of seven would be read as if it said much."""
    cells = """(() => {
      const { plotted } = drawn.find(({ section }) => section.id === "chart-cohorts");
      const [known, , hidden] = plotted.getOption().series.map((one) => one.data);
      return [known.map(({ row }) => row.is_small), hidden.map(({ row }) => row.is_small)];
    })()"""
    browser.open(report.report_page, "?lang=en", "retention")
    for grain in ("week", "month", "quarter"):
        choose(browser, "cohorts", "grain", grain)
        sizes = {row["is_small"] for row in browser.run("holdfast.charts.cohorts.rows")}
        if sizes == {True, False}:
            break
    assert sizes == {True, False}, "no grain has cohorts of either kind"
    known, hidden = browser.run(cells)
    assert set(known) == {False}
    assert set(hidden) == {True}
    browser.run("document.querySelector('#chart-cohorts [data-choice=small]').click()")
    known, shown_as_hidden = browser.run(cells)
    assert known.count(True) == len(hidden)
    assert shown_as_hidden == []
    # where there is nothing else, what there is stays
    only = "holdfast.charts.cohorts.canHideSmall.call({ kind: 'heat', rows: [{ is_small: true }] })"
    assert browser.run(only) is False


def test_a_missing_data_script_is_said(report, browser):
    browser.open(report.report_page, "?lang=en", "retention")
    browser.run("holdfast.charts.churn.catalog.push(['month', 'nowhere'])")
    browser.run("fill(holdfast.charts.churn, document.querySelector('#chart-churn'))")
    choose(browser, "churn", "dimension", "nowhere")
    assert "data/churn-month-nowhere.js cannot be read" in browser.run(
        "document.querySelector('#chart-churn').textContent"
    )


def test_table_and_language_by_select(report, browser):
    browser.open(report.report_page, "?lang=en")
    browser.run("document.querySelector('#chart-flow [data-tool=table]').click()")
    rows = browser.run("document.querySelectorAll('#chart-flow tbody tr').length")
    assert rows == browser.run("holdfast.charts.flow.rows.length")
    browser.run(
        "(() => { const select = document.getElementById('language'); select.value = 'uk'; "
        "select.dispatchEvent(new Event('change')); })()"
    )
    browser.wait()
    assert browser.run("document.querySelector('h1').textContent") == "Огляд"


def test_csv_is_no_formula(report, browser):
    browser.open(report.report_page)
    cells = {
        "=1+1": "'=1+1", "+A1": "'+A1", "-A1": "'-A1", "@sum": "'@sum", "\t=1": "'\t=1",
        "\r=1": "'\r=1", "-1.5": "-1.5", "+3": "+3", "plain": "plain", 'a"b': 'a"b',
    }  # fmt: skip
    for cell, wanted in cells.items():
        text = browser.run(f"holdfast.csvCell({json.dumps(cell)})")
        if text.startswith('"'):
            text = text[1:-1].replace('""', '"')
        assert text == wanted, cell
    assert browser.run("holdfast.csvCell(-2)") == "-2"
    text = browser.run("holdfast.csv(holdfast.charts.flow.columns, holdfast.charts.flow.rows)")
    assert text.startswith("period_start,opening,new,")
    assert text.count("\r\n") == browser.run("holdfast.charts.flow.rows.length") + 1


def test_phone(report, browser):
    browser.size(390, 844)
    browser.open(report.report_page, "?lang=ru&theme=light")
    for section in PAGES:
        go(browser, section)
        assert browser.run("document.documentElement.scrollWidth") <= 390, section
        wide = browser.run(
            "[...document.querySelectorAll('h1, h2, .cards b, button, select')]"
            ".filter((one) => one.scrollWidth > one.clientWidth + 2 && one.clientWidth)"
            ".map((one) => one.textContent.slice(0, 40))"
        )
        assert wide == [], section
    browser.size(1400, 900)


def test_empty_marts_say_so_in_the_page(small, browser):
    browser.open(small.report_page, "?lang=en")
    for section in PAGES:
        go(browser, section)
        assert "There is nothing to show here yet." in browser.run("document.body.textContent")
    assert browser.run("holdfast.problems") == []
