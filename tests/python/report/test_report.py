"""The report as files: words, sizes, what may stand in it, and how it takes its place."""

import csv
import json
import re

import duckdb
import pytest

from orchestration.report import build
from orchestration.report.build import (
    HERE,
    LANGUAGES,
    MOST_BYTES_ALL,
    MOST_BYTES_FIRST,
    MOST_BYTES_SCRIPT,
    SCRIPTS,
    ReportError,
    embedded,
    is_current,
    script_name,
    swap,
    words,
    write_report,
)
from orchestration.report.charts import CHARTS, PAGES
from orchestration.settings import PROJECT
from orchestration.workspace import Workspace
from tests.python.report.conftest import CURRENCY, content

WORDS = {language: words(language) for language in LANGUAGES}
PERSONAL = re.compile(
    r"e_?mail|phone|birth|address|city|first_name|last_name|full_name|employee_name|postal"
)
# words that are the same in every language
INTERNATIONAL = {
    "GRR", "NRR", "MRR", "AUC", "RMSE", "CES", "CSAT", "NPS", "BG/NBD", "MBG/NBD", "ARPA",
    "Quick ratio",
}  # fmt: skip
# columns whose every value comes from the models, so that each has to have a word
CLOSED = {
    "attribution", "basis", "compared_with", "comparison", "component", "contact_channel",
    "evidence", "from_segment", "grain", "leading_signal", "model", "outcome", "reason_class",
    "result", "score_band", "segment", "severity", "state", "status", "step", "survey",
    "window_kind",
}  # fmt: skip


def placeholders(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", text))


def shown_columns(chart: dict) -> set[str]:
    """Names of columns as the page shows them: lists are unfolded."""
    names = {column["name"] for column in chart["data"]["columns"]}
    if "rates" in names:
        names = names - {"from_age", "rates", "flags"} | {"age", "rate", "is_complete", "is_small"}
    return names


def values_of(table: dict, column: str) -> set:
    place = [each["name"] for each in table["columns"]].index(column)
    return {row[place] for row in table["rows"]}


def test_every_language_has_every_word():
    for language in LANGUAGES:
        assert list(WORDS[language]) == list(WORDS["en"]), language
        assert all(text.strip() for text in WORDS[language].values()), language
        for key, text in WORDS[language].items():
            assert placeholders(text) == placeholders(WORDS["en"][key]), (language, key)


def test_nothing_is_left_in_english():
    for language in ("ru", "uk", "zh"):
        same = {text for key, text in WORDS[language].items() if text == WORDS["en"][key]}
        assert same <= INTERNATIONAL, language


def test_every_word_is_used_and_every_used_word_exists(report):
    web = HERE / "web"
    code = "".join((web / name).read_text(encoding="utf-8") for name in (*SCRIPTS, "page.html"))
    used = set(re.findall(r'word\("([\w.]+)"|data-(?:word|label)="([\w.]+)"', code))
    used = {key for pair in used for key in pair if key}
    used |= set(re.findall(r'note\("\w*", "([\w.]+)"\)', code)) | {"yes", "no"}
    for page in PAGES:
        used |= {f"page.{page}", f"page.{page}.lead"}
    for chart in content(report)["charts"]:
        used |= {f"chart.{chart['name']}.name", f"chart.{chart['name']}.title"}
        if chart["warning"]:
            used.add(f"chart.{chart['name']}.warning")
        used |= {f"column.{name}" for name in shown_columns(chart) | set(chart["choices"])}
    there = {key for key in WORDS["en"] if not key.startswith("value.")}
    assert there == used


def test_titles_take_their_numbers_from_columns_of_the_chart(report):
    for chart in content(report)["charts"]:
        asked = placeholders(WORDS["en"][f"chart.{chart['name']}.title"])
        assert asked <= shown_columns(chart) | set(chart["choices"]) | {"rows"}, chart["name"]


def test_every_code_of_the_models_has_a_word(report):
    for chart in content(report)["charts"]:
        for column in chart["data"]["columns"]:
            if column["kind"] == "code" and column["name"] in CLOSED:
                for value in values_of(chart["data"], column["name"]) - {None}:
                    assert f"value.{value}" in WORDS["en"], (chart["name"], column, value)
    dimensions = {
        values[chart["files"].index("dimension")]
        for chart in content(report)["charts"]
        if "dimension" in chart["files"]
        for values in chart["catalog"]
    }
    parts = {part for dimension in dimensions for part in dimension.split("+")}
    assert {f"value.{part}" for part in parts} <= set(WORDS["en"])


@pytest.mark.parametrize(
    ("seed", "column"),
    [
        ("churn_reasons", "reason_code"), ("churn_scenarios", "scenario"),
        ("contact_channels", "channel"), ("dimension_sets", "dimension"),
        ("discount_bands", "discount_band"), ("loyalty_tiers", "tier"),
        ("risk_signal_rules", "signal"), ("target_metrics", "metric"),
        ("tenure_bands", "tenure_band"), ("win_back_rules", "category"),
    ],
)  # fmt: skip
def test_every_code_of_a_seed_has_a_word(seed, column):
    with (PROJECT / "seeds" / f"{seed}.csv").open(encoding="utf-8") as file:
        codes = {row[column] for row in csv.DictReader(file)}
    if seed == "dimension_sets":
        codes = {part for code in codes for part in code.split("+")}
    assert {f"value.{code}" for code in codes} <= set(WORDS["en"])


def test_sizes(report):
    scripts = list((report.report_page.parent / "data").glob("*.js"))
    first = report.report_page.stat().st_size
    sizes = [path.stat().st_size for path in scripts]
    assert first < MOST_BYTES_FIRST == 3_000_000
    assert max(sizes) < MOST_BYTES_SCRIPT == 2_000_000
    assert first + sum(sizes) < MOST_BYTES_ALL == 40_000_000


def test_every_file_of_the_catalog_is_there_and_no_other(report):
    there = {path.name for path in (report.report_page.parent / "data").glob("*.js")}
    listed = set()
    for chart in content(report)["charts"]:
        first = [chart["choices"][name] for name in chart["files"]]
        for values in chart.get("catalog", []):
            if values != first:
                listed.add(script_name(chart["name"], tuple(values)))
    assert there == listed


def test_a_week_has_26_cohorts(report):
    text = (report.report_page.parent / "data" / "cohorts-week-all-calendar.js").read_text()
    table = json.loads(text[text.index("{") : text.rindex("}") + 1])
    assert 0 < len(values_of(table, "cohort_start")) <= 26


def test_no_person_can_be_known_outside(report):
    for chart in content(report)["charts"]:
        names = {column["name"] for column in chart["data"]["columns"]}
        assert not [name for name in names if PERSONAL.search(name)], chart["name"]
        if "customer_id" in names:
            assert chart["kind"] == "table"
            assert len(chart["data"]["rows"]) <= 200
            assert "owner_id" in names
    for chart in CHARTS:
        assert "core.employees" not in chart.sql(), chart.name


def test_every_chart_is_defined_by_dbt(report):
    for chart in content(report)["charts"]:
        assert chart["definitions"], chart["name"]
        for mart, text, _ in chart["definitions"]:
            assert text.startswith("One row per"), mart


def test_data_cannot_end_a_script():
    text = embedded({"a": "</script><!-- \u2028"})
    assert "<" not in text
    assert "\u2028" not in text
    assert json.loads(text) == {"a": "</script><!-- \u2028"}
    for script in ("vendor/echarts.min.js", *(f"web/{name}" for name in SCRIPTS)):
        code = (HERE / script).read_text(encoding="utf-8")
        assert "</script" not in code, script
        assert "<!--" not in code, script


def test_only_our_own_scripts_may_run(report):
    page = report.report_page.read_text(encoding="utf-8")
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)[1]
    assert "default-src 'none'" in policy
    assert "unsafe-inline'" not in policy.split("style-src")[0]
    assert "http" not in policy
    assert not re.search(r"<(script|link|img)[^>]+(src|href)=.?https?:", page)


def test_echarts_is_the_pinned_version():
    wanted = json.loads((HERE / "web" / "package.json").read_text())["devDependencies"]["echarts"]
    assert (HERE / "vendor" / "VERSION").read_text().strip() == f"echarts {wanted}"
    assert f"Apache ECharts {wanted}" in (HERE / "vendor" / "echarts.min.js").read_text()[:200]
    assert "Apache License" in (HERE / "vendor" / "LICENSE").read_text()
    assert "http" not in (HERE / "web" / "package-lock.json").read_text()


def test_a_report_that_fails_leaves_the_one_before(small, monkeypatch):
    before = small.report_page.read_text()

    def fail(*_):
        raise OSError("no space left on device")

    monkeypatch.setattr(build, "_page", fail)
    with pytest.raises(OSError, match="no space"):
        write_report(small, CURRENCY)
    assert small.report_page.read_text() == before
    assert not list(small.warehouse.glob(".report*"))


def test_a_report_too_large_to_open_is_not_shown(small, monkeypatch):
    before = small.report_page.read_text()
    monkeypatch.setattr(build, "MOST_BYTES_FIRST", 1000)
    with pytest.raises(ReportError, match=r"index.html would have"):
        write_report(small, CURRENCY)
    assert small.report_page.read_text() == before


def test_the_swap_is_taken_back_when_it_fails(tmp_path):
    folder, old = tmp_path / "report", tmp_path / "old"
    folder.mkdir()
    (folder / "index.html").write_text("before")
    with pytest.raises(OSError, match="No such file"):
        swap(tmp_path / "missing", folder, old)
    assert (folder / "index.html").read_text() == "before"
    assert not old.exists()


def test_a_new_report_replaces_the_old_one_whole(small):
    stray = small.report_page.parent / "data" / "stray.js"
    stray.write_text("of an earlier report")
    write_report(small, CURRENCY)
    assert not stray.exists()
    assert is_current(small, json.loads(small.manifest.read_text()))
    assert not is_current(small, {"refresh_id": "another"})


def test_without_published_marts_it_says_so(tmp_path):
    with pytest.raises(ReportError, match="no report without published marts"):
        write_report(Workspace(PROJECT, tmp_path, tmp_path), CURRENCY)
    assert not list(tmp_path.iterdir())


def test_empty_marts_give_a_page_that_says_so(small):
    charts = content(small)["charts"]
    assert len(charts) == len(CHARTS)
    for chart in charts:
        if chart["name"] != "headline":
            assert chart["data"]["rows"] == [], chart["name"]


def test_queries_and_charts_belong_together():
    assert {path.stem for path in (HERE / "queries").glob("*.sql")} == {c.name for c in CHARTS}
    assert {chart.page for chart in CHARTS} == set(PAGES)
    for chart in CHARTS:
        read = set(re.findall(r"(?:from|join) (\w+\.\w+)", chart.sql()))
        assert read, chart.name
        assert read <= set(chart.marts), (chart.name, read)


def test_only_published_tables_are_read(published):
    with duckdb.connect(str(published[0]), read_only=True) as con:
        there = con.execute("select schema_name || '.' || table_name from duckdb_tables()")
        assert {mart for chart in CHARTS for mart in chart.marts} <= {name for (name,) in
                                                                      there.fetchall()}  # fmt: skip
