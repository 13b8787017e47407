"""The benchmark measures what it says: every step, every model, a floor of the same marts."""

import dataclasses
import json
import resource

import duckdb
import pytest

from orchestration.bench import __main__ as bench
from orchestration.bench import landing as recipe
from orchestration.bench.__main__ import describe_machine, write_page
from orchestration.bench.landing import make_landing
from orchestration.bench.report import SizeRuns, as_data, as_markdown, outgrowing
from orchestration.bench.runs import Cost
from orchestration.settings import PROJECT

STEPS = [
    "parse", "load", "guard", "accept", "models", "tests", "dbt itself", "publish", "report",
]  # fmt: skip


def names(folder: str, ending: str) -> set[str]:
    """Names of the models or seeds below a folder of the project."""
    return {path.stem for path in (PROJECT / folder).rglob(f"*{ending}")}


def test_every_step_is_measured_and_they_add_up(measured):
    """A step that is not told would hide what it costs."""
    (run,) = measured.refreshes
    assert list(run.steps) == [*STEPS, "start, records, end"]
    for name in STEPS:
        assert run.steps[name].seconds > 0, name
        assert run.steps[name].cpu_seconds > 0, name
    for figure in ("seconds", "cpu_seconds"):
        total = sum(getattr(cost, figure) for cost in run.steps.values())
        assert total == pytest.approx(getattr(run.total, figure)), figure
        assert getattr(run.steps["start, records, end"], figure) > 0, figure
    if run.total.peak_bytes is not None:
        assert all(run.steps[name].peak_bytes for name in STEPS)
        # the kernel begins a child's peak with that of the process that started it
        own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        assert run.largest_process_bytes <= max(1.1 * run.total.peak_bytes, own)


def test_every_model_is_listed_with_its_rows(measured, sample_warehouse):
    """A model that explodes could be the one that is missing."""
    (run,) = measured.refreshes
    found = {model.name: model for model in run.models}
    files = names("models", ".sql") | names("models", ".py") | names("seeds", ".csv")
    # its table has the name the architecture gives it
    files.remove("churn_reasons_by_period")
    assert {name.partition(".")[2] for name in found} == files
    views = {name.partition(".")[2] for name, model in found.items() if model.rows is None}
    assert views >= names("models/staging", ".sql")
    assert "orders" not in views
    with duckdb.connect(str(sample_warehouse.work_db), read_only=True) as con:
        for name, rows in (
            ("core.orders", found["core.orders"].rows),
            ("retention.cohort_retention", found["retention.cohort_retention"].rows),
            ("landing.orders", run.inputs["orders"]),
        ):
            assert con.execute(f"select count(*) from {name}").fetchall() == [(rows,)], name


def test_floor_comes_to_the_marts_that_were_published(measured):
    """A ratio to something else than the same marts says nothing."""
    (floor,) = measured.floors
    assert len(floor.marts) >= 16
    other = [mart for mart in floor.marts if not mart.is_same]
    assert other == []
    assert {mart.mart for mart in floor.marts if mart.rows} >= {
        "core.orders",
        "core.refunds",
        "core.customer_lifecycle",
        "retention.retention_rates",
        "retention.cohort_retention",
        "revenue.revenue_growth",
    }


def test_report_names_every_step_and_model(measured):
    """What was measured and is not written down was not measured."""
    larger = SizeRuns(
        2 * measured.orders,
        measured.files,
        measured.bytes,
        measured.refreshes * 2,
        measured.floors * 2,
        measured.refreshes[0],
    )
    machine = describe_machine()
    models = [model.name for model in measured.refreshes[0].models]
    text = as_markdown(machine, [measured, larger], most_models=len(models))
    for name in [*STEPS, "total", *models]:
        assert f"| {name} |" in text, name
    assert "A second refresh" in text
    assert "floors of CPU" not in text
    assert len(as_markdown(machine, [measured], most_models=3)) < len(text)
    data = json.loads(json.dumps(as_data(machine, [measured, larger])))
    assert [size["orders"] for size in data["sizes"]] == [measured.orders, larger.orders]
    assert data["sizes"][0]["refreshes"][0]["steps"].keys() == measured.refreshes[0].steps.keys()


def test_model_that_outgrows_the_orders_is_named(measured):
    """A model of customers times months would pass for a slow one."""
    assert outgrowing(measured, measured) == []
    run = measured.refreshes[0]
    exploded = [
        dataclasses.replace(model, rows=2 * model.rows) if model.name == "core.orders" else model
        for model in run.models
    ]
    larger = dataclasses.replace(
        measured, refreshes=[dataclasses.replace(run, models=exploded)], floors=measured.floors
    )
    assert outgrowing(measured, larger) == ["core.orders"]
    text = as_markdown({}, [measured, larger], most_models=3)
    assert "faster than the orders from 2,000 to 2,000: core.orders." in text


def test_goals_are_told_of_the_size_they_are_for(measured):
    """A missed goal would look like a reached one, or be asked of a toy."""
    gib = 1 << 30
    large = dataclasses.replace(
        measured,
        orders=10_000_000,
        refreshes=[dataclasses.replace(measured.refreshes[0], total=Cost(480, 301, 8 * gib + 1))],
        floors=[dataclasses.replace(measured.floors[0], total=Cost(99, 100, gib))],
    )
    text = as_markdown({}, [large], most_models=3)
    assert "- 10,000,000 in 480 s: reached (480 s)" in text
    assert "- 10,000,000 below 8.00 GiB: **missed** (8 GiB)" in text
    assert "- 10,000,000 at most 3 floors of CPU: **missed** (3.01 floors)" in text


def test_each_size_is_refreshed_beside_its_floor_and_once_more(tmp_path, monkeypatch, measured):
    """A floor of another hour, or a warehouse that another run filled, would be compared."""
    asked = []

    def refresh(workspace, _):
        is_new = not workspace.warehouse.exists()
        workspace.warehouse.mkdir(parents=True, exist_ok=True)
        asked.append(("refresh", workspace.landing.parent.name, is_new, workspace.as_of))
        return measured.refreshes[0]

    def floor(workspace, _, folder):
        folder.mkdir()
        asked.append(("floor", workspace.landing.parent.name))
        return measured.floors[0]

    def landing(_, folder, __):
        (folder / "landing").mkdir(parents=True)
        (folder / "landing" / "orders.csv").write_text("order_id")
        return folder / "landing"

    monkeypatch.setattr(bench, "run_refresh", refresh)
    monkeypatch.setattr(bench, "run_floor", floor)
    monkeypatch.setattr(bench, "make_landing", landing)
    *_, sizes = bench.measure([10, 100], 2, tmp_path, floors=2)
    once = [("refresh", "10", True, None), ("floor", "10")]
    other = [("refresh", "100", True, None), ("floor", "100")]
    again = [("refresh", size, False, recipe.UNTIL) for size in ("10", "100")]
    assert asked == [*once, again[0], *other, again[1], *once, *other]
    assert [(size.orders, size.files, size.bytes) for size in sizes] == [(10, 1, 8), (100, 1, 8)]
    assert [(len(size.refreshes), len(size.floors)) for size in sizes] == [(2, 2), (2, 2)]
    assert not list(tmp_path.rglob("scratch"))
    asked.clear()
    *_, (size,) = bench.measure([10], 3, tmp_path / "fewer", floors=1)
    assert asked == [*once, again[0], once[0], once[0]]
    text = as_markdown({}, [size], most_models=3)
    assert "3 runs: median" in text
    assert f"| {size.floor_ratio:.2f} |" in text


@pytest.mark.parametrize("none", ["--runs", "--floors"])
def test_nothing_to_measure_is_said_at_once(tmp_path, capsys, none):
    """It would end in a traceback, without a floor after half an hour."""
    with pytest.raises(SystemExit):
        bench.main(["10", "--folder", str(tmp_path), none, "0"])
    assert "at least 1" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_landing_is_made_once_and_thinned(tmp_path):
    """Ten million orders would come with ten times the rest, or be made anew every time."""
    said = []
    landing = make_landing(20_000, tmp_path / "size", said.append)
    names = {path.name for path in landing.rglob("*") if path.is_file()}
    assert {"orders_1_00001.csv", "order_items_1_00001.csv", "customers_1_00001.csv"} <= names
    assert "payments_1_00000.csv" in names
    assert "payments_1_00001.csv" not in names
    assert "products.csv" in names
    before = (landing / "products.csv").stat().st_mtime_ns
    assert make_landing(20_000, tmp_path / "size", said.append) == landing
    assert (landing / "products.csv").stat().st_mtime_ns == before
    assert len(said) == 1


def test_page_keeps_its_words(tmp_path):
    """The figures of a new run would take the explanation with them, or land nowhere."""
    page = tmp_path / "page.md"
    page.write_text("a\n<!-- figures -->\nold\n<!-- end of figures -->\nb\n", encoding="utf-8")
    write_page(page, "new")
    assert page.read_text(encoding="utf-8") == (
        "a\n<!-- figures -->\n\nnew\n<!-- end of figures -->\nb\n"
    )
    page.write_text("a\n", encoding="utf-8")
    with pytest.raises(ValueError, match="no <!-- figures -->"):
        write_page(page, "new")
