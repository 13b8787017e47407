"""Rows of the revenue models, from the oracle: movements, events, what was kept and lost."""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import NamedTuple

from tests.python.mrr_oracle.oracle import (
    DAY,
    TYPES,
    Change,
    Oracle,
    Person,
    half_up,
    next_month,
)

LINES = (
    "new", "reactivation", "resume", "expansion", "contraction", "pause", "churn", "fx",
    "currency_transfer",
)  # fmt: skip
PARTS = ("price", "quantity", "plan", "add_on", "discount")


class Line(NamedTuple):
    """A person's or a group's money of one currency between two closes, in cents."""

    opening: int
    closing: int
    lines: dict[str, int]
    parts: dict[str, int]


def compared(
    oracle: Oracle, kind: str, before: dict, after: dict, days: tuple, parts: dict
) -> tuple[str, dict[str, Line]]:
    """One person between two ends of days: the movement over all currencies, and each currency.

    Args:
        oracle: Has the rates.
        kind: new, reactivation, resume, pause, churn or change.
        before: Native MRR at the open, by currency.
        after: Native MRR at the close.
        days: The day of the open's rates, and that of the close's.
        parts: Native parts of the change by currency and type.
    """
    told = {}
    for currency in sorted(before.keys() | after.keys()):
        was, now = before.get(currency, 0), after.get(currency, 0)
        at_open, at_close = (oracle.rate(currency, day) for day in days)
        constant = at_open if at_open is not None else at_close
        opening = oracle.money(was, at_open) if was else 0
        closing = oracle.money(now, at_close) if now else 0
        at_constant = oracle.money(now, constant) if now else 0
        told[currency] = (opening, closing, at_constant, constant)
    steps = {currency: line[2] - line[0] for currency, line in told.items()}
    rise = sum(step for step in steps.values() if step > 0)
    fall = -sum(step for step in steps.values() if step < 0)
    weights: Counter = Counter()
    valued = {}
    for currency, line in told.items():
        own = parts.get(currency, {})
        valued[currency] = {name: half_up(own.get(name, 0) * line[3], 10_000) for name in PARTS}
        weights.update({name: abs(amount) for name, amount in valued[currency].items()})
    largest = max(TYPES, key=lambda name: weights[name])
    left = {1: min(rise, fall), -1: min(rise, fall)}
    rows = {}
    for currency, (opening, closing, at_constant, _) in told.items():
        lines = dict.fromkeys(LINES, 0)
        split = dict.fromkeys(PARTS, 0)
        if kind in ("new", "reactivation", "resume"):
            lines[kind] = closing
        elif kind in ("pause", "churn"):
            lines[kind] = opening
        else:
            step = steps[currency]
            sign = 1 if step > 0 else -1
            transfer = sign * min(abs(step), left[sign])
            left[sign] -= abs(transfer)
            net = step - transfer
            lines["currency_transfer"] = transfer
            lines["expansion" if net > 0 else "contraction"] = abs(net)
            lines["fx"] = closing - at_constant
            split = valued[currency]
            split[largest] += net - sum(split.values())
        rows[currency] = Line(opening, closing, lines, split)
    if kind == "change":
        kind = "expansion" if rise > fall else "contraction" if rise < fall else "unchanged"
        if rise == fall and rise > 0:
            kind = "currency_transfer"
    return kind, rows


def native_parts(changes: Iterable[Change]) -> dict[str, Counter]:
    """Parts of a person's changes by currency; a switched item leaves one, comes to the other."""
    told: dict[str, Counter] = defaultdict(Counter)
    for change in changes:
        if change.is_currency_change:
            name = change.sub_type()
            before, after = change.amounts()
            told[change.before.row["currency"]][name] -= before
            told[change.after.row["currency"]][name] += after
        else:
            side = change.after or change.before
            told[side.row["currency"]].update(change.parts())
    return told


def movement_rows(oracle: Oracle) -> dict[tuple, tuple]:
    """(month, person or None, currency) → what mrr_movements has to say, money in cents."""
    told: dict[tuple, tuple] = {}
    still: dict[tuple, list] = {}
    months = oracle.months()
    firsts: dict[str, dt.date] = {}
    seen: set[tuple] = set()
    for person in oracle.people.values():
        balances = month_ends(oracle, person, months)
        for month, before, after in balances:
            last = oracle.close_of(next_month(month))
            for currency in after:
                firsts[currency] = min(month, firsts.get(currency, month))
            if before == after:
                for currency, native in before.items():
                    group = still.setdefault((month, currency), Counter())
                    group[native] += 1
                continue
            kind = oracle.movement(person, month, last, bool(before), bool(after))
            churn_type = oracle.churn_type(person, month, last) if kind == "churn" else None
            parts = native_parts(person.changes(month - DAY, last)) if kind == "change" else {}
            days = (month - DAY, last)
            kind, rows = compared(oracle, kind, before, after, days, parts)
            for currency, line in rows.items():
                seen.add((month, currency))
                rates = tuple(oracle.rate(currency, day) for day in days)
                told[month, person.customer_id, currency] = (
                    1, kind, churn_type, before.get(currency, 0), after.get(currency, 0), *rates,
                    line.opening, *line.lines.values(), line.closing, *line.parts.values(),
                )  # fmt: skip
    for currency, first in firsts.items():
        for month in (month for month in months if month >= first):
            group = still.get((month, currency), Counter())
            days = (month - DAY, oracle.close_of(next_month(month)))
            rates = tuple(oracle.rate(currency, day) for day in days)
            opening, closing = (
                sum(oracle.money(native, rate) * people for native, people in group.items())
                if group else 0
                for rate in rates
            )  # fmt: skip
            native = sum(amount * people for amount, people in group.items())
            lines = dict.fromkeys(LINES, 0) | {"fx": closing - opening}
            told[month, None, currency] = (
                sum(group.values()), "unchanged", None, native, native, *rates,
                opening, *lines.values(), closing, *([0] * len(PARTS)),
            )  # fmt: skip
    return told


def month_ends(
    oracle: Oracle, person: Person, months: list[dt.date]
) -> Iterator[tuple[dt.date, dict, dict]]:
    """(month, balance at its open, balance at its close) of every month a person has any."""
    before: dict = {}
    turned = {day.replace(day=1) for day in person.days}
    for month in months:
        close = oracle.close_of(next_month(month))
        after = person.balance(close) if month in turned else before
        if before or after:
            yield month, before, after
        before = after


def event_rows(oracle: Oracle) -> set[tuple]:
    """What mrr_events has to say, native, one tuple per row."""
    told = set()
    for person in oracle.people.values():
        for day in person.days:
            if day <= oracle.cutoff_day:
                for change in person.changes(day - DAY, day):
                    told |= set(events_of(oracle, person, day, change))
    return told


def events_of(oracle: Oracle, person: Person, day: dt.date, change: Change) -> Iterator[tuple]:
    """The rows of one item and day."""
    was, now = person.stands(day - DAY), person.stands(day)
    before, after = change.amounts()
    old, new = (side.row if side else None for side in change)
    if change.is_currency_change:
        rate = oracle.rate(old["currency"], day) / oracle.rate(new["currency"], day)
        exchanged = half_up(before * rate)
    else:
        exchanged = before
    if was == now == "served":
        cause = "expansion" if after >= exchanged else "contraction"
    elif now == "served":
        cause = "reactivation"
        if was == "paused":
            cause = "resume"
        elif person.first_day == day:
            cause = "new"
    else:
        cause = "pause" if now == "paused" else "churn"
    sub_type = None
    if cause in ("expansion", "contraction"):
        sub_type = change.sub_type()
    elif cause == "churn":
        reason = oracle.end_reason(person, change.before, day)
        known = ("voluntary", "involuntary", "free_plan", "completed_term")
        sub_type = reason if reason in known else "unstated"
    holder = (new or old)["subscription_id"]
    earlier = old["subscription_id"] if old and new else holder
    shared = (
        person.customer_id, day, holder, earlier if earlier != holder else None,
        (new or old)["item_id"],
    )  # fmt: skip
    plans = (old and old["plan_id"], new and new["plan_id"])

    def row(currency: str, named: str, sub: str | None, one: int, other: int, cents=None) -> tuple:
        rate = oracle.rate(currency, day)
        first = oracle.money(one, rate) if one else 0
        second = oracle.money(other, rate) if other else 0
        if cents is not None:
            first, second = cents(first, second)
        return (*shared, currency, named, sub, *plans, one, other, first, second)

    currency = (new or old)["currency"]
    if after != exchanged:
        # its worth in the old currency, rounded there
        at_old = oracle.money(before, oracle.rate(old["currency"], day)) if before else 0
        yield row(currency, cause, sub_type, exchanged, after, lambda _, s: (at_old, s))
    if change.is_currency_change:
        yield row(old["currency"], "currency_transfer", None, before, 0)
        at_old = oracle.money(before, oracle.rate(old["currency"], day))
        yield row(currency, "currency_transfer", None, 0, exchanged, lambda f, _: (f, at_old))


# --- what was kept and lost -----------------------------------------------------------------------


def windows(oracle: Oracle, first: dt.date) -> list[tuple]:
    """(grain, start, end) of every month, quarter, year, and of twelve months to each month."""
    told = []
    for grain, months in (("month", 1), ("quarter", 3), ("year", 12)):
        start = dt.date(first.year, (first.month - 1) // months * months + 1, 1)
        while start <= oracle.cutoff_day:
            told.append((grain, start, next_month(start, months)))
            start = next_month(start, months)
    start = first
    while next_month(start, 11) <= oracle.cutoff_day:
        told.append(("trailing_12_months", start, next_month(start, 12)))
        start = next_month(start)
    return told


def retention_rows(oracle: Oracle, first: dt.date) -> dict[tuple, tuple]:
    """(grain, start) → what revenue_retention has to say of all subscribers."""
    closes = {month - DAY: {} for month in [first, *oracle.months()]}
    months = oracle.months()
    closes[oracle.close_of(next_month(months[-1]))] = {}
    for person in oracle.people.values():
        for month, _, after in month_ends(oracle, person, months):
            if after:
                closes[oracle.close_of(next_month(month))][person.customer_id] = after
    return {
        (grain, start): retained(oracle, closes, start, end)
        for grain, start, end in windows(oracle, first)
    }


def retained(oracle: Oracle, closes: dict, start: dt.date, end: dt.date) -> tuple:
    """One window over all people, netted anew between its two ends."""
    days = (start - DAY, oracle.close_of(end))
    at_open, at_close = closes.get(days[0], {}), closes.get(days[1], {})
    sums = Counter(dict.fromkeys((*LINES, "opening", "closing", "involuntary"), 0))
    lost = kept_gross = kept_net = 0
    still: Counter = Counter()
    for name in at_open.keys() | at_close.keys():
        before, after = at_open.get(name, {}), at_close.get(name, {})
        if before == after:
            still[tuple(before.items())] += 1
            continue
        person = oracle.people[name]
        kind = oracle.movement(person, *(days[0] + DAY, days[1]), bool(before), bool(after))
        _, rows = compared(oracle, kind, before, after, days, {})
        opening = sum(line.opening for line in rows.values())
        # close at the open's rate, of who was there at the open
        constant = opening + sum(
            line.lines["expansion"] - line.lines["contraction"] for line in rows.values()
        )
        if kind in ("pause", "churn"):
            constant = 0
        if before:
            kept_gross += min(opening, constant)
            kept_net += constant
        if kind == "churn":
            lost += 1
            if oracle.churn_type(person, start, days[1]) == "involuntary":
                sums["involuntary"] += opening
        for line in rows.values():
            sums.update(line.lines)
            sums.update(opening=line.opening, closing=line.closing)
    for balance, people in still.items():
        for currency, native in balance:
            opening, closing = (oracle.money(native, oracle.rate(currency, day)) for day in days)
            kept_gross += opening * people
            kept_net += opening * people
            sums.update(
                opening=opening * people, closing=closing * people, fx=(closing - opening) * people
            )
    return figures(
        sums,
        (len(at_open), lost, len(at_close)),
        (kept_gross, kept_net),
        end <= oracle.cutoff_day + DAY,
    )


def figures(sums: Counter, people: tuple, kept: tuple, is_complete: bool) -> tuple:
    """Counts, money in cents, and the rates as §4 has them."""
    opening, back = sums["opening"], sums["reactivation"] + sums["resume"]
    left = sums["churn"] + sums["contraction"] + sums["pause"]
    losses = sums["contraction"] + sums["churn"]

    def rate(part: int, whole: int) -> float | None:
        return float(Fraction(part, whole)) if is_complete and whole else None

    return (
        *people,
        opening,
        *(sums[line] for line in LINES if line not in ("fx", "currency_transfer")),
        sums["involuntary"],
        sums["fx"],
        sums["currency_transfer"],
        sums["closing"],
        rate(left, opening),
        rate(left - sums["expansion"], opening),
        rate(left - sums["expansion"] - back, opening),
        rate(kept[0], opening),
        rate(kept[1], opening),
        rate(kept[1] + back, opening),
        rate(sums["new"] + sums["expansion"], losses),
        losses == 0,
        half_up(Fraction(sums["closing"], people[2])) if is_complete and people[2] else None,
        rate(sums["involuntary"], sums["churn"]),
        is_complete,
        people[0] < 30,
    )
