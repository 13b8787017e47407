"""What the definitions say of every subscription, person and month, reckoned slowly.

Written from definitions §1, §2 (contractual), §4 and E03-E05, E10-E12, E45, E46, E58-E88, not from
the models: it asks what is in force at the end of a day, and compares two such ends. Imports
nothing of the project. Money is in whole numbers throughout: millionths natively, cents in the
reporting currency.
"""

import datetime as dt
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from itertools import pairwise, zip_longest
from typing import NamedTuple
from zoneinfo import ZoneInfo

from tests.python.mrr_oracle.delivered import Delivered

DAY = dt.timedelta(days=1)
GRACE, GAP, REFUNDED, RATE_AGE = 30, 3, 14, 7
REPORTING = "EUR"
PER_YEAR = {"day": 365, "week": 52, "month": 12, "quarter": 4, "year": 1}
TYPES = ("plan", "price", "quantity", "add_on", "discount")
NAMED_REASONS = ("voluntary", "involuntary", "free_plan", "completed_term")


def half_up(number: Fraction | int, unit: int = 1) -> int:
    """number ÷ unit as a whole number, halves away from 0."""
    top, bottom = (number.numerator, number.denominator * unit)
    size = (2 * abs(top) + bottom) // (2 * bottom)
    return size if top >= 0 else -size


def next_month(day: dt.date, months: int = 1) -> dt.date:
    """First day of a month some months from day's."""
    number = day.year * 12 + day.month - 1 + months
    return dt.date(number // 12, number % 12 + 1, 1)


class Clock:
    """Local days of instants."""

    def __init__(self, zone: ZoneInfo) -> None:
        """Reckon in a zone."""
        self.zone = zone
        self.day = cache(self._day)

    def _day(self, instant: dt.datetime) -> dt.date:
        return instant.replace(tzinfo=dt.UTC).astimezone(self.zone).date()

    def midnight(self, day: dt.date) -> dt.datetime:
        """UTC instant at which a local day begins."""
        return self._utc(dt.datetime(day.year, day.month, day.day))  # noqa: DTZ001

    def later(self, instant: dt.datetime, days: int) -> dt.datetime:
        """Some local days later at the same local time (E02)."""
        wall = instant.replace(tzinfo=dt.UTC).astimezone(self.zone).replace(tzinfo=None)
        return self._utc(wall + days * DAY)

    def _utc(self, wall: dt.datetime) -> dt.datetime:
        return wall.replace(tzinfo=self.zone).astimezone(dt.UTC).replace(tzinfo=None)


@dataclass
class Stretch:
    """A time in which one row of an item is in force, in one state."""

    row: dict
    start: dt.datetime
    end: dt.datetime | None
    state: str
    reason: str | None = None
    first_day: dt.date | None = None
    end_day: dt.date | None = None

    @property
    def is_served(self) -> bool:
        """Whether its status is one that is paid for."""
        return self.state in ("paid", "past_due")

    def holds_at_end_of(self, day: dt.date) -> bool:
        """Whether it is in force at the last instant of a local day (§1, E03)."""
        return self.first_day <= day and (self.end_day is None or self.end_day > day)


class Change(NamedTuple):
    """What became of one item between two ends of days; a side is None where nothing is paid."""

    before: Stretch | None
    after: Stretch | None

    @property
    def is_currency_change(self) -> bool:
        """E80."""
        return bool(
            self.before and self.after and self.before.row["currency"] != self.after.row["currency"]
        )

    def amounts(self) -> tuple[int, int]:
        """MRR before and after."""
        return tuple(side.row["mrr"] if side else 0 for side in self)

    def parts(self) -> dict[str, int]:
        """Plan, price, quantity, add-on, discount: they sum to the change."""
        before, after = self.amounts()
        change = after - before
        if not self.before or not self.after:
            return {"add_on": change}
        old, new = self.before.row, self.after.row
        if old["plan_id"] != new["plan_id"]:
            return {"plan": change}
        if self.is_currency_change:
            return {"price": change}
        discount = old["monthly_discount"] - new["monthly_discount"]
        seats = half_up((new["quantity"] - old["quantity"]) * old["monthly_price"])
        if old["monthly_price"] != new["monthly_price"]:
            return {"price": change - seats - discount, "quantity": seats, "discount": discount}
        if old["quantity"] != new["quantity"]:
            return {"quantity": change - discount, "discount": discount}
        return {"discount": change}

    def sub_type(self) -> str:
        """What moves it most."""
        parts = self.parts()
        return max(parts, key=lambda name: abs(parts[name]))


@dataclass
class Person:
    """Items of one person, and how they stood at the end of each day on which anything turned."""

    customer_id: str
    items: dict[tuple, list[Stretch]] = field(default_factory=lambda: defaultdict(list))
    pauses: list[Stretch] = field(default_factory=list)
    first_day: dt.date | None = None
    turns: list[tuple[dt.date, str]] = field(default_factory=list)
    days: list[dt.date] = field(default_factory=list)

    def settle(self) -> None:
        """Walk through the days: served, paused without having been lost before, or none."""
        served = [stretch for own in self.items.values() for stretch in own]
        self.first_day = min(stretch.first_day for stretch in served)
        days = {s.first_day for s in served} | {s.end_day for s in served if s.end_day}
        self.days = sorted(days)
        days |= {s.first_day for s in self.pauses} | {s.end_day for s in self.pauses if s.end_day}
        state = None
        for day in sorted(day for day in days if day >= self.first_day):
            if any(stretch.holds_at_end_of(day) for stretch in served):
                now = "served"
            elif state != "none" and any(pause.holds_at_end_of(day) for pause in self.pauses):
                now = "paused"
            else:
                now = "none"
            if now != state:
                self.turns.append((day, now))
            state = now

    def stands(self, day: dt.date) -> str | None:
        """served, paused or none at the end of a day; None before the first paid service."""
        place = bisect_right(self.turns, (day, "~"))
        return self.turns[place - 1][1] if place else None

    def losses(self, first: dt.date, last: dt.date) -> list[dt.date]:
        """Days from first to last on which they came to have neither service nor pause."""
        return [day for day, state in self.turns if state == "none" and first <= day <= last]

    def in_force(self, day: dt.date) -> dict[tuple, Stretch]:
        """What is paid for at the end of a day, by item."""
        return {
            key: stretch
            for key, own in self.items.items()
            for stretch in own
            if stretch.holds_at_end_of(day)
        }

    def balance(self, day: dt.date) -> dict[str, int]:
        """Native MRR at the end of a day, by currency."""
        told: dict[str, int] = defaultdict(int)
        for stretch in self.in_force(day).values():
            told[stretch.row["currency"]] += stretch.row["mrr"]
        return dict(told)

    def changes(self, before_day: dt.date, day: dt.date) -> list[Change]:
        """Items that differ in MRR or currency between the ends of two days.

        One that went and one of the same name that came are one change (E64): of one plan first,
        the rest in order of plan and subscription.
        """
        before, after = self.in_force(before_day), self.in_force(day)
        told, went, came = [], defaultdict(list), defaultdict(list)
        for key in before.keys() | after.keys():
            name = key[1:]
            if key not in after:
                went[name].append(before[key])
            elif key not in before:
                came[name].append(after[key])
            else:
                told.append(Change(before[key], after[key]))
        for name in went.keys() | came.keys():
            for side in (went[name], came[name]):
                side.sort(key=lambda s: (s.row["plan_id"], s.row["subscription_id"]))
            for old in list(went[name]):
                alike = [new for new in came[name] if new.row["plan_id"] == old.row["plan_id"]]
                if alike:
                    told.append(Change(old, alike[0]))
                    went[name].remove(old)
                    came[name].remove(alike[0])
            told += [Change(*pair) for pair in zip_longest(went[name], came[name])]
        return [
            change
            for change in told
            if change.amounts()[0] != change.amounts()[1] or change.is_currency_change
        ]


class Oracle:
    """Every person's MRR, from the delivered files."""

    def __init__(self, delivered: Delivered, cutoff_day: dt.date, zone: ZoneInfo) -> None:
        """Reckon to the end of a day."""
        self.clock = Clock(zone)
        self.cutoff_day = cutoff_day
        self.cut = self.clock.midnight(cutoff_day + DAY)
        self.rates: dict[str, tuple[list[dt.date], list[Fraction]]] = {}
        rates = defaultdict(list)
        for row in delivered.rows["exchange_rates"].values():
            rates[row["currency"]].append((row["rate_date"], row["rate"]))
        for currency, told in rates.items():
            self.rates[currency] = tuple(zip(*sorted(told), strict=True))
        self.rate = cache(self._rate)
        self.money = cache(self._money)
        self.people: dict[str, Person] = {}
        self.stretches: list[Stretch] = []
        self._subscribe(delivered)

    # --- money ----------------------------------------------------------------------------------

    def _rate(self, currency: str, day: dt.date) -> Fraction | None:
        """The latest at or before a day, not too old; None where there is none."""
        if currency == REPORTING:
            return Fraction(1)
        days, rates = self.rates.get(currency, ((), ()))
        place = bisect_right(days, day)
        if not place or (day - days[place - 1]).days > RATE_AGE:
            return None
        return rates[place - 1]

    def _money(self, native: int, rate: Fraction) -> int:
        """Cents of a native amount."""
        return half_up(native * rate, 10_000)

    # --- subscriptions --------------------------------------------------------------------------

    def _subscribe(self, delivered: Delivered) -> None:
        """Read every subscription, then put its stretches to their person."""
        periods = delivered.by_subscription("subscription_periods")
        payments = delivered.by_subscription("payments")
        refunds: dict[str, Fraction] = defaultdict(Fraction)
        for row in delivered.rows["refunds"].values():
            if row["refunded_at"] and row["refunded_at"] < self.cut:
                refunds[row["order_id"]] += row["amount"]
        known = {}
        for name, rows in periods.items():
            own = self._known(rows, delivered)
            if own:
                known[name] = own
        self.delivers_requests = any(
            row["requested_at"]
            for items in known.values()
            for rows in items.values()
            for row in rows
        )
        paid_by = starts_instead(known, ("paid", "past_due"))
        free_by = starts_instead(known, ("free",))
        self.freed = {name: self.clock.day(start) for name, start in free_by.items()}
        for name, items in known.items():
            self._read(name, items, payments[name], refunds, paid_by.get(name))
        for person in list(self.people.values()):
            if not person.items:
                del self.people[person.customer_id]
            else:
                person.settle()

    def _known(self, rows: list[dict], delivered: Delivered) -> dict[tuple, list[dict]]:
        """What is known of a subscription's rows at the cutoff, by item (§1, E82, E25)."""
        keys = [(row["subscription_id"], row["item_id"], row["starts_at"]) for row in rows]
        gone = [delivered.deleted.get(key) for key in keys]
        is_deleted = all(gone)
        gone_at = self.clock.midnight(self.clock.day(max(gone)) - DAY) if is_deleted else None
        items: dict[tuple, list[dict]] = defaultdict(list)
        for row, deleted in zip(rows, gone, strict=True):
            if "unit_amount" not in row or (deleted and not is_deleted):
                continue
            person = delivered.person(row["customer_id"])
            if person is None or row["starts_at"] >= self.cut:
                continue
            if gone_at and gone_at < self.cut and row["starts_at"] >= gone_at:
                continue
            end, request = row["ends_at"], row["cancel_requested_at"]
            if row["status"] == "cancelled" and not end and request and request > row["starts_at"]:
                end = request
            if gone_at and gone_at < self.cut and (end is None or gone_at < end):
                end = gone_at
            is_known_request = request is not None and request < self.cut
            monthly = Fraction(PER_YEAR[row["interval"]], 12) / row["interval_count"]
            discount = row["discount_amount"] if row["discount_is_recurring"] else Fraction(0)
            price = max(row["unit_amount"] * row["quantity"] - discount, Fraction(0))
            items[row["item_id"], row["kind"]].append(
                row
                | {
                    "person": person,
                    "end": end if end and end < self.cut else None,
                    "requested_at": request if is_known_request else None,
                    "reason": row["cancel_reason"] if is_known_request or not request else None,
                    "mrr": half_up(price * monthly * 10**6),
                    "monthly_price": half_up(row["unit_amount"] * monthly * 10**6),
                    "monthly_discount": half_up(discount * monthly * 10**6),
                    "is_deleted": bool(gone_at and gone_at < self.cut),
                }
            )
        for own in items.values():
            own.sort(key=lambda row: row["starts_at"])
            for row in own:
                row["state"] = self._state(row, row is own[-1], len(own) == 1)
        return items

    def _state(self, row: dict, is_last: bool, is_only: bool) -> str:
        """State by status, dates, price and kind (§1 Known at a day, E67, E73, E78, E86, E88)."""
        status, request = row["status"], row["cancel_requested_at"]
        if status == "cancelled":
            is_unknown = request is not None and request >= self.cut
            # dated after the start, the request shows that there was service until then
            is_later = request is not None and request > row["starts_at"]
            is_at_start = request == row["starts_at"] and is_last
            if is_unknown or is_later or (row["ends_at"] and (is_at_start or is_only)):
                status = "active"
        if row["kind"] != "recurring":
            return "not_recurring"
        if status in ("trial", "paused", "unpaid", "cancelled"):
            return status
        if row["mrr"] == 0:
            return "free"
        return "past_due" if status == "past_due" else "paid"

    def _in_force(self, rows: list[dict], replaced_at: dt.datetime | None) -> list[Stretch]:
        """Stretches without overlaps (E83), short gaps closed (E22, E62, E64, E71)."""
        told = [Stretch(row, row["starts_at"], row["end"], row["state"]) for row in rows]
        for one, other in pairwise(told):
            if one.end is None or other.start < one.end:
                one.end = other.start
        for place, one in enumerate(told):
            if not (one.is_served or one.state == "paused"):
                continue
            nexts = [
                other.start
                for other in told[place + 1 :]
                if other.is_served or other.state == "paused"
            ]
            if one.is_served and replaced_at and replaced_at > one.row["starts_at"]:
                nexts.append(replaced_at)
            if not nexts:
                continue
            follows = min(nexts)
            if one.end is None or follows < one.end:
                one.end = follows
            elif one.end < follows:
                stops = [
                    other
                    for other in told[place + 1 :]
                    if other.row["starts_at"] < follows and other.state in ("trial", "free")
                ]
                gap = (self.clock.day(follows) - self.clock.day(one.end)).days
                if not stops and gap <= GAP:
                    one.end = follows
                    for other in told[place + 1 :]:
                        other.start = max(other.start, follows)
        return [one for one in told if one.end is None or one.end > one.start]

    def _read(
        self,
        name: str,
        items: dict[tuple, list[dict]],
        payments: list[dict],
        refunds: dict[str, Fraction],
        replaced_at: dt.datetime | None,
    ) -> None:
        """The stretches of one subscription as they count, each with the reason of its end."""
        standing = {key: self._in_force(rows, replaced_at) for key, rows in items.items()}
        paid = self._paid_at(payments)
        arrears = self._arrears(payments, paid, self._restarts(standing))
        is_undone = self._is_undone(standing, payments, refunds, replaced_at)
        requested = set()
        cut_up = {}
        for key, own in standing.items():
            windows = arrears + self._overdue(own, paid) + self._unconverted(own, payments)
            cut_up[key] = [piece for one in own for piece in cut(one, windows, self.cut)]
            for piece in cut_up[key]:
                if piece.row["requested_at"] or piece.row["reason"]:
                    requested.add(piece.end)
        for key, pieces in cut_up.items():
            for place, piece in enumerate(pieces):
                if is_undone and piece.is_served:
                    piece.state = "refunded"
                following = pieces[place + 1] if place + 1 < len(pieces) else None
                piece.first_day = self.clock.day(piece.start)
                piece.end_day = self.clock.day(piece.end) if piece.end else None
                if piece.is_served and piece.end:
                    piece.reason = self._reason(piece, following, requested, replaced_at)
            self.stretches += pieces
            for piece in pieces:
                person = piece.row["person"]
                book = self.people.setdefault(person, Person(person))
                if piece.is_served:
                    book.items[name, *key].append(piece)
                elif piece.state == "paused":
                    book.pauses.append(piece)

    def _reason(self, piece, following, requested, replaced_at) -> str:
        """Why a paid stretch ended."""
        if following and following.start == piece.end:
            is_asked = piece.end in requested or following.row["requested_at"]
            if (piece.state, following.state) == ("past_due", "cancelled") and not is_asked:
                return "involuntary"
            return {
                "unpaid": "involuntary",
                "paused": "pause",
                "free": "free_plan",
                "cancelled": "voluntary",
                "trial": "voluntary",
            }.get(following.state, "change")
        if replaced_at == piece.end:
            return "change"
        # E73 done as cancel and create (E64)
        if self.freed.get(piece.row["subscription_id"]) == piece.end_day:
            return "free_plan"
        if piece.state == "past_due":
            return "involuntary"
        if piece.end in requested:
            return "voluntary"
        if piece.row["is_deleted"] or not self.delivers_requests:
            return "unstated"
        return "completed_term"

    # --- payments (E68 to E70, E85) -------------------------------------------------------------

    def _paid_at(self, payments: list[dict]) -> list[dt.datetime]:
        """Instants of successful payments of more than nothing, as known."""
        told = [
            payment["paid_at"] or payment["due_at"]
            for payment in payments
            if payment["status"] in ("succeeded", "recovered") and payment["amount"] > 0
        ]
        return sorted(instant for instant in told if instant and instant < self.cut)

    def _restarts(self, standing) -> list[dt.datetime]:
        """Instants at which the subscription is held again after a time without."""
        held = [
            one
            for own in standing.values()
            for one in own
            if one.is_served or one.state == "paused"
        ]
        told, until = [], None
        for one in sorted(held, key=lambda one: one.start):
            if until and one.start > until:
                told.append(one.start)
            until = max(until or one.start, one.end or self.cut)
        return told

    def _arrears(self, payments, paid, restarts) -> list[tuple]:
        """From the end of the grace of each demand to the next success after it fell due.

        Service that begins anew after that end is not what was asked for (E69).
        """
        met_on_time = {
            payment["due_at"]
            for payment in payments
            if payment["status"] in ("succeeded", "recovered")
            and payment["due_at"]
            and (payment["paid_at"] or payment["due_at"]) <= payment["due_at"]
        }
        told = []
        for payment in payments:
            due = payment["due_at"]
            if payment["amount"] <= 0 or not due or due >= self.cut or due in met_on_time:
                continue
            met = next((instant for instant in paid if instant >= due), None)
            late = self.clock.later(due, GRACE)
            again = next((instant for instant in restarts if instant >= late), None)
            told.append((late, min((end for end in (met, again) if end), default=None)))
        return told

    def _overdue(self, own: list[Stretch], paid: list[dt.datetime]) -> list[tuple]:
        """Past due by status, beyond the grace or straight out of a trial, until a payment."""
        told = []
        place = 0
        while place < len(own):
            if own[place].state != "past_due":
                place += 1
                continue
            last = place
            while (
                last + 1 < len(own)
                and own[last + 1].state == "past_due"
                and own[last + 1].start == own[last].end
            ):
                last += 1
            before = [one.state for one in own[:place] if one.state in ("trial", "paid")]
            start = own[place].start
            unpaid_from = start if before[-1:] == ["trial"] else self.clock.later(start, GRACE)
            met = next((instant for instant in paid if instant >= start), None)
            until = min((end for end in (own[last].end, met) if end), default=None)
            told.append((unpaid_from, until))
            place = last + 1
        return told

    def _unconverted(self, own, payments) -> list[tuple]:
        """A converted trial before its first payment, where its first invoice was delivered.

        What fell due before the trial is an older debt: paying it converts nothing.
        """
        told = []
        for place, trial in enumerate(own):
            if trial.state != "trial":
                continue
            rest = own[place + 1 :]
            following = next((one for one in rest if one.is_served or one.state == "trial"), None)
            if not following or not following.is_served:
                continue
            converted = following.start
            since = [
                payment
                for payment in payments
                if payment["amount"] > 0
                and (payment["due_at"] or payment["paid_at"])
                and (payment["due_at"] or payment["paid_at"]) >= trial.start
            ]
            invoices = [payment["due_at"] or payment["paid_at"] for payment in since]
            if not invoices or min(invoices) >= self.clock.later(converted, GRACE):
                continue
            met = next(iter(self._paid_at(since)), None)
            if met is None or self.clock.day(met) > self.clock.day(converted):
                told.append((converted, met))
        return told

    def _is_undone(self, standing, payments, refunds, replaced_at) -> bool:
        """Whether the start was undone: gone by day 14 for good, all that was paid given back."""
        served = [one for own in standing.values() for one in own if one.is_served]
        if not served or any(one.end is None for one in served):
            return False
        first = self.clock.day(min(one.start for one in served))
        end = max(one.end for one in served)
        if (self.clock.day(end) - first).days > REFUNDED or end == replaced_at:
            return False
        by_order: dict[str | None, list[Fraction]] = defaultdict(list)
        for payment in payments:
            at = payment["paid_at"] or payment["due_at"]
            if payment["status"] in ("succeeded", "recovered") and at and at < self.cut:
                by_order[payment["order_id"]].append(payment["amount"])
        paid = sum(max(amount, 0) for amounts in by_order.values() for amount in amounts)
        given = sum(
            max(-sum(min(amount, 0) for amount in amounts), refunds.get(order, 0))
            for order, amounts in by_order.items()
        )
        return 0 < paid <= given

    # --- movements ------------------------------------------------------------------------------

    def months(self) -> list[dt.date]:
        """First days of the months from the first paid service to the cutoff's."""
        first = min(person.first_day for person in self.people.values()).replace(day=1)
        told = [first]
        while next_month(told[-1]) <= self.cutoff_day:
            told.append(next_month(told[-1]))
        return told

    def close_of(self, end: dt.date) -> dt.date:
        """The day at whose end a period closes, as known."""
        return min(end - DAY, self.cutoff_day)

    def churn_type(self, person: Person, first: dt.date, last: dt.date) -> str:
        """Why what went last went: the largest of it, in money of the day."""
        day = person.losses(first, last)[-1]
        gone = [change.before for change in person.changes(day - DAY, day) if not change.after]
        if not gone:
            return "voluntary"
        gone.sort(key=lambda s: (s.row["subscription_id"], s.row["item_id"], s.row["kind"]))
        largest = max(
            gone, key=lambda s: self.money(s.row["mrr"], self.rate(s.row["currency"], day))
        )
        reason = self.end_reason(person, largest, day)
        if reason == "pause":
            return "voluntary"
        return reason if reason in NAMED_REASONS else "unstated"

    def end_reason(self, person: Person, gone: Stretch, day: dt.date) -> str | None:
        """Why an item that held at the end of the day before holds no more."""
        key = (gone.row["subscription_id"], gone.row["item_id"], gone.row["kind"])
        reason = [one for one in person.items[key] if one.end_day == day][-1].reason
        if reason != "change":
            return reason
        # what it was changed into was given up on the same day (E58)
        others = [
            one
            for own in person.items.values()
            for one in own
            if one.end_day == day and one.reason != "change"
        ]
        return max(others, key=lambda one: one.start).reason if others else reason

    def movement(self, person: Person, first: dt.date, last: dt.date, was: bool, now: bool) -> str:
        """The line a person belongs to between the end of the day before first and that of last."""
        if was and now:
            return "change"
        if was:
            return "pause" if person.stands(last) == "paused" else "churn"
        if person.stands(first - DAY) == "paused" and not person.losses(first, last):
            return "resume"
        return "new" if person.first_day >= first else "reactivation"


def starts_instead(known: dict, states: tuple[str, ...]) -> dict[str, dt.datetime]:
    """Since when what replaces a subscription is in a state, by the name of the replaced.

    It replaces from the row that says so on, and may replace several, one after the other.
    """
    told: dict[str, dt.datetime] = {}
    for name, items in known.items():
        rows = [row for own in items.values() for row in own]
        for other in {row["replaces"] for row in rows if row["replaces"]}:
            since = min(row["starts_at"] for row in rows if row["replaces"] == other)
            starts = [
                row["starts_at"]
                for row in rows
                if row["state"] in states and row["starts_at"] >= since
            ]
            old = other.removeprefix("main:")
            if starts and old != name:
                told[old] = min([*starts, *filter(None, [told.get(old)])])
    return told


def cut(one: Stretch, windows: list[tuple], known_until: dt.datetime) -> Iterator[Stretch]:
    """A stretch in pieces, unpaid where a window covers it, as far as is known."""
    if not one.is_served:
        yield one
        return
    turns = {one.start}
    for start, end in windows:
        turns |= {turn for turn in (start, end) if turn and turn < known_until}
    turns = sorted(t for t in turns if t >= one.start and (one.end is None or t < one.end))
    pieces: list[Stretch] = []
    for start, end in pairwise([*turns, one.end]):
        unpaid = any(
            since <= start and (until is None or start < until) for since, until in windows
        )
        state = "unpaid" if unpaid else one.state
        if pieces and pieces[-1].state == state:
            pieces[-1].end = end
        else:
            pieces.append(Stretch(one.row, start, end, state))
    yield from pieces
