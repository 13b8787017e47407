"""The definitions, read a second time: slow, plain Python over delivered rows.

Imports nothing of the project. Every number is counted the long way (a person's state is asked day
by day, a cohort cell by looking at each member), so that a mistake in the models' running sums,
joins or boundaries is not made twice. Sections are those of definitions.md.
"""

import bisect
import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, localcontext
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb

DAY = timedelta(days=1)
NONE = "(none)"
PAID_STATUSES = {"paid", "completed", "refunded"}
GRAINS = ("week", "month", "quarter", "year")
INPUTS = (
    "customers",
    "orders",
    "order_items",
    "products",
    "refunds",
    "subscription_periods",
    "payments",
    "exchange_rates",
)

Row = dict[str, Any]


@dataclass
class Facts:
    """Delivered rows, latest version of each key, by input; and the sales channels left out."""

    rows: dict[str, list[Row]] = field(default_factory=dict)
    excluded_channels: frozenset[str] = frozenset({"staff", "wholesale", "draft"})

    def __getattr__(self, name: str) -> list[Row]:
        """The rows of an input; none where it was not delivered."""
        if name in INPUTS:
            return self.rows.get(name, [])
        raise AttributeError(name)


def read_landing(work_db: Path) -> Facts:
    """Read what was accepted of a delivery.

    Args:
        work_db: The work database of a warehouse, closed by everybody else.

    Returns:
        The rows that were neither deleted nor held back.
    """
    rows = {}
    with duckdb.connect(str(work_db), read_only=True) as con:
        for name in INPUTS:
            result = con.execute(
                f"select * from landing.{name} where not _is_deleted and not _is_held"
            )
            columns = [column[0] for column in result.description]
            rows[name] = [dict(zip(columns, row, strict=True)) for row in result.fetchall()]
    return Facts(rows)


@dataclass
class Order:
    """An order as it was known at the cutoff (§1)."""

    order_id: str
    person: str | None
    day: date
    status: str
    invalid_reason: str | None
    is_purchase: bool
    sales_channel: str | None
    first_category: str | None
    paid: Decimal = Decimal(0)
    net: Decimal = Decimal(0)
    net_refunds: Decimal = Decimal(0)

    @property
    def is_valid(self) -> bool:
        """Whether it counts."""
        return self.invalid_reason is None

    @property
    def net_revenue(self) -> Decimal:
        """Net revenue on the order basis."""
        return self.net - self.net_refunds


@dataclass
class Refund:
    """A refund that counts, with what it takes from net revenue."""

    order_id: str
    day: date
    net: Decimal
    is_orphan: bool


@dataclass
class Presence:
    """The days, as numbers, on which a person is not lost in some basis.

    Attributes:
        first: The first day of all.
        days: 1 or 0 for each day from the first on.
    """

    first: int
    days: bytearray

    def is_there(self, day: int) -> bool:
        """Whether the person has come and is not lost at the end of a day."""
        return day >= self.first and bool(self.days[day - self.first])

    def _between(self, start: date, last: date) -> bytearray:
        return self.days[max(0, start.toordinal() - self.first) : last.toordinal() - self.first + 1]

    def is_away_between(self, start: date, last: date) -> bool:
        """Whether the person is lost on some day of a period."""
        return 0 in self._between(start, last)

    def came_between(self, start: date, last: date) -> bool:
        """Whether the person is there on some day of a period, or came and went on its first."""
        return 1 in self._between(start, last) or start.toordinal() <= self.first


@dataclass
class Cell:
    """One row of the retention rates."""

    opening: int = 0
    new: int = 0
    returned: int = 0
    lost: int = 0
    moved_in: int = 0
    moved_out: int = 0
    transient: int = 0
    intra_period_lapse: int = 0
    closing: int = 0


# --- §1 calendar and money ------------------------------------------------------------------------


def period_start(grain: str, day: date) -> date:
    """The first day of the period that holds a day."""
    if grain == "week":
        return day - timedelta(days=day.weekday())
    if grain == "month":
        return day.replace(day=1)
    if grain == "quarter":
        return date(day.year, 3 * ((day.month - 1) // 3) + 1, 1)
    return date(day.year, 1, 1)


def next_period(grain: str, start: date) -> date:
    """The first day of the period after the one that starts on a day."""
    longest = {"week": 7, "month": 31, "quarter": 92, "year": 366}[grain]
    return period_start(grain, start + longest * DAY)


def periods(grain: str, first: date, last: date) -> Iterator[tuple[date, date]]:
    """Start and end (exclusive) of each period from that of one day to that of another."""
    start = period_start(grain, first)
    while start <= last:
        yield start, next_period(grain, start)
        start = next_period(grain, start)


def rounded(amount: Decimal, decimals: int = 2) -> Decimal:
    """Round half away from zero."""
    return amount.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)


class Oracle:
    """What the definitions say of some delivered rows at a cutoff."""

    def __init__(
        self, facts: Facts, settings: Mapping[str, Any], cutoff_day: date | None = None
    ) -> None:
        """Take the rows and settings in.

        Args:
            facts: The delivered rows.
            settings: Every business setting by name.
            cutoff_day: Last whole local day that counts; by default the last day of any order
                event (definitions, Cutoff).
        """
        self.facts = facts
        self.settings = settings
        self.zone = ZoneInfo(settings["business_timezone"])
        self.cutoff_day = cutoff_day or self.last_event_day()

    # --- §1 days ----------------------------------------------------------------------------------

    def local_day(self, instant: datetime) -> date:
        """The business-local day of a UTC instant."""
        return instant.replace(tzinfo=UTC).astimezone(self.zone).date()

    def is_known(self, instant: datetime | None) -> bool:
        """Whether a dated fact lies before the cutoff."""
        return instant is not None and self.local_day(instant) <= self.cutoff_day

    def last_event_day(self) -> date:
        """The last day with any event among the orders."""
        return max(
            self.local_day(row[name])
            for row in self.facts.orders
            for name in ("ordered_at", "paid_at", "cancelled_at")
            if row.get(name) is not None
        )

    # --- §1 person --------------------------------------------------------------------------------

    @cached_property
    def prefixes(self) -> dict[str, str]:
        """What stands before an id, by source."""
        sources = {
            row["_source"]
            for name in ("customers", "orders", "subscription_periods")
            for row in self.facts.rows.get(name, [])
        }
        return {source: f"{source}:" if len(sources) > 1 else "" for source in sources}

    @cached_property
    def accounts(self) -> dict[tuple[str, str], Row]:
        """Known customer rows by source and id."""
        return {
            (row["_source"], row["customer_id"]): row
            for row in self.facts.customers
            if row.get("signed_up_at") is None or self.is_known(row["signed_up_at"])
        }

    @cached_property
    def account_ids(self) -> set[tuple[str, str]]:
        """Everybody who has a row, ordered or subscribed under an id."""
        ordering = {
            (row["_source"], row["customer_id"])
            for row in self.facts.orders
            if row.get("customer_id") is not None and self.is_known(row["ordered_at"])
        }
        subscribing = {
            (row["_source"], row["customer_id"])
            for row in self.facts.subscription_periods
            if self.is_known(row["starts_at"])
        }
        return set(self.accounts) | ordering | subscribing

    def survivor(self, source: str, customer_id: str) -> str:
        """Follow merges to the account that remains; of a circle the smallest id."""
        path = [customer_id]
        while True:
            row = self.accounts.get((source, path[-1]), {})
            target = row.get("merged_into_customer_id")
            if target is None or target == path[-1] or (source, target) not in self.account_ids:
                return path[-1]
            if target in path:
                return min(path[path.index(target) :])
            path.append(target)

    @cached_property
    def accounts_by_email(self) -> dict[str, list[Row]]:
        """Accounts by the hash of an address that is theirs alone."""
        found = defaultdict(list)
        for row in self.accounts.values():
            if row.get("email_hash") is not None and not row.get("is_email_shared"):
                found[row["email_hash"]].append(row)
        return found

    def person_of_order(self, row: Row) -> tuple[str | None, bool]:
        """Who ordered (None = nobody attached), and whether that is a test account."""
        source = row["_source"]
        if row.get("customer_id") is not None:
            account = self.accounts.get((source, row["customer_id"]), {})
            person = self.prefixes[source] + self.survivor(source, row["customer_id"])
            return person, bool(account.get("is_test"))
        email = row.get("guest_email_hash")
        if email is None or row.get("is_guest_email_shared"):
            return None, False
        # the same shop's account before another's, then who signed up first
        matches = sorted(
            self.accounts_by_email.get(email, []),
            key=lambda one: (
                one["_source"] != source,
                one.get("signed_up_at") is None,
                one.get("signed_up_at") or datetime.min,  # noqa: DTZ901
                one["_source"],
                one["customer_id"],
            ),
        )
        if not matches:
            return f"guest:{email}", False
        account = matches[0]
        person = self.survivor(account["_source"], account["customer_id"])
        return self.prefixes[account["_source"]] + person, bool(account.get("is_test"))

    @cached_property
    def persons(self) -> set[str]:
        """Everybody, prospects included."""
        people = {
            self.prefixes[source] + self.survivor(source, customer_id)
            for source, customer_id in self.account_ids
        }
        return people | {order.person for order in self.orders if order.person is not None}

    def trait(self, person: str, name: str) -> str:
        """A static trait of the surviving account, '(none)' where there is none."""
        return self.traits(name).get(person) or NONE

    def traits(self, name: str) -> dict[str, str | None]:
        """A column of the surviving accounts by person."""
        return {
            self.prefixes[source] + customer_id: row.get(name)
            for (source, customer_id), row in self.accounts.items()
        }

    # --- §1 valid orders and money ----------------------------------------------------------------

    def rate(self, currency: str, day: date) -> Decimal:
        """Reporting currency for one unit: the latest rate at or before the day, not too old."""
        if currency == self.settings["reporting_currency"]:
            return Decimal(1)
        age = timedelta(days=self.settings["max_rate_age_days"])
        known = [
            (row["rate_date"], row["_source"], row["rate_to_reporting"])
            for row in self.facts.exchange_rates
            if row["currency"] == currency and day - age <= row["rate_date"] <= day
        ]
        if not known:
            raise LookupError(f"no rate for {currency} on {day}")
        return max(known)[2]

    @cached_property
    def _rates(self) -> dict[tuple[str, date], Decimal]:
        return {}

    def converted(self, amount: Decimal, currency: str, day: date) -> Decimal:
        """An amount in reporting currency at the rate of its own day."""
        if (currency, day) not in self._rates:
            self._rates[currency, day] = self.rate(currency, day)
        return rounded(amount * self._rates[currency, day], self.settings["money_decimals"])

    def money(self, row: Row, name: str) -> Decimal:
        """A delivered amount, absent = 0, rounded to cents."""
        amount = row.get(name)
        return rounded(Decimal(0) if amount is None else amount, self.settings["money_decimals"])

    @cached_property
    def refund_rows(self) -> dict[tuple[str, str], list[Row]]:
        """Delivered refunds by source and order, the unknown ones too."""
        found = defaultdict(list)
        for row in self.facts.refunds:
            found[row["_source"], row["order_id"]].append(row)
        return found

    def status(self, row: Row) -> str:
        """What the order was at the cutoff, from its dates where it has any."""
        delivered, paid_at, cancelled_at = (
            row["status"],
            row.get("paid_at"),
            row.get("cancelled_at"),
        )
        if self.is_known(cancelled_at):
            return "void" if delivered == "void" else "cancelled"
        if paid_at is not None and not self.is_known(paid_at):
            return "pending"
        if delivered in ("cancelled", "void") and cancelled_at is not None:
            return "paid" if paid_at is not None else "pending"
        if delivered in ("pending", "failed") and paid_at is not None:
            return "paid"
        if delivered == "refunded":
            refunds = self.refund_rows[row["_source"], row["order_id"]]
            is_later = refunds and not any(self.is_known(one["refunded_at"]) for one in refunds)
            return "paid" if is_later else "refunded"
        return delivered

    @cached_property
    def lines(self) -> dict[tuple[str, str], list[Row]]:
        """Lines by source and order, each with its product's kind and category."""
        products = {(row["_source"], row["product_id"]): row for row in self.facts.products}
        found = defaultdict(list)
        for row in self.facts.order_items:
            product = products.get((row["_source"], row.get("product_id")), {})
            line = {
                "id": row["order_item_id"],
                "kind": product.get("kind"),
                "category": product.get("category"),
                "amount": rounded(
                    row["quantity"] * rounded(row["unit_price"], 6)
                    - rounded(row.get("discount_amount") or Decimal(0)),
                    self.settings["money_decimals"],
                ),
            }
            found[row["_source"], row["order_id"]].append(line)
        return {key: sorted(lines, key=lambda one: one["id"]) for key, lines in found.items()}

    @cached_property
    def orders(self) -> list[Order]:
        """Every order known at the cutoff, valid or not, with its refunds taken off."""
        return [self._order(row) for row in self.facts.orders if self.is_known(row["ordered_at"])]

    def _order(self, row: Row) -> Order:
        person, is_test_account = self.person_of_order(row)
        lines = self.lines.get((row["_source"], row["order_id"]), [])
        gross = self.money(row, "gross_amount")
        tax, shipping = self.money(row, "tax_amount"), self.money(row, "shipping_amount")
        if row.get("prices_include_tax") is False:
            gross += tax + shipping
        paid = gross - self.money(row, "discount_amount")
        vouchers = sum(
            (line["amount"] for line in lines if line["kind"] == "gift_card"), Decimal(0)
        )
        status = self.status(row)
        order = Order(
            order_id=self.prefixes[row["_source"]] + row["order_id"],
            person=person,
            day=self.local_day(row["ordered_at"]),
            status=status,
            invalid_reason=self._invalid_reason(row, status, paid, lines, is_test_account),
            is_purchase=row.get("exchange_of_order_id") is None,
            sales_channel=row.get("sales_channel"),
            first_category=next(
                (
                    line["category"]
                    for line in lines
                    if line["kind"] not in ("gift_card", "shipping", "fee")
                ),
                None,
            ),
        )
        order.is_purchase = order.is_purchase and order.is_valid
        if order.is_valid:
            currency = row.get("currency") or self.settings["reporting_currency"]
            order.paid = self.converted(paid, currency, order.day)
            order.net = self.converted(paid - tax - shipping - vouchers, currency, order.day)
            order.net_refunds = sum(
                (refund.net for refund in self._refunds_of(row, order)), Decimal(0)
            )
        return order

    def _invalid_reason(
        self, row: Row, status: str, paid: Decimal, lines: list[Row], is_test_account: bool
    ) -> str | None:
        channel = (row.get("sales_channel") or "").strip().lower()
        kinds = {line["kind"] for line in lines}
        if row.get("is_test") or is_test_account:
            return "test"
        if status not in PAID_STATUSES:
            return status
        if channel in self.facts.excluded_channels:
            return "excluded_channel"
        if "gift_card" in kinds and kinds <= {"gift_card", "shipping", "fee"}:
            return "gift_card_only"
        if paid < 0 or (paid == 0 and not self.settings["allow_zero_orders"]):
            return "zero_amount"
        return None

    def _refunds_of(self, row: Row, order: Order) -> list[Refund]:
        """What the refunds of a valid order take from net revenue, in the order they were made.

        Shared out on the running total, so that a full refund in parts leaves nothing behind.
        """
        delivered = self.refund_rows[row["_source"], row["order_id"]]
        if order.status == "refunded" and not delivered:
            return [Refund(order.order_id, order.day, order.net, is_orphan=False)]
        known = sorted(
            (one for one in delivered if self.is_known(one["refunded_at"])),
            key=lambda one: (one["refunded_at"], one["refund_id"]),
        )
        refunds = []
        total = taken = Decimal(0)
        for one in known:
            day = self.local_day(one["refunded_at"])
            currency = (
                one.get("currency") or row.get("currency") or self.settings["reporting_currency"]
            )
            total += self.converted(self.money(one, "amount"), currency, day)
            share = rounded(total * order.net / order.paid) if order.paid else total
            refunds.append(Refund(order.order_id, day, share - taken, is_orphan=False))
            taken = share
        return refunds

    @cached_property
    def refunds(self) -> list[Refund]:
        """Every refund that counts: of valid orders, and of orders older than the history."""
        known_orders = {(row["_source"], row["order_id"]) for row in self.facts.orders}
        found = [
            Refund(
                order_id,
                self.local_day(row["refunded_at"]),
                self.converted(
                    self.money(row, "amount"),
                    row.get("currency") or self.settings["reporting_currency"],
                    self.local_day(row["refunded_at"]),
                ),
                is_orphan=True,
            )
            for (source, order_id), rows in self.refund_rows.items()
            if (source, order_id) not in known_orders
            for row in rows
            if self.is_known(row["refunded_at"])
        ]
        rows = {self.prefixes[row["_source"]] + row["order_id"]: row for row in self.facts.orders}
        for order in self.orders:
            if order.is_valid:
                found.extend(self._refunds_of(rows[order.order_id], order))
        return found

    @cached_property
    def occasions(self) -> dict[str, list[date]]:
        """The days on which each person bought, in order."""
        days = defaultdict(set)
        for order in self.orders:
            if order.is_purchase and order.person is not None:
                days[order.person].add(order.day)
        return {person: sorted(own) for person, own in days.items()}

    # --- §2 lapse ---------------------------------------------------------------------------------

    @cached_property
    def lapse_points(self) -> dict[date, int]:
        """The lapse point by the first day of the month to whose occasions it applies."""
        first = min(days[0] for days in self.occasions.values())
        return {
            end: self.lapse_point(end - DAY)
            for _, end in periods("month", first, self.cutoff_day)
            if end - DAY <= self.cutoff_day
        }

    def lapse_point(self, month_end: date) -> int:
        """The day by which `lapse_quantile` of those who will return have, seen from a month end.

        Kaplan-Meier over the gaps between occasions; each person's last gap is open until the month
        end; on one day completions come before censorings, so who is censored is still at risk.
        """
        completed, censored = [], []
        for days in self.occasions.values():
            known = [day for day in days if day <= month_end]
            completed += [(b - a).days for a, b in pairwise(known)]
            censored += [(month_end - known[-1]).days] if known else []
        if len(completed) < self.settings["min_lapse_gaps"]:
            return self.settings["fixed_lapse_days"]
        counts, lengths = defaultdict(int), sorted(completed + censored)
        for length in completed:
            counts[length] += 1
        with localcontext() as context:
            context.prec = 60
            survival, curve = Decimal(1), {}
            for length in sorted(counts):
                at_risk = len(lengths) - bisect.bisect_left(lengths, length)
                survival *= 1 - Decimal(counts[length]) / at_risk
                curve[length] = survival
            wanted = Decimal(str(self.settings["lapse_quantile"])) * (1 - survival)
            return next(
                length for length, left in curve.items() if 1 - left >= wanted - Decimal("1e-40")
            )

    def window(self, days: list[date], place: int) -> int:
        """After how many days without a purchase the person is lost, as known on that occasion."""
        settings = self.settings
        if settings["lapse_rule"] == "fixed":
            return settings["fixed_lapse_days"]
        floor = settings["lapse_floor_days"]
        past = days[: place + 1]
        gaps = [(b - a).days for a, b in pairwise(past)]
        gaps = gaps[-settings["lapse_gaps"] :]
        if settings["lapse_rule"] == "own_interval" and len(gaps) >= 2:
            mean = sum(gaps) / len(gaps)
            return max(floor, math.ceil(round(settings["lapse_factor"] * mean, 6)))
        month = period_start("month", days[place])
        return max(floor, self.lapse_points.get(month, settings["fixed_lapse_days"]))

    @cached_property
    def lost_spells(self) -> dict[str, list[tuple[date, date | None]]]:
        """For each person the stretches [from, to) in which they are lost, by orders."""
        spells = {}
        for person, days in self.occasions.items():
            own = []
            for place, day in enumerate(days):
                lost_on = day + self.window(days, place) * DAY
                following = days[place + 1] if place + 1 < len(days) else None
                if following is None:
                    if lost_on <= self.cutoff_day:
                        own.append((lost_on, None))
                elif following > lost_on:
                    own.append((lost_on, following))
            spells[person] = own
        return spells

    # --- §2 presence ------------------------------------------------------------------------------

    @cached_property
    def last_index(self) -> int:
        """The cutoff day as a number."""
        return self.cutoff_day.toordinal()

    @cached_property
    def buyers(self) -> dict[str, "Presence"]:
        """On which days each person is not lost, by orders."""
        found = {}
        for person, days in self.occasions.items():
            first = days[0].toordinal()
            is_there = bytearray(b"\1" * (self.last_index - first + 1))
            for lost_on, back_on in self.lost_spells[person]:
                end = back_on.toordinal() if back_on else self.last_index + 1
                for number in range(lost_on.toordinal(), end):
                    is_there[number - first] = 0
            found[person] = Presence(first, is_there)
        return found

    def subscribers(self, stretches: list[Row]) -> dict[str, "Presence"]:
        """On which days each person is not lost, by subscriptions, asked day by day.

        A pause right after service is kept for its days of grace; any other time without service
        is a loss from its first day.

        Args:
            stretches: Priced stretches with customer_id, is_paid, is_paused, starts_on and ends_on
                (exclusive, None while they run), in local days.
        """
        own: dict[str, list[Row]] = defaultdict(list)
        for row in stretches:
            own[row["customer_id"]].append(row)
        found = {}
        for person, rows in own.items():
            paid = [row["starts_on"].toordinal() for row in rows if row["is_paid"]]
            if paid:
                first = min(paid)
                days = range(first, self.last_index + 1)
                found[person] = Presence(first, self._served_days(rows, days))
        return found

    def _served_days(self, rows: list[Row], days: range) -> bytearray:
        def covers(row: Row, day: int) -> bool:
            end = row["ends_on"]
            return row["starts_on"].toordinal() <= day and (end is None or day < end.toordinal())

        is_there = bytearray()
        paused_since, was_served = None, True
        for day in days:
            is_served = any(row["is_paid"] and covers(row, day) for row in rows)
            is_paused = not is_served and any(row["is_paused"] and covers(row, day) for row in rows)
            if not is_paused:
                paused_since = None
            elif paused_since is None and was_served:
                paused_since = day
            is_kept = (
                paused_since is not None and day - paused_since < self.settings["pause_grace_days"]
            )
            is_there.append(is_served or is_kept)
            was_served = is_served
        return is_there

    def anybody(self, stretches: list[Row]) -> dict[str, "Presence"]:
        """On which days each person is there in one basis or the other."""
        buyers, subscribers = self.buyers, self.subscribers(stretches)
        found = {}
        for person in buyers.keys() | subscribers.keys():
            both = [one for one in (buyers.get(person), subscribers.get(person)) if one]
            first = min(one.first for one in both)
            days = range(first, self.last_index + 1)
            found[person] = Presence(
                first, bytearray(any(one.is_there(day) for one in both) for day in days)
            )
        return found

    # --- §3 retention -----------------------------------------------------------------------------

    @cached_property
    def first_day(self) -> date:
        """The day of the first valid order."""
        return min(order.day for order in self.orders if order.is_valid)

    def value_on(self, person: str, dimension: str, day: date) -> str:
        """A dimension's value at the end of a day."""
        if dimension == "all":
            return "all"
        if dimension == "sales_channel":
            past = [one for one in self.valid_orders_of[person] if one.day <= day]
            return (past[-1].sales_channel if past else None) or NONE
        return self._traits[dimension].get(person) or NONE

    @cached_property
    def _traits(self) -> dict[str, dict[str, str | None]]:
        return {name: self.traits(name) for name in ("country", "gender", "acquisition_channel")}

    @cached_property
    def valid_orders_of(self) -> dict[str, list[Order]]:
        """Valid orders by person, in time."""
        found = defaultdict(list)
        instants = {
            self.prefixes[row["_source"]] + row["order_id"]: row["ordered_at"]
            for row in self.facts.orders
        }
        for order in self.orders:
            if order.is_valid and order.person is not None:
                found[order.person].append(order)
        for own in found.values():
            own.sort(key=lambda one: (instants[one.order_id], one.order_id))
        return found

    def retention(
        self,
        grain: str,
        dimension: str = "all",
        people: "Mapping[str, Presence] | None" = None,
        first_day: date | None = None,
    ) -> dict[tuple[date, str], Cell]:
        """Opening, closing and what lies between, by period and value.

        Args:
            grain: week, month, quarter or year.
            dimension: all, sales_channel, or a trait of the customers.
            people: Who is there when; by orders where not given.
            first_day: The first day of the history; by default that of the first valid order.
        """
        people = self.buyers if people is None else people
        cells: dict[tuple[date, str], Cell] = defaultdict(Cell)
        for start, end in periods(grain, first_day or self.first_day, self.cutoff_day):
            last = min(end - DAY, self.cutoff_day)
            for person, presence in people.items():
                if presence.first <= last.toordinal():
                    self._count_person(cells, person, presence, dimension, (start, last))
        return cells

    def _count_person(
        self,
        cells: dict[tuple[date, str], Cell],
        person: str,
        presence: "Presence",
        dimension: str,
        period: tuple[date, date],
    ) -> None:
        start, last = period
        was = presence.is_there(start.toordinal() - 1)
        is_now = presence.is_there(last.toordinal())
        before = (start, self.value_on(person, dimension, start - DAY)) if was else None
        after = (start, self.value_on(person, dimension, last))
        if was:
            cells[before].opening += 1
            if not is_now:
                cells[before].lost += 1
            elif before != after:
                cells[before].moved_out += 1
                cells[after].moved_in += 1
        if is_now:
            cells[after].closing += 1
            if not was:
                is_new = presence.first >= start.toordinal()
                cells[after].new += is_new
                cells[after].returned += not is_new
            else:
                cells[before].intra_period_lapse += presence.is_away_between(start, last)
        elif not was:
            cells[after].transient += presence.came_between(start, last)

    # --- §3 cohorts -------------------------------------------------------------------------------

    def cohorts(self, grain: str) -> dict[date, list[str]]:
        """Members by the first day of the period of their first valid order."""
        found = defaultdict(list)
        for person, days in self.occasions.items():
            found[period_start(grain, days[0])].append(person)
        return found

    def cohort_cells(self, grain: str, max_age: int) -> dict[tuple[date, int, str], Decimal | int]:
        """Numerators by cohort, age and measure on the calendar grid."""
        cells: dict[tuple[date, int, str], Decimal | int] = {}
        for cohort, members in self.cohorts(grain).items():
            spans = list(periods(grain, cohort, self.cutoff_day))[: max_age + 1]
            for age, (start, end) in enumerate(spans):
                cells[cohort, age, "in_period"] = sum(
                    any(start <= day < end for day in self.occasions[person]) for person in members
                )
                cells[cohort, age, "on_or_after"] = sum(
                    any(day >= start for day in self.occasions[person]) for person in members
                )
                cells[cohort, age, "repeat_by"] = sum(
                    len([day for day in self.occasions[person] if day < end]) >= 2
                    for person in members
                )
                cells[cohort, age, "revenue"] = sum(
                    (
                        order.net_revenue
                        for person in members
                        for order in self.valid_orders_of[person]
                        if start <= order.day < end
                    ),
                    Decimal(0),
                )
        return cells

    def elapsed_cells(
        self, grain: str, windows: int
    ) -> dict[tuple[date, int, str], tuple[int, int]]:
        """Eligible people and numerator by cohort and 30-day window."""
        cells = {}
        for cohort, members in self.cohorts(grain).items():
            for number in range(windows):
                eligible = [
                    person
                    for person in members
                    if self.occasions[person][0] + 30 * (number + 1) * DAY <= self.cutoff_day + DAY
                ]
                for measure, test in (
                    ("in_period", lambda age, n: n * 30 <= age < (n + 1) * 30),
                    ("on_or_after", lambda age, n: age >= n * 30),
                ):
                    came = sum(
                        any(
                            test((day - self.occasions[person][0]).days, number)
                            for day in self.occasions[person]
                        )
                        for person in eligible
                    )
                    cells[cohort, number, measure] = (len(eligible), came)
                again = sum(
                    len(self.occasions[person]) > 1
                    and (self.occasions[person][1] - self.occasions[person][0]).days
                    < 30 * (number + 1)
                    for person in eligible
                )
                cells[cohort, number, "repeat_by"] = (len(eligible), again)
        return cells

    # --- §4 growth --------------------------------------------------------------------------------

    def growth(self, refund_basis: str) -> dict[tuple[date, str], tuple[int, int, Decimal]]:
        """Customers, orders and revenue by month and component.

        Args:
            refund_basis: order_basis or refund_basis.
        """
        people: dict[tuple[date, str], set[str]] = defaultdict(set)
        orders: dict[tuple[date, str], int] = defaultdict(int)
        revenue: dict[tuple[date, str], Decimal] = defaultdict(Decimal)
        components = {}
        for order in self.orders:
            if not order.is_valid:
                continue
            month = period_start("month", order.day)
            component = components[order.order_id] = self.component(month, order.person)
            orders[month, component] += 1
            people[month, component] |= {order.person} - {None}
            is_order_basis = refund_basis == "order_basis"
            revenue[month, component] += order.net_revenue if is_order_basis else order.net
        if refund_basis == "refund_basis":
            for refund in self.refunds:
                component = "anonymous" if refund.is_orphan else components[refund.order_id]
                revenue[period_start("month", refund.day), component] -= refund.net
        return {
            key: (len(people[key]), orders[key], revenue[key])
            for key in revenue.keys() | orders.keys()
        }

    def component(self, month: date, person: str | None) -> str:
        """What a person with a valid order in a month is in it."""
        if person is None:
            return "anonymous"
        if period_start("month", self.valid_orders_of[person][0].day) == month:
            return "new"
        returns = [back for _, back in self.lost_spells.get(person, []) if back is not None]
        if any(period_start("month", back) == month for back in returns):
            return "resurrected"
        return "returning"
