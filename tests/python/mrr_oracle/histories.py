"""A thousand subscribers with every kind of mess, as files of two deliveries.

Each person is one of the situations of definitions §10 by turns, or a random walk through all of
them; the second delivery corrects, back-dates and deletes what the first one said.
"""

import csv
import datetime as dt
import random
from collections import defaultdict
from pathlib import Path
from zoneinfo import ZoneInfo

DAY = dt.timedelta(days=1)
ZONE = ZoneInfo("Europe/Berlin")
FIRST_DAY = dt.date(2022, 11, 1)
# in a running month; summer time begins and ends before it
CUTOFF_DAY = dt.date(2024, 8, 15)
DELIVERED_AT = (dt.datetime(2024, 8, 14, 5), dt.datetime(2024, 8, 16, 5))  # noqa: DTZ001 - UTC
# francs have no rate before, so that a first contract in them has none at its open
FRANCS_FROM = dt.date(2023, 9, 20)
PERIOD = (
    "subscription_id", "item_id", "starts_at", "kind", "ends_at", "customer_id", "plan_id",
    "status", "quantity", "unit_amount", "discount_amount", "discount_is_recurring",
    "billing_interval", "billing_interval_count", "currency", "cancel_requested_at",
    "cancel_reason", "replaces_subscription_id", "_deleted",
)  # fmt: skip
PAYMENT = (
    "payment_id", "customer_id", "subscription_id", "order_id", "due_at", "paid_at", "amount",
    "currency", "status", "failure_code",
)  # fmt: skip
REFUND = ("refund_id", "order_id", "refunded_at", "amount", "currency", "reason")
BILLING = [("month", 1)] * 6 + [
    ("quarter", 1), ("year", 1), ("week", 1), ("week", 4), ("day", 30), ("month", 3), ("year", 2),
]  # fmt: skip
PRICES = ["30.00", "9.90", "49.99", "100", "1200", "0.333333", "33.335", "7.125"]


def utc(day: dt.date, hours: float = 0) -> dt.datetime:
    """UTC of a local day and hour."""
    wall = dt.datetime(day.year, day.month, day.day, tzinfo=ZONE)  # local midnight
    return wall.astimezone(dt.UTC).replace(tzinfo=None) + dt.timedelta(hours=hours)


def local_day(instant: dt.datetime) -> dt.date:
    """Local day of a UTC instant."""
    return instant.replace(tzinfo=dt.UTC).astimezone(ZONE).date()


def text(instant: dt.datetime | None) -> str:
    """An instant as a source writes it."""
    return "" if instant is None else instant.isoformat() + "Z"


class Histories:
    """Rows of every input, by delivery."""

    def __init__(self, people: int, seed: int) -> None:
        """Draw them."""
        self.rng = random.Random(seed)  # noqa: S311 - nothing secret
        self.periods: list[list[dict]] = [[], []]
        self.payments: list[dict] = []
        self.refunds: list[dict] = []
        self.customers: list[dict] = []
        for number in range(people):
            self.person = f"C{number:04}"
            self._account(number)
            self._subscribe(number)
        self._second_delivery()

    def write(self, folder: Path) -> list[tuple[Path, dt.datetime]]:
        """Write both deliveries, each a landing folder with all files that had come by then."""
        told = []
        for number, came_at in enumerate(DELIVERED_AT):
            landing = folder / f"delivery_{number + 1}"
            landing.mkdir(parents=True)
            (landing / "inputs.yml").write_text(
                "inputs:\n  subscription_periods:\n"
                f"    loaded_through: {CUTOFF_DAY - (1 - number) * 2 * DAY}\n"
            )
            told.append((landing, came_at))
        first, second = (landing for landing, _ in told)
        write_csv(first / "customers.csv", self.customers)
        write_csv(first / "subscription_periods_1.csv", self.periods[0], PERIOD)
        write_csv(second / "subscription_periods_2.csv", self.periods[1], PERIOD)
        known = [
            row for row in self.payments if not row["paid_at"] or row["paid_at"] < DELIVERED_AT[0]
        ]
        write_csv(first / "payments_1.csv", known, PAYMENT)
        write_csv(second / "payments_2.csv", [r for r in self.payments if r not in known], PAYMENT)
        write_csv(first / "refunds.csv", self.refunds, REFUND)
        write_csv(first / "exchange_rates.csv", self.rates())
        return told

    def rates(self) -> list[dict]:
        """Rates that move, with holes of up to five days, now and then one that jumps."""
        told = []
        for currency, rate, first in (
            ("USD", 0.92, FIRST_DAY - 90 * DAY),
            ("GBP", 1.15, FIRST_DAY - 90 * DAY),
            ("DKK", 0.125, FIRST_DAY - 90 * DAY),
            ("CHF", 1.03, FRANCS_FROM),
        ):
            day = first
            while day <= CUTOFF_DAY:
                rate *= 1 if currency == "DKK" else 1 + self.rng.gauss(0, 0.006)
                told.append(
                    {
                        "rate_date": day.isoformat(),
                        "currency": currency,
                        "rate_to_reporting": f"{rate:.6f}",
                    }
                )
                day += DAY * self.rng.choice([1, 1, 1, 1, 2, 3, 5])
        return told

    # --- people ---------------------------------------------------------------------------------

    def _account(self, number: int) -> None:
        """One in fifty was merged into the one before, one in a hundred is a test."""
        merged = f"C{number - 1:04}" if number % 50 == 7 else ""
        test = "true" if number % 100 == 50 else ""
        self.customers.append(
            {
                "customer_id": self.person,
                "merged_into_customer_id": merged,
                "is_test": test,
                "signed_up_at": "",
            }
        )

    def _subscribe(self, number: int) -> None:
        """Some situation by turns, and for two of three people a walk as well."""
        situations = [name for name in sorted(dir(self)) if name.startswith("_case_")]
        place = number % (len(situations) + 6)
        if place < len(situations):
            getattr(self, situations[place])()
        if place >= len(situations) or self.rng.random() < 0.3:
            previous = None
            for copy in range(self.rng.choice([1, 1, 2, 3])):
                previous = self._walk(copy, previous)

    # --- rows -----------------------------------------------------------------------------------

    def hour(self) -> float:
        """Local midnight, or some hour of the day."""
        return self.rng.choice([0, 0, 0, 1, 10.5, 22])

    def day(self, spread: int = 520) -> dt.date:
        """Some day of the history, often about the end of a month."""
        day = FIRST_DAY + self.rng.randrange(spread) * DAY
        if self.rng.random() < 0.3:
            day = (day.replace(day=28) + 4 * DAY).replace(day=1) + self.rng.choice([-1, 0, 1]) * DAY
        return day

    def row(self, name: str, start: dt.datetime, end: dt.datetime | None = None, **told) -> dict:
        """A row of subscription_periods, put to the first delivery."""
        row = dict.fromkeys(PERIOD, "") | {
            "subscription_id": f"{self.person}-{name}",
            "item_id": "main",
            "starts_at": start,
            "ends_at": end or "",
            "customer_id": self.person,
            "plan_id": "basic",
            "status": "active",
            "unit_amount": "30.00",
            "billing_interval": "month",
        }
        row |= told
        self.periods[0].append(row)
        return row

    def pay(
        self, name: str, due, paid, status: str, amount: str = "30.00", order: str = ""
    ) -> dict:
        """A row of payments."""
        row = dict.fromkeys(PAYMENT, "") | {
            "payment_id": f"P{len(self.payments)}",
            "customer_id": self.person,
            "subscription_id": f"{self.person}-{name}",
            "order_id": order,
            "due_at": due or "",
            "paid_at": paid or "",
            "amount": amount,
            "status": status,
        }
        self.payments.append(row)
        return row

    def money(self, day: dt.date) -> dict:
        """Price, quantity, discount, interval and currency of a row."""
        interval, count = self.rng.choice(BILLING)
        currencies = ["EUR", "EUR", "", "USD", "GBP"] + (["CHF"] if day > FRANCS_FROM else [])
        return {
            "unit_amount": self.rng.choice(PRICES),
            "quantity": self.rng.choice(["", "1", "1", "2", "3", "0.5", "0"]),
            "discount_amount": self.rng.choice(["", "", "", "5.00", "0.01", "2000"]),
            "discount_is_recurring": self.rng.choice(["", "true", "false"]),
            "billing_interval": interval,
            "billing_interval_count": str(count) if count > 1 else self.rng.choice(["", "1"]),
            "currency": self.rng.choice(currencies),
        }

    def _walk(self, copy: int, previous: dict | None) -> dict | None:
        """Stretches of one or two items: holes, overlaps, pauses, changes, ends of every kind."""
        name, rng = f"W{copy}", self.rng
        begun = self.day()
        if previous and previous["ends_at"] and rng.random() < 0.6:
            begun = local_day(previous["ends_at"]) + rng.choice([-10, 0, 0, 1, 2, 3, 4, 30]) * DAY
        last = None
        for item in ["main", "extra"] if rng.random() < 0.3 else ["main"]:
            last = self._item(name, item, begun, previous)
        rows = [r for r in self.periods[0] if r["subscription_id"] == f"{self.person}-{name}"]
        if rows and rng.random() < 0.4:
            self._invoices(name, min(r["starts_at"] for r in rows))
        return last

    def _item(self, name: str, item: str, begun: dt.date, previous: dict | None) -> dict | None:
        rng, day = self.rng, begun
        money = self.money(day)
        plan = rng.choice(["basic", "pro", "max"])
        status = rng.choice(["trial", "active", "active", "active"])
        replaces = previous["subscription_id"] if previous and rng.random() < 0.5 else ""
        row, starts = None, set()
        for _ in range(rng.choice([1, 2, 3, 4, 6, 9])):
            start = utc(day, self.hour())
            length = rng.choice([0, 1, 3, 10, 14, 29, 30, 31, 31, 60, 91, 200, 365])
            end = utc(day + length * DAY, self.hour())
            if end <= start:
                end = start + dt.timedelta(hours=3)
            if start in starts or day > CUTOFF_DAY + 60 * DAY:
                break
            starts.add(start)
            if money["currency"] == "CHF" and day <= FRANCS_FROM:
                money["currency"] = "EUR"
            request = start + rng.choice([-1, 0, 5]) * DAY if rng.random() < 0.15 else None
            row = self.row(
                name,
                start,
                None if rng.random() < 0.08 else end,
                item_id=item if item != "main" or rng.random() < 0.5 else "",
                plan_id=plan,
                status=status,
                kind=rng.choice(
                    ["", "recurring", "recurring", "usage" if rng.random() < 0.1 else ""]
                ),
                cancel_requested_at=request if request and request < DELIVERED_AT[0] else "",
                cancel_reason="too_expensive" if rng.random() < 0.04 else "",
                replaces_subscription_id=replaces,
                **money,
            )
            day = local_day(end) + rng.choice([0, 0, 0, 0, 0, 1, 2, 3, 4, 40, -3]) * DAY
            status = rng.choice(
                ["active"] * 9
                + ["past_due"] * 3
                + ["paused"] * 3
                + ["unpaid", "cancelled", "trial"]
            )
            turn = rng.random()
            if turn < 0.15:
                plan = rng.choice(["basic", "pro", "max"])
            elif turn < 0.35:
                money |= {"unit_amount": rng.choice(PRICES)}
            elif turn < 0.5:
                money |= {"quantity": rng.choice(["1", "2", "5", "0"])}
            elif turn < 0.65:
                money |= {"discount_amount": rng.choice(["", "1.11", "5.00"])}
            elif turn < 0.75:
                money = self.money(day)
            elif turn < 0.85:
                money |= {"currency": rng.choice(["EUR", "USD", "GBP"])}
        return row

    def _invoices(self, name: str, begun: dt.datetime) -> None:
        """Monthly demands: met, late, failed and recovered in the same or another row, or never."""
        rng, first = self.rng, local_day(begun)
        for month in range(rng.choice([1, 3, 8, 14])):
            due = utc(first + (30 * month + rng.choice([0, 0, 0, 14, 20])) * DAY, self.hour())
            if due > DELIVERED_AT[1] - 2 * DAY:
                return
            outcome = rng.choice(
                ["met"] * 9 + ["late"] * 3 + ["failed", "other row", "free", "void"]
            )
            late = due + rng.choice([1, 20, 29, 30, 31, 45]) * DAY
            if late >= DELIVERED_AT[1]:
                late = None
            if outcome == "met":
                self.pay(name, due, due + dt.timedelta(minutes=5), "succeeded")
            elif outcome == "late" and late:
                self.pay(name, due, late, "recovered")
            elif outcome == "free":
                self.pay(name, due, due, "succeeded", amount="0")
            else:
                self.pay(name, due, None, "written_off" if outcome == "void" else "failed")
                if outcome == "other row" and late:
                    self.pay(name, late, late, "succeeded")

    # --- situations -----------------------------------------------------------------------------

    def _case_e03_ends_at_midnight_of_the_first(self) -> None:
        """E03, E04, E87: cancelled in month 2, served to the end of its year; a finished term."""
        day = self.day(300).replace(day=1)
        end = dt.date(day.year + 1, day.month, 1)
        request = self.rng.choice([utc(day + 40 * DAY), ""])
        self.row("A", utc(day), utc(end), billing_interval="year", unit_amount="1200",
                 cancel_requested_at=request,
                 status=self.rng.choice(["active", "cancelled"]))  # fmt: skip

    def _case_e04_cancelled_with_more_to_come(self) -> None:
        """E04, E63: cancelled by a dated request, and more rows of the item, or no stated end."""
        day = self.day(300)
        end = utc(day + 90 * DAY)
        request = utc(day + self.rng.choice([0, 30, 30, 30]) * DAY)
        is_open = self.rng.random() < 0.3
        self.row("A", utc(day), None if is_open else end, status="cancelled",
                 cancel_requested_at=request)  # fmt: skip
        after = self.rng.choice(["back", "tail", "both", "nothing"])
        if after in ("tail", "both"):
            self.row("A", end, utc(day + 120 * DAY) if after == "both" else None,
                     status="cancelled", cancel_requested_at=request)  # fmt: skip
        if after in ("back", "both"):
            self.row("A", utc(day + 150 * DAY))

    def _case_e10_starts_next_month(self) -> None:
        """E10: a start and a planned change that lie ahead."""
        self.row("A", utc(self.day()), utc(CUTOFF_DAY + 20 * DAY))
        self.row("A", utc(CUTOFF_DAY + 20 * DAY), unit_amount="60")
        self.row("B", utc(CUTOFF_DAY + DAY))

    def _case_e58_moves_of_one_day(self) -> None:
        """E58: up and gone on one day; come and gone on the very first day, with a later start."""
        day = self.day(400)
        if self.rng.random() < 0.5:
            self.row("A", utc(day), utc(day + 50 * DAY, 9))
            self.row("A", utc(day + 50 * DAY, 9), utc(day + 50 * DAY, 15), unit_amount="90",
                     cancel_requested_at=utc(day + 50 * DAY, 14))  # fmt: skip
        else:
            self.row("A", utc(day, 9), utc(day, 15))
            self.row("B", utc(day + self.rng.choice([1, 30, 60]) * DAY))

    def _case_e59_up_then_gone(self) -> None:
        """E59, E60, E61: within one month up and gone; come and gone; gone and back."""
        month = self.day(400).replace(day=1)
        kind = self.rng.choice(["59", "60", "61"])
        if kind == "59":
            self.row("A", utc(month - 40 * DAY), utc(month + 4 * DAY))
            self.row("A", utc(month + 4 * DAY), utc(month + 19 * DAY), unit_amount="50")
        elif kind == "60":
            self.row("A", utc(month + 2 * DAY), utc(month + 12 * DAY))
            self.row("B", utc(month + self.rng.choice([20, 70]) * DAY), unit_amount="70")
        else:
            self.row("A", utc(month - 40 * DAY), utc(month + 5 * DAY))
            self.row("A", utc(month + 20 * DAY), unit_amount=self.rng.choice(["20", "30", "40"]))

    def _case_e62_gap(self) -> None:
        """E62, E63: away for 1 to 5 days, or for months."""
        day = self.day(400)
        self.row("A", utc(day), utc(day + 60 * DAY, 12))
        self.row("A", utc(day + (60 + self.rng.choice([1, 2, 3, 4, 5, 120])) * DAY, self.hour()))

    def _case_e64_cancel_and_create(self) -> None:
        """E22, E64: another subscription goes on, named or not, at once or after a gap."""
        day = self.day(400)
        switch = day + 45 * DAY
        gap = self.rng.choice([0, 0, 2, 3, 4, -5])
        replaces = self.rng.choice([f"{self.person}-A", f"main:{self.person}-A", ""])
        self.row("A", utc(day), utc(switch, 10))
        self.row("B", utc(switch + gap * DAY, 11 if gap >= 0 else 0), plan_id="pro",
                 unit_amount=self.rng.choice(["30.00", "55"]),
                 replaces_subscription_id=replaces)  # fmt: skip

    def _case_e64_several_replaced(self) -> None:
        """E22, E64: one that ran beside the other takes over late; one takes over two in turn."""
        day = self.day(300)
        first, then = utc(day + 100 * DAY), utc(day + 131 * DAY)
        self.row("A", utc(day), first - self.rng.choice([0, 0, 1]) * DAY, unit_amount="100")
        if self.rng.random() < 0.5:
            self.row("B", utc(day + 31 * DAY), first, unit_amount="50")
            self.row("B", first, unit_amount="150", replaces_subscription_id=f"{self.person}-A")
        else:
            self.row("B", utc(day), then - self.rng.choice([0, 2]) * DAY, unit_amount="100")
            self.row("N", first, then, unit_amount="100",
                     replaces_subscription_id=f"{self.person}-A")  # fmt: skip
            self.row("N", then, unit_amount="200", replaces_subscription_id=f"{self.person}-B")

    def _case_e65_one_of_two_ends(self) -> None:
        """E65, E66: one of two ends, or both on one day for different reasons."""
        day = self.day(400)
        both = self.rng.random() < 0.5
        self.row("A", utc(day), utc(day + 70 * DAY, 8))
        self.row("B", utc(day + 5 * DAY), utc(day + 70 * DAY, 20) if both else None,
                 unit_amount="12", plan_id="pro", currency=self.rng.choice(["EUR", "USD"]),
                 cancel_requested_at=utc(day + 60 * DAY) if both else "")  # fmt: skip

    def _case_e67_trial(self) -> None:
        """E67, E68: a trial that ends, converts unpaid, or is paid for late."""
        day = self.day(500)
        end = utc(day + 14 * DAY)
        outcome = self.rng.choice(["never", "unpaid", "late", "past due", "paid"])
        self.row("A", utc(day), end, status="trial")
        if outcome == "never":
            return
        self.row("A", end, status="past_due" if outcome == "past due" else "active")
        if outcome in ("unpaid", "late", "past due"):
            self.pay("A", end, None, "failed")
        if outcome == "late":
            late = end + self.rng.choice([1, 20, 40]) * DAY
            self.pay("A", late, late, "succeeded")
        if outcome == "paid":
            self.pay("A", end, end + dt.timedelta(hours=1), "succeeded")

    def _case_e69_past_due(self) -> None:
        """E69, E70: recovered on day 20, 30, 31 or never, told by status or by payments."""
        day = self.day(400)
        due = day + 31 * DAY
        back = self.rng.choice([20, 29, 30, 31, 40, None])
        if self.rng.random() < 0.5:
            self.row("A", utc(day), utc(due))
            again = due + back * DAY if back else None
            middle = due + 10 * DAY
            self.row("A", utc(due), utc(middle), status="past_due")
            # some leave the status as it was, and tell of the payment only
            is_left = bool(back) and self.rng.random() < 0.5
            self.row("A", utc(middle), utc(again) if again and not is_left else None,
                     status="past_due", plan_id="pro", unit_amount="33")  # fmt: skip
            if is_left:
                self.pay("A", utc(due), utc(again), "recovered")
            elif again:
                self.row("A", utc(again))
        else:
            self.row("A", utc(day))
            self.pay("A", utc(day), utc(day), "succeeded")
            if back and self.rng.random() < 0.5:
                self.pay("A", utc(due), utc(due + back * DAY, 3), "recovered")
            else:
                self.pay("A", utc(due), None, "failed")
                if back:
                    self.pay("A", utc(due + back * DAY), utc(due + back * DAY), "succeeded")

    def _case_e69_old_debt(self) -> None:
        """E69: a demand nobody met, the end of service, and a return that pays late or never."""
        day = self.day(200)
        end = utc(day + 90 * DAY)
        back = end + self.rng.choice([10, 20, 120]) * DAY
        self.row("A", utc(day), end)
        if self.rng.random() < 0.3:
            self.row("A", end, back, status=self.rng.choice(["paused", "unpaid", "cancelled"]))
        self.row("A", back)
        self.pay("A", end - self.rng.choice([0, 12, 50]) * DAY, None, "written_off")
        if self.rng.random() < 0.3:
            self.pay("A", end + 5 * DAY, None, "failed")
        if self.rng.random() < 0.7:
            self.pay("A", back, back + self.rng.choice([10, 40]) * DAY, "recovered")

    def _case_e70_dunned(self) -> None:
        """E70: past due that the source ends as cancelled, with and without a request."""
        day = self.day(400)
        due, end = utc(day + 60 * DAY), utc(day + 81 * DAY)
        self.row("A", utc(day), due)
        self.row("A", due, end, status="past_due",
                 cancel_requested_at=self.rng.choice(["", "", due + DAY]))  # fmt: skip
        self.row("A", end, status="cancelled",
                 cancel_requested_at=self.rng.choice(["", "", end]))  # fmt: skip

    def _case_e71_pause(self) -> None:
        """E71, E72: pauses short and long; left out of one; one after a loss; two items at odds."""
        day = self.day(300)
        length = self.rng.choice([0, 5, 30, 89, 90, 91, 150])
        stop, back = utc(day + 40 * DAY, self.hour()), utc(day + (41 + length) * DAY, self.hour())
        kind = self.rng.choice(["resumed", "resumed", "left", "after loss", "two", "month", "gap"])
        if kind == "after loss":
            self.row("A", utc(day), utc(day + 30 * DAY))
            self.row("A", stop, back, status="paused")
            self.row("A", back)
            return
        self.row("A", utc(day), stop)
        self.row("A", stop, back, status="paused",
                 cancel_requested_at=stop + DAY if kind == "left" else "")  # fmt: skip
        if kind == "resumed":
            self.row("A", back, unit_amount=self.rng.choice(["30.00", "45"]))
        elif kind == "two":
            self.row("A", back)
            self.row("B", utc(day + DAY), utc(day + 60 * DAY), currency="GBP", unit_amount="11")
        elif kind == "month":
            self.row("A", back, back + 3 * DAY)
            self.row("A", back + 3 * DAY, back + 9 * DAY, status="paused")
            self.row("A", back + 9 * DAY)
        elif kind == "gap":
            self.row("A", back + self.rng.choice([1, 3, 10]) * DAY)

    def _case_e73_free(self) -> None:
        """E73, E74, E88: free plan, full coupon, coupon of one cycle, quantity 0, and back."""
        day = self.day(400)
        turn, back = utc(day + 31 * DAY), utc(day + 62 * DAY)
        free = self.rng.choice(
            [
                {"unit_amount": "0", "plan_id": "free"},
                {"discount_amount": "30.00", "discount_is_recurring": "true"},
                {"discount_amount": "30.00", "discount_is_recurring": "false"},
                {"discount_amount": "7.00"},
                {"quantity": "0"},
            ]
        )
        self.row("A", utc(day), turn)
        self.row("A", turn, back, **free)
        if self.rng.random() < 0.6:
            self.row("A", back)

    def _case_e73_free_by_another(self) -> None:
        """E73, E64: the paid plan is cancelled, and a free one created in its place, or later."""
        day = self.day(400)
        end = utc(day + 60 * DAY, 9)
        free = end + self.rng.choice([0, 0, 0.1, 1, 20]) * DAY
        self.row("A", utc(day), end, cancel_requested_at=self.rng.choice([end, ""]))
        self.row("F", free, free + 40 * DAY, unit_amount="0", plan_id="free",
                 replaces_subscription_id=f"{self.person}-A")  # fmt: skip
        if self.rng.random() < 0.4:
            self.row("F", free + 40 * DAY, unit_amount="20")

    def _case_e75_intervals(self) -> None:
        """E75 to E77, E79: another interval, seats, a price rise."""
        day = self.day(300)
        turns = [utc(day + n * DAY) for n in (0, 95, 190, 290)]
        for number, start in enumerate(turns):
            end = turns[number + 1] if number + 1 < len(turns) else None
            self.row("A", start, end, **self.money(FIRST_DAY) | {"currency": "EUR"})

    def _case_e78_not_recurring(self) -> None:
        """E78: setup and usage beside the plan."""
        day = self.day()
        self.row("A", utc(day), item_id="setup", kind="setup", unit_amount="500")
        self.row("A", utc(day), item_id="calls", kind="usage", unit_amount="17")
        if self.rng.random() < 0.7:
            self.row("A", utc(day))

    def _case_e80_currency(self) -> None:
        """E45, E80, E81: switched, with and without a new price; two currencies that move apart."""
        day = self.day(300)
        first, then = self.rng.sample(["EUR", "USD", "GBP"], 2)
        self.row("A", utc(day), utc(day + 77 * DAY), currency=first)
        self.row("A", utc(day + 77 * DAY), currency=then,
                 unit_amount=self.rng.choice(["30.00", "27.61", "99"]))  # fmt: skip
        if self.rng.random() < 0.5:
            self.row("B", utc(day), utc(day + 90 * DAY), currency="USD", unit_amount="80")
            self.row("B", utc(day + 90 * DAY), currency="USD", unit_amount="40")
            self.row("C", utc(day + 85 * DAY), item_id="more", currency="GBP", unit_amount="41.5")

    def _case_e80_francs(self) -> None:
        """A first contract in a currency that had no rate at the open."""
        self.row("A", utc(FRANCS_FROM - 60 * DAY), utc(FRANCS_FROM + 5 * DAY))
        self.row("A", utc(FRANCS_FROM + 5 * DAY), currency="CHF", unit_amount="31")

    def _case_e80_pegged(self) -> None:
        """E80: switched at exactly its worth, so that nothing but the currency changes."""
        day = self.day(400)
        self.row("A", utc(day), utc(day + 40 * DAY), unit_amount="30")
        self.row("A", utc(day + 40 * DAY), currency="DKK", unit_amount="240")

    def _case_e83_overlap(self) -> None:
        """E83: the later start wins, also inside a row that goes on after it."""
        day = self.day(400)
        self.row("A", utc(day), utc(day + 200 * DAY))
        self.row("A", utc(day + 50 * DAY, 7), utc(day + 80 * DAY), unit_amount="44")

    def _case_e85_refunded_start(self) -> None:
        """E84, E85: refunded and gone by day 14, or later; then a real start."""
        day = self.day(400)
        length = self.rng.choice([3, 14, 15, 160])
        order = f"O-{self.person}"
        self.row("A", utc(day, 4), utc(day + length * DAY, 6))
        self.pay("A", utc(day, 4), utc(day, 5), "succeeded", order=order)
        self.refunds.append(
            {
                "refund_id": f"R-{self.person}", "order_id": order,
                "refunded_at": utc(day + length * DAY, 8),
                "amount": self.rng.choice(["30.00", "29.99"]),
                "currency": "", "reason": "",
            }
        )  # fmt: skip
        if self.rng.random() < 0.6:
            self.row("B", utc(day + self.rng.choice([20, 100]) * DAY), unit_amount="60")

    # --- second delivery ------------------------------------------------------------------------

    def _second_delivery(self) -> None:
        """Corrected prices, back-dated starts, rows and whole subscriptions deleted (E11, E82)."""
        rng = self.rng
        by_name: dict[str, list[dict]] = defaultdict(list)
        for row in self.periods[0]:
            by_name[row["subscription_id"]].append(row)
        for rows in by_name.values():
            drawn = rng.random()
            if drawn < 0.05:
                row = rng.choice(rows)
                self.periods[1].append(row | {"unit_amount": "77.7"})
            elif drawn < 0.08:
                first = min(rows, key=lambda row: row["starts_at"])
                if first["currency"] == "CHF":
                    continue
                self.periods[1].append(
                    first
                    | {"starts_at": first["starts_at"] - 33 * DAY, "ends_at": first["starts_at"]}
                )
            elif drawn < 0.12:
                told = rows if rng.random() < 0.6 else [rng.choice(rows)]
                ends = rng.random() < 0.5
                for row in told:
                    gone = dict.fromkeys(PERIOD, "") | {"_deleted": "1"}
                    gone |= {key: row[key] for key in ("subscription_id", "item_id", "starts_at")}
                    if ends and len(told) == len(rows):
                        gone["ends_at"] = row["starts_at"] + 25 * DAY
                    self.periods[1].append(gone)


def write_csv(path: Path, rows: list[dict], columns: tuple[str, ...] | None = None) -> None:
    """Write rows; instants as a source does."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns or list(rows[0]))
        writer.writeheader()
        for row in rows:
            writer.writerow(
                {k: text(v) if isinstance(v, dt.datetime) else v for k, v in row.items()}
            )
