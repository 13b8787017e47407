"""What goes wrong on the way to the landing folder: late, twice, corrected later, or beyond use.

Rows are only added, never taken away: whoever loads the files right ends up with the rows that
were there before. Each kind is counted, so that a test can hold the counts against the quarantine.
"""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from orchestration.sample_data.orders import (
    IDS_PER_BLOCK,
    PENDING,
    PURCHASE,
)
from orchestration.sample_data.subscriptions import FAILED as PAYMENT_FAILED
from orchestration.sample_data.subscriptions import RECOVERED
from orchestration.sample_data.world import DAY, NEVER, NONE, Codes, Flags, Frame, World

# Ids of rows that exist only as mess, within a block's own range.
MESS_IDS_FROM = 9_000_000
NO_ACCOUNTS_FROM = 1_000_000_000


@dataclass(frozen=True)
class Fault:
    """One way to spoil a row.

    Attributes:
        column: Column that is spoiled.
        rule: Rule of the contract that the row then breaks.
        text: What stands in the column, as SQL.
    """

    column: str
    rule: str
    text: str


FAULTS: dict[str, tuple[Fault, ...]] = {
    "customers": (
        Fault("signed_up_at", "type", "'31.02.2025'"),
        Fault("customer_id", "required", "null"),
        Fault("acquisition_cost", "minimum", "'-12.50'"),
    ),
    "orders": (
        Fault("gross_amount", "type", "'twelve'"),
        Fault("status", "accepted_values", "'shipped?'"),
        Fault("discount_amount", "minimum", "'-5.00'"),
        Fault("ordered_at", "required", "null"),
        Fault("currency", "format", "'EURO'"),
    ),
    "order_items": (
        Fault("quantity", "minimum", "'-1'"),
        Fault("unit_price", "type", "'n/a'"),
    ),
    "refunds": (
        Fault("amount", "required", "null"),
        Fault("refunded_at", "type", "'soon'"),
    ),
    "subscription_periods": (
        Fault("ends_at", "after", "'2001-01-01T00:00:00Z'"),
        Fault("status", "accepted_values", "'sleeping'"),
        Fault("unit_amount", "minimum", "'-9.90'"),
    ),
    "payments": (
        Fault("status", "accepted_values", "'maybe'"),
        Fault("amount", "type", "'ten'"),
    ),
    "interactions": (
        Fault("channel", "accepted_values", "'fax'"),
        Fault("duration_minutes", "minimum", "'-3'"),
    ),
    "complaints": (
        Fault("resolved_at", "not_before", "'2001-01-01 00:00:00'"),
        Fault("opened_at", "required", "null"),
    ),
    "survey_responses": (
        Fault("score", "maximum", "'11'"),
        Fault("survey", "accepted_values", "'stars'"),
    ),
    "churn_feedback": (Fault("reason_code", "seed", "'because'"),),
    "messages": (
        Fault("variant", "accepted_values", "'B'"),
        Fault("sent_at", "type", "'yesterday'"),
    ),
    "contact_preferences": (Fault("changed_at", "type", "'2025-13-40'"),),
    "loyalty_events": (
        Fault("action", "accepted_values", "'gift'"),
        Fault("points", "type", "'1,5 points'"),
    ),
    "onboarding_events": (Fault("completed_at", "required", "null"),),
    "product_usage": (Fault("sessions", "minimum", "-1"),),
}
ID_OF = {
    "customers": "account",
    "orders": "order",
    "order_items": "item",
    "refunds": "refund",
    "payments": "payment",
    "interactions": "interaction",
    "complaints": "complaint",
    "survey_responses": "response",
    "churn_feedback": "feedback",
    "messages": "message",
    "loyalty_events": "event",
    "subscription_periods": "subscription",
}
LATE = {"orders", "order_items", "refunds", "messages", "interactions", "survey_responses"}
HELD = {"order_items": "order_items.order_id.reference", "orders": "orders.order_items.missing"}


def disturb(world: World, block: int, name: str, frame: Frame) -> tuple[Frame, Counter[str]]:
    """Returns the rows of one input as they are delivered, and what was done to them.

    Args:
        world: The shared part of the sample.
        block: Block of people.
        name: Input.
        frame: Its rows.

    Returns:
        The rows with `delivery` (1, or 2 = a later file), `fault` (0 = none, else 1 + index into
        FAULTS), `is_held` (lacks its counterpart), and the counts by kind of mess.
    """
    values = world.parameters
    stream = world.stream(f"mess {name}", block)
    count = len(next(iter(frame.values())))
    base = dict(frame)
    base["delivery"] = np.ones(count, dtype=np.int64)
    base["fault"] = np.zeros(count, dtype=np.int64)
    base["is_held"] = np.zeros(count, dtype=bool)
    counts: Counter[str] = Counter()
    parts = [base]

    if name in LATE:
        is_late = stream.random(count) < values.late_share
        base["delivery"][is_late] = 2
        counts["late"] += int(is_late.sum())

    first = _first_versions(world, stream, name, base)
    counts["corrected"] += len(first["delivery"])
    parts.append(first)

    again = np.flatnonzero(stream.random(count) < values.duplicate_share)
    twins = {column: rows[again] for column, rows in base.items()}
    twins["delivery"] = np.where(stream.random(len(again)) < 0.5, 2, twins["delivery"])
    counts["duplicated"] += len(again)
    parts.append(twins)

    for fault in range(len(FAULTS[name])):
        share = values.refused_share / len(FAULTS[name])
        spoiled = _copies(block, name, base, stream, share, fault * 1000)
        spoiled["fault"] += fault + 1
        kind = FAULTS[name][fault]
        counts[f"refused {name}.{kind.column}.{kind.rule}"] += len(spoiled["fault"])
        parts.append(spoiled)
    if name in HELD:
        share = values.orphan_item_share if name == "order_items" else values.itemless_share
        held = _copies(block, name, base, stream, share, 900_000)
        held["is_held"] |= True
        counts[f"held {HELD[name]}"] += len(held["fault"])
        parts.append(held)

    return {column: np.concatenate([part[column] for part in parts]) for column in base}, counts


def _copies(
    block: int,
    name: str,
    base: Frame,
    stream: np.random.Generator,
    share: float,
    offset: int,
) -> Frame:
    """Returns copies of random rows under ids of their own, first delivery."""
    count = len(base["delivery"])
    number = stream.binomial(count, share)
    like = stream.integers(0, max(count, 1), number)
    rows = {column: values[like] for column, values in base.items()}
    rows["delivery"] = np.ones(number, dtype=np.int64)
    if name in ID_OF:
        first = (block + 1) * IDS_PER_BLOCK + MESS_IDS_FROM + offset
        if name == "customers":
            # accounts are numbered through, not by block
            first += NO_ACCOUNTS_FROM
        rows[ID_OF[name]] = first + np.arange(number)
    return rows


def _first_versions(world: World, stream: np.random.Generator, name: str, base: Frame) -> Frame:
    """Returns rows as they were first delivered; the right ones then come in the later file."""
    count = len(base["delivery"])
    draw = stream.random(count)
    share = world.parameters.correction_share
    changes: dict[str, int] = {}
    chosen: Flags = np.zeros(count, dtype=bool)
    if name == "customers":
        chosen = base["owner_before"] != NONE
    elif name == "orders":
        # was still unpaid when it was first delivered
        chosen = (draw < share) & (base["kind"] == PURCHASE) & (base["paid_at"] != NEVER)
        changes = {"status": PENDING, "paid_at": NEVER}
    elif name == "complaints":
        # was still open
        chosen = (draw < 10 * share) & (base["status"] == 1)
        changes = {"status": 0, "resolved_at": NEVER}
    elif name == "payments":
        # had not been made good yet
        chosen = (draw < 10 * share) & (base["status"] == RECOVERED)
        changes = {"status": PAYMENT_FAILED, "paid_at": NEVER}
    rows = np.flatnonzero(chosen)
    first = {column: values[rows] for column, values in base.items()}
    first["delivery"] = np.ones(len(rows), dtype=np.int64)
    base["delivery"][rows] = 2
    for column, value in changes.items():
        first[column] = np.full(len(rows), value)
    if name == "customers":
        first["owner"] = first["owner_before"]
    return first


def overlap(world: World, block: int, periods: Frame) -> int:
    """Lets some stretches end after the next one of their item began (E83).

    Args:
        world: The shared part of the sample.
        block: Block of people.
        periods: Stretches sorted by subscription, item and start; changed in place.

    Returns:
        How many now overlap.
    """
    stream = world.stream("overlaps", block)
    count = len(periods["subscription"])
    if count < 2:
        return 0
    begins, ends = periods["starts_at"], periods["ends_at"]
    has_next: Flags = np.zeros(count, dtype=bool)
    has_next[:-1] = (periods["subscription"][1:] == periods["subscription"][:-1]) & (
        periods["item"][1:] == periods["item"][:-1]
    )
    next_begin: Codes = np.append(begins[1:], 0)
    next_end: Codes = np.append(ends[1:], 0)
    touches = has_next & (ends == next_begin)
    is_long = (next_end == NEVER) | (next_end - next_begin > 10 * DAY)
    chosen = touches & is_long & (stream.random(count) < world.parameters.duplicate_share)
    periods["ends_at"] = np.where(chosen, ends + 5 * DAY, ends)
    return int(chosen.sum())
