"""Sentences in which a check tells its finding: input, rule, count, examples, what to do."""

from collections.abc import Sequence

from orchestration.quality.results import ERROR, CheckResult
from orchestration.quality.rules import Rule, is_hold
from orchestration.quality.suggest import Advice, advised
from orchestration.showing import showable

KEPT_OUT = "Such rows are kept out, in quarantine"
HELD = "Such rows wait in quarantine and count nowhere until the missing part is delivered"
COUNTED = "Such rows are taken; they are only counted here"


def rows(count: int, noun: str = "row") -> str:
    """Write a count with its noun, such as `1 row` or `12,000 rows`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def percent(share: float) -> str:
    """Write a share from 0 to 1 as a percentage, rounded so that a small excess still shows."""
    text = f"{100 * share:.2f}".rstrip("0").rstrip(".")
    return f"{text} %"


def example(file: str | None, line: int | None, value: str | None) -> str:
    """Write one example as `file:line value`, on one line and not too long."""
    place = f"{file or '?'}:{line}" if line is not None else f"{file or '?'}"
    if value is None:
        return f"{place} (empty)"
    text = showable(" ".join(value.split()))
    if len(text) > 60:
        text = text[:59] + "…"
    return f"{place} {text}"


def joined(examples: Sequence[str]) -> str | None:
    """Join up to three examples; None when there are none."""
    return "; ".join(examples[:3]) or None


def row_result(
    rule: Rule,
    checked: int,
    failed: int,
    examples: Sequence[str],
    suggested: Advice | None = None,
) -> CheckResult:
    """Write the result of a rule for rows.

    Args:
        rule: The rule.
        checked: Rows looked at.
        failed: Rows that break it.
        examples: Examples of these, each `file:line value`.
        suggested: What to do, told from the values; the rule's own remedy where there is nothing.

    Returns:
        The result, with its message.
    """
    if failed == 0:
        message = (
            f"{rule.input}: {rows(checked)} checked, each {rule.column} is in order "
            f"({rule.expected})."
        )
    else:
        fate = COUNTED
        if rule.severity == ERROR:
            fate = HELD if is_hold(rule) else KEPT_OUT
        remedy = rule.remedy
        if rule.severity == ERROR and not is_hold(rule):
            remedy += ", then deliver the rows again"
        if suggested is not None:
            remedy = advised(rule.input, [suggested])
        has = "has" if failed == 1 else "have"
        message = told(
            f"{rule.input}: {failed:,} of {rows(checked)} {has} {rule.broken}",
            rule.check_id,
            examples,
            f"{fate}.",
            remedy,
        )
    return CheckResult(
        check_id=rule.check_id,
        input=rule.input,
        column_name=rule.column,
        rule=rule.name,
        severity=rule.severity,
        is_success=failed == 0,
        rows_checked=checked,
        rows_failed=failed,
        observed=None,
        expected=rule.expected,
        examples=joined(examples),
        message=message,
    )


def told(
    finding: str,
    check_id: str,
    examples: Sequence[str],
    consequence: str,
    remedy: str,
) -> str:
    """Put a finding together as a person reads it.

    Args:
        finding: What was found, beginning with the input, without a full stop.
        check_id: Id of the check, named as its rule.
        examples: Up to three are shown.
        consequence: What that means, a sentence or ''.
        remedy: What to do, without a full stop.

    Returns:
        The message.
    """
    parts = [f"{finding} (rule {check_id})."]
    if examples:
        parts.append(f"For example {'; '.join(examples[:3])}.")
    if consequence:
        parts.append(consequence)
    parts.append(f"What to do: {remedy}.")
    return " ".join(parts)
