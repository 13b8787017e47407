"""What a check found, as one record: kept in ops.input_checks, shown on the page."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, astuple, dataclass, fields
from datetime import datetime
from typing import Any

import duckdb

ERROR = "error"  # rows are refused
WARNING = "warning"  # counted, nothing is refused
BLOCKING = "blocking"  # the refresh stops, nothing is taken

NOTHING_TAKEN = "Nothing of this delivery was taken; the published marts stay as they were."


@dataclass(frozen=True)
class CheckResult:
    """The result of one check of one refresh.

    Attributes:
        check_id: Stable id, such as `orders.gross_amount.minimum`.
        input: Input checked.
        column_name: Column checked; None for a rule of the whole table.
        rule: Kind of rule, such as `minimum`.
        severity: `error` (rows are refused), `warning` (counted) or `blocking` (the refresh stops).
        is_success: Whether nothing was found.
        rows_checked: Rows looked at.
        rows_failed: Rows (for rules about files: files or columns) that break the rule.
        observed: What was seen, for rules of a whole table.
        expected: What the rule asks.
        examples: Up to three, `file:line value`; personal values only as type and length.
        message: The finding and what to do, as a person reads it.
    """

    check_id: str
    input: str
    column_name: str | None
    rule: str
    severity: str
    is_success: bool
    rows_checked: int
    rows_failed: int
    observed: str | None
    expected: str
    examples: str | None
    message: str

    @property
    def stops_refresh(self) -> bool:
        """Whether nothing of this delivery may be taken."""
        return self.severity == BLOCKING and not self.is_success

    def as_dict(self) -> dict[str, Any]:
        """Return the record as plain values, for JSON."""
        return asdict(self)


COLUMNS = tuple(field.name for field in fields(CheckResult))


def stop_message(results: Iterable[CheckResult]) -> str:
    """Say why a refresh stops, as the person who started it reads it.

    Args:
        results: All results of the refresh.

    Returns:
        One paragraph per blocking finding, or '' when nothing stops the refresh.
    """
    # what is said once for all need not be said for each
    reasons = [
        result.message.replace(f" {NOTHING_TAKEN}", "")
        for result in results
        if result.stops_refresh
    ]
    if not reasons:
        return ""
    count = "1 check says" if len(reasons) == 1 else f"{len(reasons)} checks say"
    return "\n".join(
        [
            f"The refresh stopped before any model ran: {count} no. {NOTHING_TAKEN}",
            *(f"- {reason}" for reason in reasons),
        ]
    )


def store_results(
    con: duckdb.DuckDBPyConnection,
    refresh_id: str,
    now: datetime,
    results: Sequence[CheckResult],
) -> None:
    """Write the results of a refresh to ops.input_checks, in place of any it already has there.

    Args:
        con: Open connection to the work database.
        refresh_id: The refresh.
        now: Instant of the checks, UTC without offset.
        results: Its results.
    """
    con.execute("delete from ops.input_checks where refresh_id = ?", [refresh_id])
    if results:
        marks = ", ".join("?" for _ in range(len(COLUMNS) + 2))
        con.executemany(
            f"insert into ops.input_checks (refresh_id, checked_at, {', '.join(COLUMNS)}) "
            f"values ({marks})",
            [(refresh_id, now, *astuple(result)) for result in results],
        )


def read_results(con: duckdb.DuckDBPyConnection, refresh_id: str) -> list[CheckResult]:
    """Read the results of a refresh from ops.input_checks.

    Args:
        con: Open connection to the work database.
        refresh_id: The refresh.

    Returns:
        Its results: what stops the refresh first, then errors, then warnings, then what passed.
    """
    rows = con.execute(
        f"select {', '.join(COLUMNS)} from ops.input_checks where refresh_id = ? "
        "order by is_success, case severity when 'blocking' then 1 when 'error' then 2 else 3 end, "
        "input, check_id",
        [refresh_id],
    ).fetchall()
    return [CheckResult(*row) for row in rows]
