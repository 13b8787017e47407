"""The lifecycle models against a second reading of the definitions, written day by day.

The oracle imports nothing of the project and shares no step with the SQL: it asks, for every day
of every person, what the definitions say, and only then folds days into spells. Slow and plain on
purpose. Both get the same few hundred nasty histories.
"""

import datetime as dt
import math
import os
import random
import shutil
from collections import defaultdict
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pandas as pd
import pytest
from dbt.cli.main import dbtRunner

from orchestration.settings import load_settings
from orchestration.workspace import Workspace
from tests.python.shared import copy_parsed, read_parsed

ROOT = Path(__file__).resolve().parents[2]
ZONE = ZoneInfo("Europe/Berlin")
DAY = dt.timedelta(days=1)
FIRST_DAY = dt.date(2022, 1, 1)
LAST_DAY = dt.date(2024, 6, 30)
PEOPLE = 300
FLOOR, FIXED, AT_RISK, QUANTILE, OWN_GAPS, MIN_GAPS = (
    30,
    90,
    Fraction(4, 5),
    Fraction(4, 5),
    4,
    40,
)
FACTOR = Fraction(4, 3)
GRACE, PAUSE_GRACE, GAP, REFUNDED = 30, 90, 3, 14
# Each rule is read at another cutoff, so that what is not known yet is tried thrice.
RULES = {
    "own_interval": dt.date(2024, 6, 30),
    "population": dt.date(2024, 2, 29),
    "fixed": dt.date(2023, 10, 29),
}
MODELS = [
    "int_lapse_gaps",
    "int_lapse_curves",
    "int_lapse_points",
    "int_order_spells",
    "int_subscription_periods_delivered",
    "int_subscription_periods_known",
    "int_subscription_unpaid_windows",
    "int_subscription_refunded_starts",
    "int_subscription_stretches",
    "int_subscription_services",
    "int_subscription_spells",
    "int_any_spells",
    "customer_lifecycle",
    "lapse_curve",
    "subscription_periods",
]
ASSERTIONS = [
    "assert_every_subscription_period_has_a_rate",
    "assert_lapse_curve_falls_from_1_to_0",
    "assert_lifecycle_chains_hold",
    "assert_subscription_periods_never_overlap",
]


# --- the calendar -----------------------------------------------------------------------------


def midnight(day: dt.date) -> dt.datetime:
    """UTC instant at which a local day begins."""
    local = dt.datetime(day.year, day.month, day.day, tzinfo=ZONE)
    return local.astimezone(dt.UTC).replace(tzinfo=None)


def local(instant: dt.datetime) -> dt.datetime:
    """Local wall clock of a UTC instant."""
    return instant.replace(tzinfo=dt.UTC).astimezone(ZONE).replace(tzinfo=None)


def later(instant: dt.datetime, days: int) -> dt.datetime:
    """The instant some local days later at the same local time."""
    wall = local(instant) + days * DAY
    return wall.replace(tzinfo=ZONE).astimezone(dt.UTC).replace(tzinfo=None)


def days_of(first: dt.date, last: dt.date):
    """Every day from first to last."""
    return [first + n * DAY for n in range((last - first).days + 1)]


def month_ends(first: dt.date, last: dt.date):
    """The last days of the months from first's on that are no later than last."""
    return [day for day in days_of(first.replace(day=1), last) if (day + DAY).day == 1]


# --- histories --------------------------------------------------------------------------------


def order_histories(rng: random.Random):
    """Purchase days per person: gaps that sit on the edges of every window."""
    edges = [1, 2, 24, 29, 30, 31, 32, 39, 40, 41, 71, 72, 73, 89, 90, 91, 119, 120, 121, 250]
    histories = {}
    for number in range(PEOPLE):
        day = FIRST_DAY + rng.randrange(880) * DAY
        habit = rng.choice(edges)
        bought = []
        for _ in range(rng.choice([1, 1, 2, 3, 4, 6, 9, 14])):
            if day <= LAST_DAY:
                bought.append(day)
            day += DAY * rng.choice([habit, habit, habit, rng.choice(edges), rng.randrange(1, 400)])
        if bought and number % 10 < 8:
            histories[f"P{number:03}"] = bought
    return histories


def random_instant(rng: random.Random, day: dt.date) -> dt.datetime:
    """Local midnight, or some hour of the day."""
    return midnight(day) + rng.choice([0, 0, 0, 1, 10, 22]) * dt.timedelta(hours=1)


def subscription_histories(rng: random.Random):
    """Rows of subscription_periods, payments and refunds with every kind of mess."""
    rows, payments, refunds = [], [], []
    names = []
    for number in range(0, PEOPLE, 2):
        person = f"P{number:03}"
        for copy in range(rng.choice([0, 1, 1, 1, 2, 3])):
            name = f"S{number:03}{copy}"
            items = ["main"] if rng.random() < 0.7 else ["main", "extra"]
            begun = FIRST_DAY + rng.randrange(800) * DAY
            for item in items:
                rows += item_rows(rng, person, name, item, begun)
            own = [row for row in rows if row["subscription_id"] == name]
            if names and names[-1][0] == person and rng.random() < 0.5:
                for row in own:
                    row["replaces_subscription_id"] = names[-1][1]
            names.append((person, name))
            if rng.random() < 0.5:
                payments += payment_rows(rng, person, name, own)
            if rng.random() < 0.3:
                refunds += refund_rows(rng, [p for p in payments if p["subscription_id"] == name])
        if rng.random() < 0.3:
            short = short_history(rng, person, f"S{number:03}short")
            for kept, new in zip((rows, payments, refunds), short, strict=True):
                kept += new
    return rows, payments, refunds


def short_history(rng: random.Random, person: str, name: str):
    """One stretch of about the days in which a start can be undone, paid, and mostly refunded."""
    row = item_rows(rng, person, name, "main", FIRST_DAY + rng.randrange(800) * DAY)[0]
    row["status"], row["unit_amount"], row["discount_amount"] = "active", 30, 0
    row["ends_at"] = random_instant(
        rng, local(row["starts_at"]).date() + rng.choice([1, 13, 14, 15]) * DAY
    )
    paid = row["starts_at"] + dt.timedelta(minutes=5)
    payment = payment_row(person, name, 0, row["starts_at"], paid, 30, "succeeded")
    return [row], [payment], refund_rows(rng, [payment])


def item_rows(rng: random.Random, person: str, name: str, item: str, begun: dt.date):
    """Stretches of one item: holes, overlaps, pauses, trials, changes, ends that are left open."""
    rows = []
    day = begun
    statuses = ["active"] * 8 + ["past_due"] * 4 + ["paused"] * 3 + ["unpaid", "cancelled"]
    status = "trial" if rng.random() < 0.3 else "active"
    starts = set()
    for _ in range(rng.choice([1, 2, 3, 5, 8])):
        start = random_instant(rng, day)
        length = rng.choice([0, 1, 2, 3, 10, 14, 29, 30, 31, 60, 89, 90, 91, 200])
        end = random_instant(rng, day + length * DAY)
        if end <= start:
            end = start + dt.timedelta(hours=3)
        if start in starts:
            break
        starts.add(start)
        rows.append(
            {
                "source_name": "main",
                "subscription_id": name,
                "item_id": item,
                "starts_at": start,
                "kind": "usage" if rng.random() < 0.03 else "recurring",
                "ends_at": None if rng.random() < 0.12 else end,
                "customer_id": person,
                "plan_id": "plan",
                "status": status,
                "quantity": 0 if rng.random() < 0.03 else 1,
                "unit_amount": 0 if rng.random() < 0.05 else 30,
                "discount_amount": 30 if rng.random() < 0.05 else 0,
                "discount_is_recurring": rng.random() < 0.5,
                "billing_interval": "month",
                "billing_interval_count": 1,
                "currency": "EUR",
                "cancel_requested_at": (
                    start + rng.choice([-1, 0, 5]) * DAY if rng.random() < 0.3 else None
                ),
                "cancel_reason": None,
                "replaces_subscription_id": None,
            }
        )
        day = local(end).date() + rng.choice([0, 0, 0, 0, 1, 2, 3, 4, 5, 40, -3]) * DAY
        status = rng.choice(statuses)
    return rows


def payment_rows(rng: random.Random, person: str, name: str, rows: list):
    """Monthly demands: on time, late, failed and recovered in the same or another row, or never."""
    payments = []
    begun = min(row["starts_at"] for row in rows)
    for month in range(rng.choice([1, 3, 8])):
        due = later(begun, 30 * month + rng.choice([0, 0, 0, 14, 20]))
        outcome = rng.choice(
            ["paid", "paid", "paid", "late", "failed", "other row", "free", "void"]
        )
        amount = 0 if outcome == "free" else 30
        paid = {
            "paid": due + dt.timedelta(minutes=5),
            "free": due,
            "late": later(due, rng.choice([1, 20, 29, 30, 31, 45])),
        }.get(outcome)
        statuses = {"paid": "succeeded", "free": "succeeded", "late": "recovered"}
        status = statuses.get(outcome, "written_off" if outcome == "void" else "failed")
        payments.append((due, paid, amount, status))
        if outcome == "other row":
            again = later(due, rng.choice([2, 31, 40]))
            payments.append((again, again, 30, "succeeded"))
    return [payment_row(person, name, n, *payment) for n, payment in enumerate(payments)]


def payment_row(person, name, number, due, paid, amount, status):
    """One row of payments, as staging has it."""
    return {
        "source_name": "main",
        "payment_id": f"{name}-{number}",
        "customer_id": person,
        "subscription_id": name,
        "order_id": f"O-{name}",
        "due_at": due,
        "paid_at": paid,
        "amount": amount,
        "status": status,
    }


def refund_rows(rng: random.Random, payments: list):
    """A refund of all that was paid for a subscription, or of nearly all."""
    total = sum(p["amount"] for p in payments if p["status"] in ("succeeded", "recovered"))
    if not total:
        return []
    last = max(p["paid_at"] for p in payments if p["paid_at"])
    return [
        {
            "source_name": "main",
            "refund_id": f"R-{payments[0]['payment_id']}",
            "order_id": payments[0]["order_id"],
            "refunded_at": last + rng.choice([1, 100]) * DAY,
            "amount": total - rng.choice([0, 0, 1]),
        }
    ]


# --- orders, as §2 has them -------------------------------------------------------------------


def lapse_curve_at(histories: dict, end: dt.date):
    """Kaplan-Meier over the gaps known at a day: [(length, at risk, completed, censored, S)]."""
    completed, censored = [], []
    for days in histories.values():
        known = [day for day in days if day <= end]
        completed += [(b - a).days for a, b in pairwise(known)]
        censored += [(end - known[-1]).days] if known else []
    survival, curve = Fraction(1), []
    for length in sorted(set(completed) | set(censored)):
        at_risk = sum(gap >= length for gap in completed + censored)
        ended = completed.count(length)
        survival *= 1 - Fraction(ended, at_risk)
        curve.append((length, at_risk, ended, censored.count(length), survival))
    return curve, len(completed)


def lapse_point_at(histories: dict, end: dt.date):
    """The lapse point and what gave it."""
    curve, gaps = lapse_curve_at(histories, end)
    if gaps < MIN_GAPS:
        return FIXED, "fixed"
    events = [(length, survival) for length, _, ended, _, survival in curve if ended]
    share = QUANTILE * (1 - events[-1][1])
    return next(length for length, survival in events if 1 - survival >= share), "population"


def windows_of(days: list, rule: str, points: dict):
    """Window and rule of each purchase day, from what was known then."""
    windows = []
    for number, day in enumerate(days):
        gaps = [(b - a).days for a, b in pairwise(days[: number + 1])]
        gaps = gaps[-OWN_GAPS:]
        point, why = points.get(day.replace(day=1) - DAY, (FIXED, "fixed"))
        if rule == "fixed":
            windows.append((FIXED, "fixed"))
        elif rule == "own_interval" and len(gaps) >= 2:
            mean = FACTOR * Fraction(sum(gaps), len(gaps))
            windows.append((max(FLOOR, math.ceil(mean)), "own_interval"))
        else:
            windows.append((max(FLOOR, point), why))
    return windows


def order_days(days: list, cutoff: dt.date, rule: str, points: dict):
    """State, window and rule of every day from the first purchase to the cutoff."""
    windows = dict(zip(days, windows_of(days, rule, points), strict=True))
    told, state = {}, None
    for day in days_of(days[0], cutoff):
        if day in windows:
            latest, (window, why) = day, windows[day]
            state = "returned" if state == "lost" else "active"
        since = (day - latest).days
        if since >= window:
            state = "lost"
        elif since >= math.ceil(AT_RISK * window):
            state = "at_risk"
        told[day] = (state, window, why)
    return told


# --- subscriptions, as §2, §4 and E58 to E88 have them ------------------------------------------


class Item:
    """One subscription item: what is known of it at the cutoff, and its state at any instant."""

    def __init__(self, rows, cut, payments, replaced_at):
        """Keep what is known before the cutoff, in order of start."""
        known = sorted((r for r in rows if r["starts_at"] < cut), key=lambda r: r["starts_at"])
        self.starts = [row["starts_at"] for row in known]
        self.replaced_at = replaced_at
        self.states = [state_of(row, row is known[-1], len(known) == 1) for row in known]
        self.ends = []
        for number, row in enumerate(known):
            end = served_until(row)
            end = end if end and end < cut else None
            following = self.starts[number + 1 : number + 2]
            if self.replaced_at and row["starts_at"] < self.replaced_at and self.serves(number):
                following = [*following, self.replaced_at]
            self.ends.append(min([t for t in [end, *following] if t], default=None))
        self.cut = cut
        self.paid = sorted(p for _, p in payments if p)
        self.demands = [(due, paid) for due, paid in payments if due and due < cut]
        self.firsts = sorted(due or paid for due, paid in payments)
        self.restarts = []

    def serves(self, number):
        """Whether a stretch is one that is paid for, as far as its status tells."""
        return self.states[number] in ("paid", "past_due")

    def holds(self, number):
        """Whether a stretch is one of service or of a pause."""
        return self.serves(number) or self.states[number] == "paused"

    def continued(self, number):
        """The instant up to which a service or a pause is carried over a short gap, else None."""
        end = self.ends[number]
        if end is None:
            return None
        nexts = [self.starts[n] for n in range(number + 1, len(self.starts)) if self.holds(n)]
        if self.serves(number) and self.replaced_at and self.replaced_at > self.starts[number]:
            nexts.append(self.replaced_at)
        if not nexts or (local(min(nexts)).date() - local(end).date()).days > GAP:
            return None
        between = [
            n
            for n in range(number + 1, len(self.starts))
            if self.starts[n] < min(nexts) and self.states[n] in ("trial", "free")
        ]
        return None if between else min(nexts)

    def covering(self, instant):
        """The stretch in force at an instant, a closed gap included."""
        begun = [n for n, start in enumerate(self.starts) if start <= instant]
        if not begun:
            return None
        for number in reversed(begun):
            if self.holds(number):
                until = self.continued(number)
                if until and instant < until and self.ends[number] <= instant:
                    return number
                break
        number = begun[-1]
        return number if self.ends[number] is None or instant < self.ends[number] else None

    def past_due_since(self, number):
        """First stretch of the contiguous past-due time a stretch belongs to."""
        while True:
            before = [n for n in range(number) if self.serves(n)]
            if not before or self.states[before[-1]] != "past_due":
                return number
            joined = self.ends[before[-1]] == self.starts[number]
            if not joined and self.continued(before[-1]) != self.starts[number]:
                return number
            number = before[-1]

    def state(self, instant):
        """State of service at an instant."""
        number = self.covering(instant)
        if number is None:
            return None
        state = self.states[number]
        if not self.serves(number):
            return state
        if state == "past_due" and self.is_overdue(number, instant):
            return "unpaid"
        if self.is_unconverted(number, instant) or self.is_in_arrears(instant):
            return "unpaid"
        return state

    def is_overdue(self, number, instant):
        """E68 to E70 by status."""
        first = self.past_due_since(number)
        if any(self.starts[first] <= paid <= instant for paid in self.paid):
            return False
        earlier = self.states[:first]
        if (
            "trial" in earlier
            and "paid" not in earlier[len(earlier) - earlier[::-1].index("trial") :]
        ):
            return True
        return instant >= later(self.starts[first], GRACE)

    def is_in_arrears(self, instant):
        """E69, E70 by payments: a demand older than the grace, without success since it was due."""
        for due, _ in self.demands:
            if any(paid and paid <= due for other, paid in self.demands if other == due):
                continue
            # nor does it speak of a service that began anew after the grace
            late = later(due, GRACE)
            over = [paid for paid in self.paid if paid >= due]
            over += [restart for restart in self.restarts if restart >= late]
            if instant >= late and (not over or instant < min(over)):
                return True
        return False

    def is_unconverted(self, number, instant):
        """E68 by payments: after a trial, before the first payment, where its invoice is known."""
        if "trial" not in self.states[:number]:
            return False
        trial = max(n for n in range(number) if self.states[n] == "trial")
        converted = next(self.starts[n] for n in range(trial + 1, number + 1) if self.serves(n))
        invoices = [due for due in self.firsts if due >= self.starts[trial]]
        if not invoices or invoices[0] >= later(converted, GRACE):
            return False
        met = [paid for paid in self.paid if paid >= self.starts[trial]]
        if met and local(met[0]).date() <= local(converted).date():
            return False
        return not met or instant < met[0]

    def pieces(self):
        """[(start, end, state, begins a stretch)] over all instants at which something may turn."""
        turns = set(self.starts) | {end for end in self.ends if end} | set(self.paid)
        turns |= {later(due, GRACE) for due, _ in self.demands} | set(self.restarts)
        turns |= {later(start, GRACE) for start in self.starts}
        turns |= {until for n in range(len(self.starts)) if (until := self.continued(n))}
        turns = sorted(turn for turn in turns if turn < self.cut)
        told = []
        for turn in turns:
            state = self.state(turn)
            row = self.covering(turn)
            if told and told[-1][2:] == [state, row]:
                continue
            if told:
                told[-1][1] = turn
            told.append([turn, None, state, row])
        return [tuple(piece[:3]) for piece in told if piece[2]]


def state_of(row, is_last, is_only):
    """State of service by status, dates, price and kind."""
    status = row["status"]
    request = row["cancel_requested_at"]
    if status == "cancelled":
        # dated after the start, it shows that there was service until then
        is_later = request and request > row["starts_at"]
        is_at_start = request == row["starts_at"] and is_last
        if is_later or (row["ends_at"] and (is_at_start or is_only)):
            status = "active"
    price = row["unit_amount"] * row["quantity"]
    price -= row["discount_amount"] if row["discount_is_recurring"] else 0
    if row["kind"] != "recurring":
        return "not_recurring"
    if status in ("trial", "paused", "unpaid", "cancelled"):
        return status
    if price <= 0:
        return "free"
    return "past_due" if status == "past_due" else "paid"


def served_until(row):
    """The stated end, or of what was cancelled without one the request after its start."""
    request = row["cancel_requested_at"]
    if row["status"] == "cancelled" and not row["ends_at"] and request:
        return request if request > row["starts_at"] else None
    return row["ends_at"]


def restarts_of(items, cut):
    """Instants at which a subscription is held again, in whatever item, after a time without."""
    held = sorted(
        (item.starts[n], item.continued(n) or item.ends[n] or cut)
        for item in items
        for n in range(len(item.starts))
        if item.holds(n)
    )
    told, until = [], None
    for start, end in held:
        if until and start > until:
            told.append(start)
        until = max(until or start, end)
    return told


def known_payments(payments, cut):
    """(due, paid) of the demands above 0, with what is known of them at the cutoff."""
    known = []
    for payment in payments:
        due, paid = payment["due_at"], payment["paid_at"] or payment["due_at"]
        if payment["status"] not in ("succeeded", "recovered") or paid >= cut:
            paid = None
        if payment["amount"] > 0 and (due < cut or paid):
            known.append((due, paid))
    return known


def is_refunded_start(items, payments, refunds, cut):
    """E85, from the services and the money of one subscription."""
    served = [
        (item.starts[n], item.continued(n) or item.ends[n])
        for item in items
        for n in range(len(item.starts))
        if item.serves(n)
    ]
    if not served or any(end is None for _, end in served):
        return False
    first, last = min(s for s, _ in served), max(e for _, e in served)
    if (local(last).date() - local(first).date()).days > REFUNDED:
        return False
    if last == items[0].replaced_at:  # a change (E64)
        return False
    paid = sum(
        p["amount"]
        for p in payments
        if p["status"] in ("succeeded", "recovered") and (p["paid_at"] or p["due_at"]) < cut
    )
    orders = {p["order_id"] for p in payments}
    given = sum(r["amount"] for r in refunds if r["refunded_at"] < cut and r["order_id"] in orders)
    return 0 < paid <= given


def subscription_pieces(rows, payments, refunds, cut):
    """Pieces of paid and paused service per person."""
    by_item, by_name = defaultdict(list), defaultdict(list)
    for row in rows:
        by_item[row["subscription_id"], row["item_id"], row["kind"]].append(row)
    owner = {row["subscription_id"]: row["customer_id"] for row in rows}
    money = {name: [p for p in payments if p["subscription_id"] == name] for name in owner}
    items = {
        key: Item(own, cut, known_payments(money[key[0]], cut), None)
        for key, own in by_item.items()
    }
    replaced = defaultdict(list)
    for key, own in by_item.items():
        serving = [start for n, start in enumerate(items[key].starts) if items[key].serves(n)]
        if own[0]["replaces_subscription_id"] and serving:
            replaced[own[0]["replaces_subscription_id"]].append(min(serving))
    for key, own in by_item.items():
        since = min(replaced.get(key[0], []), default=None)
        item = Item(own, cut, known_payments(money[key[0]], cut), since)
        by_name[key[0]].append(item)
    pieces = defaultdict(list)
    for name, own in by_name.items():
        undone = is_refunded_start(own, money[name], refunds, cut)
        restarts = restarts_of(own, cut)
        for item in own:
            item.restarts = restarts
            for start, end, state in item.pieces():
                if state == "paused" or (state in ("paid", "past_due") and not undone):
                    pieces[owner[name]].append((start, end, state))
    return pieces


def day_span(start, end):
    """Local days of a piece's start and end."""
    return local(start).date(), local(end).date() if end else None


def subscription_days(pieces, cutoff):
    """State of every day, whether the first one was empty, and the days a paid stretch began."""
    spans = [(*day_span(start, end), state) for start, end, state in pieces]
    begun = [first for first, _, state in spans if state != "paused"]
    if not begun:
        return {}, False, set()

    def has(day, states):
        return any(
            first <= day and (last is None or last > day) and state in states
            for first, last, state in spans
        )

    told, state, paused_on = {}, None, None
    comings = {
        first for first, last, state in spans if state == "paid" and (not last or last > first)
    }
    for day in days_of(min(begun), cutoff):
        if has(day, ("paid", "past_due")):
            if state == "lost":
                state = "returned"
            elif state != "returned" or day in comings:
                state = "active"
            paused_on = None
        elif has(day, ("paused",)) and state != "lost":
            paused_on = paused_on or day
            state = "lost" if (day - paused_on).days >= PAUSE_GRACE else "paused"
        else:
            state = "lost"
        told[day] = state
    return told, told[min(begun)] != "active", comings


def any_days(orders, subscriptions, comings):
    """State of every day in basis any, from the states of both bases."""
    told, state = {}, None
    for day in sorted(set(orders) | set(subscriptions)):
        states = {basis[day] for basis in (orders, subscriptions) if day in basis}
        if states == {"lost"}:
            state = "lost"
        elif states & {"active", "returned"}:
            if state == "lost":
                state = "returned"
            elif state != "returned" or day in comings:
                state = "active"
        else:
            state = "at_risk" if "at_risk" in states else "paused"
        told[day] = state
    return told


def spells_of(told, has_empty_start=False):
    """Days folded into spells [(state, valid_from, valid_to)]."""
    days = sorted(told)
    spells = [("active", days[0], days[0])] if has_empty_start else []
    for day in days:
        if spells and spells[-1][2] is None and spells[-1][0] == told[day]:
            continue
        if spells and spells[-1][2] is None:
            spells[-1] = (*spells[-1][:2], day)
        spells.append((told[day], day, None))
    return spells


def expected_spells(histories, subscriptions, cutoff, rule):
    """Every spell of every person and basis as the definitions have it."""
    rows, payments, refunds = subscriptions
    known = {
        person: [day for day in days if day <= cutoff]
        for person, days in histories.items()
        if days[0] <= cutoff
    }
    first = min(days[0] for days in known.values())
    points = {end: lapse_point_at(known, end) for end in month_ends(first, cutoff)}
    pieces = subscription_pieces(rows, payments, refunds, midnight(cutoff + DAY))
    told = set()
    for person in sorted(set(known) | set(pieces)):
        detailed = order_days(known[person], cutoff, rule, points) if person in known else {}
        orders = {day: state for day, (state, _, _) in detailed.items()}
        served, is_empty, comings = subscription_days(pieces.get(person, []), cutoff)
        for basis, days, empty in (
            ("orders", orders, False),
            ("subscriptions", served, is_empty),
            ("any", any_days(orders, served, comings | set(known.get(person, []))), None),
        ):
            if not days:
                continue
            empty = days[min(days)] != "active" if empty is None else empty
            for state, start, end in spells_of(days, empty):
                window = None
                last = (end or cutoff + DAY) - DAY
                if basis == "orders" or (basis == "any" and not served):
                    window = detailed[last][1:]
                told.add((person, basis, state, start, end, *(window or (None,))[:2]))
    return told, points, known, pieces


# --- the models -------------------------------------------------------------------------------


def frame(rows, types):
    """Rows as a frame in which dates and decimals keep their types."""
    return pd.DataFrame(rows, columns=list(types), dtype=object)


def load(con, table, rows, types):
    """Put rows into a parent table of the models."""
    con.execute(f"create schema if not exists {table.split('.')[0]}")
    con.register("delivered", frame(rows, types))
    columns = ", ".join(f"cast({name} as {kind}) as {name}" for name, kind in types.items())
    con.execute(f"create or replace table {table} as select {columns} from delivered")
    con.unregister("delivered")


PERIOD_TYPES = {
    "source_name": "varchar",
    "subscription_id": "varchar",
    "item_id": "varchar",
    "starts_at": "timestamp",
    "kind": "varchar",
    "ends_at": "timestamp",
    "customer_id": "varchar",
    "plan_id": "varchar",
    "status": "varchar",
    "quantity": "decimal(18,6)",
    "unit_amount": "decimal(18,6)",
    "discount_amount": "decimal(18,6)",
    "discount_is_recurring": "boolean",
    "billing_interval": "varchar",
    "billing_interval_count": "bigint",
    "currency": "varchar",
    "cancel_requested_at": "timestamp",
    "cancel_reason": "varchar",
    "replaces_subscription_id": "varchar",
}
PAYMENT_TYPES = {
    "source_name": "varchar",
    "payment_id": "varchar",
    "customer_id": "varchar",
    "subscription_id": "varchar",
    "order_id": "varchar",
    "due_at": "timestamp",
    "paid_at": "timestamp",
    "amount": "decimal(18,6)",
    "status": "varchar",
}
REFUND_TYPES = {
    "source_name": "varchar",
    "refund_id": "varchar",
    "order_id": "varchar",
    "refunded_at": "timestamp",
    "amount": "decimal(18,6)",
}


def load_parents(path, histories, subscriptions, cutoff):
    """Fill what the lifecycle models read; orders are cut off, which is their parents' task."""
    rows, payments, refunds = subscriptions
    people = sorted(set(histories) | {row["customer_id"] for row in rows})
    occasions = [
        (person, day) for person, days in histories.items() for day in days if day <= cutoff
    ]
    first = min(day for _, day in occasions)
    ends = [day + DAY for day in month_ends(first, cutoff)]
    months = [("month", (end - DAY).year * 12 + (end - DAY).month - 1, end, True) for end in ends]
    with duckdb.connect(path) as con:
        load(
            con,
            "intermediate.int_data_cutoff",
            [(cutoff, midnight(cutoff + DAY))],
            {"cutoff_day": "date", "data_cutoff": "timestamp"},
        )
        load(
            con,
            "intermediate.int_customer_identities",
            [("main", person, person, False) for person in people],
            {
                "source_name": "varchar",
                "source_customer_id": "varchar",
                "customer_id": "varchar",
                "is_test": "boolean",
            },
        )
        load(
            con,
            "intermediate.int_purchase_occasions",
            occasions,
            {"customer_id": "varchar", "occasion_on": "date"},
        )
        load(
            con,
            "intermediate.int_periods",
            months,
            {
                "grain": "varchar",
                "period_number": "integer",
                "period_end": "date",
                "is_complete": "boolean",
            },
        )
        load(
            con,
            "intermediate.int_source_prefixes",
            [("main", "")],
            {"source_name": "varchar", "id_prefix": "varchar"},
        )
        load(
            con,
            "intermediate.int_exchange_rates",
            [("EUR", dt.date(1, 1, 1), dt.date(9999, 12, 31), 1)],
            {
                "currency": "varchar",
                "valid_from": "date",
                "valid_to": "date",
                "rate_to_reporting": "decimal(18,10)",
            },
        )
        load(con, "staging.stg_subscription_periods", rows, PERIOD_TYPES)
        load(
            con,
            "staging.stg_subscription_periods_deleted",
            [],
            PERIOD_TYPES | {"deleted_at": "timestamp"},
        )
        load(con, "staging.stg_payments", payments, PAYMENT_TYPES)
        load(con, "staging.stg_refunds", refunds, REFUND_TYPES)


@pytest.fixture(scope="module")
def histories():
    """The same nasty histories for all rules."""
    rng = random.Random(20261123)  # noqa: S311
    return order_histories(rng), subscription_histories(rng)


@pytest.fixture(scope="module")
def built(tmp_path_factory, histories):
    """Each rule's models on a database of its own, parsed once for the session: path per rule."""
    folder = tmp_path_factory.mktemp("lifecycle")
    common = ["--project-dir", str(ROOT), "--profiles-dir", str(ROOT), "--quiet"]
    common += ["--log-path", str(folder / "logs")]
    # dbt's manifest carries the name of the database, so all of them have one
    paths = {rule: folder / rule / "work.duckdb" for rule in RULES}
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(os.environ, "DBT_TARGET_PATH", str(folder / "target"))
        patch.setitem(os.environ, "HOLDFAST_KEEP_OPEN", "False")
        patch.setitem(os.environ, "HOLDFAST_WORK_DB", str(folder / "work.duckdb"))
        workspace = Workspace(ROOT, folder, folder)
        copy_parsed(load_settings(), workspace)
        parsed = read_parsed(workspace)
        for rule, cutoff in RULES.items():
            paths[rule].parent.mkdir()
            load_parents(str(paths[rule]), *histories, cutoff)
            patch.setitem(os.environ, "HOLDFAST_WORK_DB", str(paths[rule]))
            settings = (
                f"{{lapse_rule: {rule}, min_lapse_gaps: {MIN_GAPS}, business_timezone: {ZONE.key}}}"
            )
            result = dbtRunner(manifest=parsed).invoke(
                ["run", *common, "--vars", settings, "-s", *MODELS]
            )
            failed = [r for r in (result.result or []) if r.status != "success"]
            assert result.success, (result.exception, [(r.node.name, r.message) for r in failed])
        compiled = dbtRunner(manifest=parsed).invoke(
            ["compile", *common, "--vars", settings, "-s", *ASSERTIONS]
        )
        assert compiled.success, compiled.exception
    return paths | {"compiled": folder / "target" / "compiled"}


@pytest.mark.parametrize("rule", RULES)
def test_every_spell_is_what_the_definitions_say(rule, built, histories):
    """A slip in a window frame, a boundary or a merge moves people between lost and kept unseen."""
    expected, *_ = expected_spells(*histories, RULES[rule], rule)
    with duckdb.connect(str(built[rule]), read_only=True) as con:
        found = con.execute(
            "select customer_id, basis, state, valid_from, valid_to, lost_after_days,"
            " case when rule in ('own_interval', 'population', 'fixed') then rule end"
            " from core.customer_lifecycle"
        ).fetchall()
    found = {row[:6] if row[5] is None else row for row in found}
    assert len({row[0] for row in found}) > 200
    states = {(row[1], row[2]) for row in found}
    assert {("orders", "returned"), ("subscriptions", "paused"), ("any", "returned")} <= states
    assert sorted(found - expected, key=str)[:5] == sorted(expected - found, key=str)[:5] == []


@pytest.mark.parametrize("rule", RULES)
def test_service_is_paid_for_exactly_when_the_definitions_say(rule, built, histories):
    """Day-end states can hide an error within a day, or two that cancel out; instants cannot."""
    *_, pieces = expected_spells(*histories, RULES[rule], rule)
    expected = {
        (person, start, end, state)
        for person, own in pieces.items()
        for start, end, state in own
        if state != "paused"
    }
    with duckdb.connect(str(built[rule]), read_only=True) as con:
        found = con.execute(
            "select customer_id, starts_at, ends_at, service_state"
            " from intermediate.int_subscription_stretches where is_paid"
        ).fetchall()
    assert len(found) > 150
    assert sorted(set(found) - expected, key=str)[:5] == []
    assert sorted(expected - set(found), key=str)[:5] == []


@pytest.mark.parametrize("rule", RULES)
def test_lapse_curve_is_kaplan_meier_in_whole_numbers(rule, built, histories):
    """Ties, and censoring on a completion's day or at a month's end, are where it goes wrong."""
    cutoff = RULES[rule]
    _, points, known, _ = expected_spells(*histories, cutoff, rule)
    with duckdb.connect(str(built[rule]), read_only=True) as con:
        found_points = con.execute(
            "select month_end, lapse_point_days, rule from intermediate.int_lapse_points"
        ).fetchall()
        found_curve = con.execute(
            "select day, at_risk, completed, censored, survival, lapse_point_days"
            " from retention.lapse_curve order by day"
        ).fetchall()
    assert {end: (days, why) for end, days, why in found_points} == points
    assert {why for _, why in points.values()} == {"population", "fixed"}
    end = max(points)
    curve, _ = lapse_curve_at(known, end)
    longest = max(length for length, _, ended, _, _ in curve if ended)
    curve = [step for step in curve if 1 <= step[0] <= longest]
    assert [row[:4] for row in found_curve] == [step[:4] for step in curve]
    assert [row[4] for row in found_curve] == pytest.approx(
        [float(step[4]) for step in curve], abs=1e-12
    )
    assert {row[5] for row in found_curve} == {points[end][0]}


@pytest.mark.parametrize("rule", RULES)
def test_assertions_hold(rule, built):
    """The data tests must let pass what the oracle agrees with, or they would be switched off."""
    queries = [path.read_text() for path in built["compiled"].rglob("assert_*.sql")]
    assert len(queries) == len(ASSERTIONS)
    with duckdb.connect(str(built[rule]), read_only=True) as con:
        assert [con.execute(query).fetchall() for query in queries] == [[]] * len(queries)


# What would have to go wrong, and the assertion that must not let it pass.
FAULTS = [
    ("chains", "update core.customer_lifecycle set valid_to = valid_to + 1 where {spell}"),
    ("chains", "update core.customer_lifecycle set state = 'lost' where {spell}"),
    ("chains", "update core.customer_lifecycle set valid_to = null where {spell}"),
    ("chains", "delete from core.customer_lifecycle where {spell}"),
    ("chains", "delete from core.customer_lifecycle where basis = 'any' and customer_id = 'P002'"),
    ("chains", "update core.customer_lifecycle set state = 'paused' where {order_spell}"),
    ("chains", "update core.customer_lifecycle set lost_after_days = null where {order_spell}"),
    ("overlap", "update core.subscription_periods set ends_at = ends_at + interval 400 day"),
    ("overlap", "update core.subscription_periods set ends_at = starts_at where is_paid"),
    ("overlap", "update core.subscription_periods set mrr_native = 0 where is_paid"),
    ("overlap", "update core.subscription_periods set is_paid = true where status = 'trial'"),
    ("overlap", "update core.subscription_periods set starts_at = timestamp '2030-01-01'"),
    ("rate", "update core.subscription_periods set mrr = null, currency = 'USD' where is_paid"),
    ("curve", "update retention.lapse_curve set survival = 1.1 where day = 30"),
    ("curve", "update retention.lapse_curve set survival = survival + 0.5 where day = 90"),
    ("curve", "update retention.lapse_curve set censored = censored + 1 where day = 30"),
]


@pytest.mark.parametrize(("word", "fault"), FAULTS)
def test_assertion_finds_the_fault(word, fault, built, tmp_path):
    """An assertion that cannot fail would let a broken chain or a missing rate be published."""
    chosen = "customer_id = 'P002' and spell_number = 2 and basis = '{}'"
    fault = fault.format(spell=chosen.format("any"), order_spell=chosen.format("orders"))
    sql = next(path for path in built["compiled"].rglob("assert_*.sql") if word in path.name)
    broken = tmp_path / "work.duckdb"
    shutil.copy(built["own_interval"], broken)
    with duckdb.connect(str(broken)) as con:
        assert con.execute(sql.read_text()).fetchall() == []
        assert con.execute(fault).fetchall()[0][0] > 0
        if word == "rate":
            with pytest.raises(duckdb.Error, match=r"USD on 20\d\d-"):
                con.execute(sql.read_text()).fetchall()
        else:
            assert con.execute(sql.read_text()).fetchall() != []
