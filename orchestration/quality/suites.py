"""Great Expectations suites, made from the contract: one suite per input and stage.

Each rule is one expectation on a column of a view that `views` builds; the expectation is the only
home of the rule's condition, since the rows to refuse are selected by the query Great Expectations
itself gives for it.

Importing this module imports Great Expectations (seconds): import it inside functions.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from orchestration.quality import gxduck  # first: switches telemetry off  # isort: skip
import great_expectations.expectations as gxe
from great_expectations.expectations.expectation import Expectation

from orchestration.contract import Column, Input
from orchestration.quality.results import ERROR
from orchestration.quality.rules import Rule
from orchestration.quality.views import delivered, orphan, unparsed
from orchestration.seeds import seed_values

CURRENCY = "^[A-Z]{3}$"
FIRST_DAY = date(1970, 1, 1)


@dataclass(frozen=True)
class Bounds:
    """Between which instants and days an event must lie.

    Attributes:
        first_instant: Begin of 1970 in business time, as UTC.
        last_instant: Moment of the load, UTC.
        last_day: Local day of the load.
    """

    first_instant: datetime
    last_instant: datetime
    last_day: date

    @classmethod
    def of_load(cls, now: datetime, timezone: str) -> "Bounds":
        """Make the bounds for a load.

        Args:
            now: Moment of the load, UTC without offset.
            timezone: IANA name of the business's time zone.

        Returns:
            The bounds.
        """
        zone = ZoneInfo(timezone)
        first = datetime.combine(FIRST_DAY, time(), zone).astimezone(UTC).replace(tzinfo=None)
        return cls(first, now, now.replace(tzinfo=UTC).astimezone(zone).date())


def expectations_of(
    table: Input,
    rules: Iterable[Rule],
    bounds: Bounds,
    seeds: Path,
) -> list[Expectation]:
    """Turn rules into expectations.

    Args:
        table: Input of the rules.
        rules: The rules.
        bounds: Between which instants an event must lie.
        seeds: Folder with the seed files.

    Returns:
        One expectation per rule, with its id in `meta["check_id"]`.
    """
    return [_expectation(table.column(rule.column), rule, bounds, seeds) for rule in rules]


def _expectation(column: Column, rule: Rule, bounds: Bounds, seeds: Path) -> Expectation:
    """Turn one rule into an expectation on the view's columns."""
    name, target = rule.name, column.name
    common = {
        "meta": {"check_id": rule.check_id},
        "severity": "critical" if rule.severity == ERROR else "warning",
        "description": f"{rule.input}.{rule.column}: {rule.expected}",
    }
    if name == "type":
        return gxe.ExpectColumnValuesToBeNull(column=unparsed(column), **common)
    if name == "required":
        return gxe.ExpectColumnValuesToNotBeNull(column=delivered(column), **common)
    if name == "accepted_values":
        words = list(column.accepted_values)
        return gxe.ExpectColumnValuesToBeInSet(column=target, value_set=words, **common)
    if name == "seed":
        words = _listed(column.seed or "", seeds)
        return gxe.ExpectColumnValuesToBeInSet(column=target, value_set=words, **common)
    if name == "format":
        return gxe.ExpectColumnValuesToMatchRegex(column=target, regex=CURRENCY, **common)
    if name == "event":
        first, last = _event_bounds(column, bounds)
        return gxe.ExpectColumnValuesToBeBetween(
            column=target, min_value=first, max_value=last, **common
        )
    if name in {"minimum", "above"}:
        return gxe.ExpectColumnValuesToBeBetween(
            column=target,
            min_value=_number(getattr(column, name)),
            strict_min=name == "above",
            **common,
        )
    if name == "maximum":
        return gxe.ExpectColumnValuesToBeBetween(
            column=target, max_value=_number(column.maximum), **common
        )
    if name in {"after", "not_before"}:
        return gxe.ExpectColumnPairValuesAToBeGreaterThanB(
            column_A=target,
            column_B=getattr(column, name),
            or_equal=name == "not_before",
            ignore_row_if="either_value_is_missing",
            **common,
        )
    # reference, and orders without items: the view holds the value where its row is missing
    return gxe.ExpectColumnValuesToBeNull(column=orphan(rule), **common)


def _listed(seed: str, seeds: Path) -> list[str]:
    """Return the values a seed lists; GateError where it lists none."""
    values = seed_values(seed, seeds)
    if not values:
        raise gxduck.GateError(f"the contract refers to {seed}, but {seeds} has no values of it")
    return values


def _event_bounds(column: Column, bounds: Bounds) -> tuple[datetime, datetime]:
    if column.data_type == "date":
        return datetime.combine(FIRST_DAY, time()), datetime.combine(bounds.last_day, time())
    return bounds.first_instant, bounds.last_instant


def _number(number: Decimal | None) -> int | float:
    """Return a bound as Great Expectations takes it."""
    if number is None:
        raise ValueError("a bound is missing")
    return int(number) if number == number.to_integral_value() else float(number)
