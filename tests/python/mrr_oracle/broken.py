"""Rules of the models broken on purpose: a line of compiled SQL changed, what reads it rebuilt.

All in one transaction that is rolled back, so that the warehouse stays as it was built.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb


@dataclass(frozen=True)
class Broken:
    """One rule, and where it shows.

    Attributes:
        model: The model that holds the rule.
        line: What stands there.
        instead: What is put in its place.
        shows_in: The model in which the oracle has to find it.
    """

    model: str
    line: str
    instead: str
    shows_in: str


RULES = {
    "moves of one day are not netted": Broken(
        "int_paid_stretches",
        "day_ends.starts_on < day_ends.ends_on",
        "day_ends.starts_on <= day_ends.ends_on",
        "mrr_events",
    ),
    "a resume is a reactivation": Broken(
        "int_mrr_months", "then 'resume'", "then 'reactivation'", "mrr_movements"
    ),
    "fx is reckoned from the rate of the close": Broken(
        "mrr_movements",
        "coalesce(rates.opening_rate, rates.closing_rate) as constant_rate",
        "rates.closing_rate as constant_rate",
        "mrr_movements",
    ),
    "past due has no days of grace": Broken(
        "int_subscription_unpaid_windows",
        "and (max(paid_starts_at) is null or max(paid_starts_at) < min(trial_starts_at))",
        "or true",
        "subscription_periods",
    ),
    "a window has the reason of its first loss": Broken(
        "int_revenue_movements",
        "max_by(losses.churn_type, losses.lost_on)",
        "min_by(losses.churn_type, losses.lost_on)",
        "revenue_retention",
    ),
    "a cancelled stretch is lost with what follows it": Broken(
        "int_subscription_periods_known",
        "when status = 'cancelled' and delivered_request_at > starts_at then",
        "when status = 'cancelled' and delivered_request_at > starts_at"
        " and next_starts_at is null then",
        "subscription_periods",
    ),
    "a replacement begins with the successor": Broken(
        "int_subscription_periods_known",
        "and namings.named_at <= trimmed.starts_at",
        "",
        "subscription_periods",
    ),
    "an old debt is held against a new service": Broken(
        "int_subscription_unpaid_windows",
        "where starts_at > held_until",
        "where false",
        "subscription_periods",
    ),
    "a pause after a loss is a pause": Broken(
        "int_subscription_services",
        "when service = 'paused' and previous_service = 'none' then 'none'",
        "when false then 'none'",
        "mrr_movements",
    ),
}


@contextmanager
def broken(target: Path, work_db: Path, rule: Broken) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse as it would be with one rule broken.

    Args:
        target: dbt's target folder of the build.
        work_db: The warehouse that was built.
        rule: What to break.

    Yields:
        A connection that sees it.
    """
    nodes = json.loads((target / "manifest.json").read_text(encoding="utf-8"))["nodes"]
    models = {node["name"]: node for node in nodes.values() if node["resource_type"] == "model"}
    with duckdb.connect(str(work_db)) as con:
        con.execute("begin")
        try:
            for name in touched(models, rule):
                node = models[name]
                sql = compiled(target, node)
                if name == rule.model:
                    assert sql.count(rule.line) == 1, (
                        f"{rule.line} stands {sql.count(rule.line)} times"
                    )
                    sql = sql.replace(rule.line, rule.instead)
                kind = "view" if node["config"]["materialized"] == "view" else "table"
                con.execute(f"create or replace {kind} {node['schema']}.{name} as {sql}")
            yield con
        finally:
            con.execute("rollback")


def compiled(target: Path, node: dict) -> str:
    """The SQL dbt ran."""
    return (target / "compiled" / node["package_name"] / node["original_file_path"]).read_text(
        encoding="utf-8"
    )


def touched(models: dict, rule: Broken) -> list[str]:
    """The broken model and those between it and the one in which it shows, parents first."""
    reads = {
        name: {
            # a source may have the name of a model
            parent.split(".")[-1]
            for parent in node["depends_on"]["nodes"]
            if parent.startswith("model.")
        }
        for name, node in models.items()
    }
    needed: list[str] = []

    def hangs_on(name: str) -> bool:
        """Whether a model reads the broken one, and so put behind those it reads."""
        if name in needed:
            return True
        found = name == rule.model
        for parent in sorted(reads.get(name, ())):
            found = hangs_on(parent) or found
        if found:
            needed.append(name)
        return found

    assert hangs_on(rule.shows_in)
    return needed
