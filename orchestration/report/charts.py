"""Every chart of the report: its page, the marts that define it, how it is drawn.

The numbers of a chart are those of queries/<name>.sql, its words those of words/<language>.json:
`chart.<name>.name`, and `chart.<name>.title`, in which {column} stands for a value of one row.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PAGES = (
    "overview",
    "retention",
    "revenue",
    "customers",
    "lifetime_value",
    "win_back",
    "voice",
    "trust",
)
QUERIES = Path(__file__).parent / "queries"


@dataclass(frozen=True)
class Chart:
    """One chart.

    Attributes:
        name: Its name, that of its query and of its words.
        page: Page it stands on.
        kind: cards, lines, bars, waterfall, heat or table.
        marts: The marts it reads, as schema.name; the first one's description defines it.
        draw: What the page needs to draw it: `x`, `y` (columns), `series` (column that splits
            y), `low`/`high`, `stack`, `across` (bars lie down), `line` (columns drawn as lines
            over bars), `total` (column that marks a bar as a total).
        title: The row the title takes its numbers from: `first`, `last`, `last_complete`; of the
            rows that are shown.
        choices: Columns a reader chooses a value of, with the value chosen at first.
        files: Those choices that decide which data script is loaded; others filter its rows.
        warning: Boolean column; where it is true in the title's row, `chart.<name>.warning` is
            shown.
    """

    name: str
    page: str
    kind: str
    marts: tuple[str, ...]
    draw: dict[str, Any] = field(default_factory=dict)
    title: str = "last_complete"
    choices: dict[str, str] = field(default_factory=dict)
    files: tuple[str, ...] = ()
    warning: str = ""

    def sql(self) -> str:
        """Return the query of the chart."""
        return (QUERIES / f"{self.name}.sql").read_text(encoding="utf-8")


def _over_time(*y: str, **draw: Any) -> dict[str, Any]:  # noqa: ANN401 - as JSON has them
    return {"x": "period_start", "y": list(y), **draw}


CHARTS = (
    Chart(
        "headline",
        "overview",
        "cards",
        (
            "retention.retention_rates",
            "revenue.revenue_growth",
            "revenue.lost_revenue",
            "revenue.revenue_retention",
        ),
        title="first",
    ),
    Chart(
        "flow",
        "overview",
        "bars",
        ("retention.retention_rates",),
        _over_time("new", "returned", "lost", stack=True, negative=["lost"]),
    ),
    Chart(
        "growth",
        "overview",
        "bars",
        ("revenue.revenue_growth",),
        _over_time("revenue", series="component", stack=True),
    ),
    Chart(
        "bridge",
        "overview",
        "waterfall",
        ("revenue.revenue_retention",),
        {"x": "step", "y": ["amount"], "total": "is_total"},
        title="last",
    ),
    Chart("targets", "overview", "table", ("revenue.targets",), title="first"),
    Chart(
        "cohorts",
        "retention",
        "heat",
        ("retention.cohort_retention",),
        {"x": "age", "y": ["cohort_start"], "value": "rate"},
        title="last",
        choices={
            "measure": "in_period",
            "basis": "any",
            "grain": "month",
            "window_kind": "calendar",
            "dimension": "all",
            "value": "all",
        },
        files=("grain", "dimension", "window_kind"),
    ),
    Chart(
        "curves",
        "retention",
        "lines",
        ("retention.cohort_retention",),
        {"x": "age", "y": ["rate"], "series": "basis"},
        title="first",
        choices={"measure": "in_period", "grain": "month"},
    ),
    Chart(
        "churn",
        "retention",
        "lines",
        ("retention.retention_rates", "revenue.targets"),
        _over_time(
            "churn_rate",
            "annualised_churn_rate",
            "annual_churn_benchmark_low",
            "annual_churn_benchmark_high",
        ),
        choices={"grain": "month", "basis": "any", "dimension": "all", "value": "all"},
        files=("grain", "dimension"),
    ),
    Chart(
        "repeats",
        "retention",
        "bars",
        ("retention.repeat_purchase",),
        {
            "x": "order_number",
            "y": ["window_repeat_rate"],
            "low": "window_repeat_rate_low",
            "high": "window_repeat_rate_high",
        },
        title="first",
    ),
    Chart(
        "changes",
        "retention",
        "table",
        ("retention.change_effect",),
        title="last",
    ),
    Chart(
        "kept_revenue",
        "revenue",
        "lines",
        ("revenue.revenue_retention",),
        _over_time("gross_retention_rate", "net_retention_rate", scale=True),
        choices={"grain": "month", "basis": "subscriptions", "dimension": "all", "value": "all"},
        files=("grain", "dimension"),
    ),
    Chart(
        "price_volume",
        "revenue",
        "waterfall",
        ("revenue.price_volume",),
        {"x": "step", "y": ["amount"], "total": "is_total"},
        title="first",
        choices={"compared_with": "year_before"},
        warning="is_false_calm",
    ),
    Chart(
        "lost_revenue",
        "revenue",
        "bars",
        ("revenue.lost_revenue",),
        _over_time("annual_revenue_lost"),
        choices={"basis": "orders", "dimension": "all", "value": "all"},
        files=("dimension",),
    ),
    Chart(
        "what_if",
        "revenue",
        "bars",
        ("revenue.churn_sensitivity",),
        {"x": "scenario", "y": ["revenue_change"], "across": True},
        title="first",
        choices={"basis": "orders"},
    ),
    Chart(
        "forecast",
        "revenue",
        "lines",
        ("revenue.revenue_forecast",),
        _over_time("forecast", low="low_95", high="high_95"),
        title="last",
        choices={"measure": "total"},
    ),
    Chart(
        "concentration",
        "revenue",
        "bars",
        ("revenue.revenue_concentration",),
        {"x": "top_percent", "y": ["revenue_share"]},
        title="first",
    ),
    Chart(
        "segments",
        "customers",
        "bars",
        ("segmentation.customer_segments",),
        {"x": "segment", "y": ["customers"], "across": True},
        title="first",
    ),
    Chart(
        "migration",
        "customers",
        "heat",
        ("segmentation.segment_migration",),
        {"x": "to_segment", "y": ["from_segment"], "value": "migration_rate"},
        title="first",
    ),
    Chart(
        "leavers",
        "customers",
        "bars",
        ("segmentation.segment_profiles",),
        {"x": "trait", "and": "value", "y": ["lift"], "across": True},
        title="first",
    ),
    Chart(
        "tiers",
        "customers",
        "bars",
        ("segmentation.customer_segments",),
        {"x": "tier", "y": ["customers"], "series": "state", "stack": True, "across": True},
        title="first",
    ),
    Chart(
        "value_curves",
        "lifetime_value",
        "lines",
        ("lifetime_value.cohort_lifetime_value",),
        {
            "x": "age",
            "y": ["margin_per_customer"],
            "series": "cohort_start",
            "low": "margin_per_customer_low",
            "high": "margin_per_customer_high",
        },
        title="first",
    ),
    Chart(
        "payback",
        "lifetime_value",
        "lines",
        ("lifetime_value.acquisition_payback",),
        {"x": "cohort_start", "y": ["value_to_cost_ratio"], "series": "acquisition_channel"},
        title="first",
    ),
    Chart(
        "calibration",
        "lifetime_value",
        "bars",
        ("lifetime_value.model_calibration",),
        {"x": "decile", "y": ["predicted_per_customer", "actual_per_customer"]},
        title="first",
        choices={"model": "bg_nbd_gamma_gamma"},
    ),
    Chart("backtest", "lifetime_value", "table", ("lifetime_value.model_backtest",), title="last"),
    Chart(
        "predicted",
        "lifetime_value",
        "table",
        ("lifetime_value.customer_lifetime_value", "core.customers"),
        title="first",
    ),
    Chart("call_first", "win_back", "table", ("win_back.win_back_candidates",), title="first"),
    Chart("at_risk", "win_back", "table", ("win_back.at_risk_customers",), title="first"),
    Chart(
        "reasons",
        "win_back",
        "bars",
        ("win_back.churn_reasons",),
        {"x": "reason_code", "y": ["customers"], "across": True},
        title="first",
        choices={"grain": "month"},
    ),
    Chart(
        "employees",
        "win_back",
        "bars",
        ("win_back.lost_customers_by_employee",),
        {"x": "employee_id", "y": ["lost_customers"], "across": True},
        title="first",
        choices={"grain": "month"},
    ),
    Chart(
        "campaigns",
        "win_back",
        "bars",
        ("win_back.campaign_outcomes",),
        {
            "x": "campaign_name",
            "y": ["uplift"],
            "low": "uplift_low",
            "high": "uplift_high",
            "across": True,
        },
        title="first",
    ),
    Chart(
        "satisfaction",
        "voice",
        "lines",
        ("voice_of_customer.satisfaction",),
        _over_time("score", low="score_low", high="score_high"),
        choices={"survey": "nps", "grain": "month"},
    ),
    Chart(
        "complaints",
        "voice",
        "bars",
        ("voice_of_customer.complaints",),
        _over_time("complaints", series="category", stack=True),
    ),
    Chart(
        "complaint_loss",
        "voice",
        "bars",
        ("voice_of_customer.complaints",),
        {
            "x": "outcome",
            "y": ["loss_rate"],
            "low": "loss_rate_low",
            "high": "loss_rate_high",
            "across": True,
        },
        title="first",
    ),
    Chart(
        "score_churn",
        "voice",
        "bars",
        ("voice_of_customer.satisfaction_and_churn",),
        {
            "x": "score_band",
            "y": ["churn_rate"],
            "low": "churn_rate_low",
            "high": "churn_rate_high",
            "across": True,
        },
        title="first",
        choices={"survey": "nps", "window_days": "180"},
    ),
    Chart(
        "silent",
        "voice",
        "bars",
        ("voice_of_customer.silent_customers",),
        _over_time("complainers", "estimated_silent", stack=True),
    ),
    Chart("inputs", "trust", "table", ("quality.input_loads",), title="first"),
    Chart(
        "quarantine",
        "trust",
        "bars",
        ("quality.quarantined_rows",),
        {"x": "input", "and": "rule", "y": ["rows_refused"], "across": True},
        title="first",
    ),
    Chart("checks", "trust", "table", ("quality.input_checks",), title="first"),
    Chart("plausibility", "trust", "table", ("quality.plausibility",), title="first"),
    Chart("restatements", "trust", "table", ("quality.restatements",), title="first"),
    Chart("refreshes", "trust", "table", ("quality.refreshes",), title="first"),
)
