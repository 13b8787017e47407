"""The delivered files as a stranger reads them: texts, versions, what no loader may take.

Imports nothing of the project. What is refused here is what the contract's page says is refused.
"""

import csv
import datetime as dt
import re
from collections import defaultdict
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

import yaml

Row = dict[str, str | None]
STATUSES = {"trial", "active", "past_due", "paused", "cancelled", "unpaid"}
OUTCOMES = {"succeeded", "failed", "recovered", "written_off"}
INTERVALS = {"day", "week", "month", "quarter", "year"}
KEYS = {
    "customers": ("customer_id",),
    "subscription_periods": ("subscription_id", "item_id", "starts_at"),
    "payments": ("payment_id",),
    "refunds": ("refund_id",),
    "exchange_rates": ("rate_date", "currency"),
}
NUMBER = re.compile(r"-?\d+(\.\d+)?")


class Delivered:
    """Accepted rows of the inputs that MRR needs, the latest version of each key.

    Attributes:
        rows: input → key → row; instants in UTC, numbers exact.
        deleted: Keys of subscription periods that are gone → instant of the delivery that said so.
        loaded_through: Last whole local day the subscriptions' feed vouches for, None = not stated.
    """

    def __init__(self, deliveries: Iterable[tuple[Path, dt.datetime]], zone: ZoneInfo) -> None:
        """Read each delivery: a landing folder with the files that had come by then."""
        self.zone = zone
        self.rows: dict[str, dict[tuple, dict]] = {name: {} for name in KEYS}
        self.deleted: dict[tuple, dt.datetime] = {}
        seen: set[Path] = set()
        for folder, came_at in deliveries:
            stated = yaml.safe_load((folder / "inputs.yml").read_text(encoding="utf-8"))
            if "time_zone" in stated:
                self.zone = ZoneInfo(stated["time_zone"])
            inputs = stated.get("inputs") or {}
            self.loaded_through = (inputs.get("subscription_periods") or {}).get("loaded_through")
            for name in KEYS:
                paths = {*folder.glob(f"{name}.csv"), *folder.glob(f"{name}_[0-9]*.csv")}
                for path in sorted(paths | {*folder.glob(f"{name}/*.csv")}):
                    if path not in seen:
                        seen.add(path)
                        self._read(name, path, inputs.get(name) or {}, came_at)

    def _read(self, name: str, path: Path, stated: dict, came_at: dt.datetime) -> None:
        """Take the rows of one file, the later over the earlier."""
        self.decimal = stated.get("decimal", ".")
        with path.open(encoding="utf-8", newline="") as file:
            for texts in csv.DictReader(file, delimiter=stated.get("delimiter", ",")):
                if None in texts or None in texts.values():
                    continue
                row = {key: value.strip() or None for key, value in texts.items()}
                gone = (row.pop("_deleted", None) or "no").lower() not in ("no", "false", "0")
                try:
                    row = self._values(name, row, came_at, gone)
                except (ValueError, TypeError, AssertionError):
                    continue
                key = tuple(row[column] for column in KEYS[name])
                if gone:
                    # what was last said stays, but for an end the deleting row states
                    before = self.rows[name].get(key, row)
                    self.rows[name][key] = before | {k: v for k, v in row.items() if v is not None}
                    self.deleted[key] = came_at
                else:
                    self.rows[name][key] = row
                    self.deleted.pop(key, None)

    # --- values ---------------------------------------------------------------------------------

    def instant(self, text: str | None, no_later: dt.datetime | None = None) -> dt.datetime | None:
        """UTC of a text; without an offset it is local."""
        if text is None:
            return None
        told = dt.datetime.fromisoformat(text)
        if told.tzinfo is None:
            told = told.replace(tzinfo=self.zone)
        told = told.astimezone(dt.UTC).replace(tzinfo=None)
        assert no_later is None or dt.datetime(1970, 1, 1) <= told <= no_later  # noqa: DTZ001
        return told

    def number(self, text: str | None, default: int | None = None) -> Fraction:
        """The exact number of a text."""
        if text is None:
            assert default is not None
            return Fraction(default)
        text = text.replace(self.decimal, ".")
        assert NUMBER.fullmatch(text)
        return Fraction(text)

    def _values(self, name: str, row: Row, came_at: dt.datetime, gone: bool) -> dict:
        """The values of a row, of a deleted period only its key and end; raises on a wrong one."""
        if name == "customers":
            return self._customers(row)
        if name == "exchange_rates":
            return self._exchange_rates(row)
        if name == "subscription_periods":
            told = self._period_key(row)
            return told if gone else told | self._period(row, told, came_at)
        return (self._payments if name == "payments" else self._refunds)(row, came_at)

    def _customers(self, row: Row) -> dict:
        assert row["customer_id"]
        test = (row.get("is_test") or "false").lower()
        return {
            "customer_id": row["customer_id"],
            "merged_into": row.get("merged_into_customer_id"),
            "is_test": test in ("true", "1", "yes"),
        }

    def _period_key(self, row: Row) -> dict:
        told = {
            "subscription_id": row["subscription_id"],
            "item_id": row["item_id"] or "main",
            "starts_at": self.instant(row["starts_at"]),
            "ends_at": self.instant(row["ends_at"]),
        }
        assert told["subscription_id"]
        assert told["starts_at"]
        return told

    def _period(self, row: Row, key: dict, came_at: dt.datetime) -> dict:
        assert key["ends_at"] is None or key["ends_at"] > key["starts_at"]
        flag = (row["discount_is_recurring"] or "true").lower()
        told = {
            "kind": row["kind"] or "recurring",
            "customer_id": row["customer_id"],
            "plan_id": row["plan_id"],
            "status": row["status"],
            "quantity": self.number(row["quantity"], 1),
            "unit_amount": self.number(row["unit_amount"]),
            "discount_amount": self.number(row["discount_amount"], 0),
            "discount_is_recurring": flag in ("true", "1", "yes"),
            "interval": row["billing_interval"],
            "interval_count": self.number(row["billing_interval_count"], 1),
            "currency": row["currency"] or "EUR",
            "cancel_requested_at": self.instant(row["cancel_requested_at"], came_at),
            "cancel_reason": row["cancel_reason"],
            "replaces": row["replaces_subscription_id"],
        }
        assert told["customer_id"]
        assert told["plan_id"]
        assert told["status"] in STATUSES
        assert told["interval"] in INTERVALS
        assert told["kind"] in ("recurring", "usage", "setup")
        assert min(told["quantity"], told["unit_amount"], told["discount_amount"]) >= 0
        assert told["interval_count"] >= 1
        return told

    def _payments(self, row: Row, came_at: dt.datetime) -> dict:
        assert row["payment_id"]
        assert row["customer_id"]
        assert row["status"] in OUTCOMES
        return {
            "payment_id": row["payment_id"],
            "subscription_id": row["subscription_id"],
            "order_id": row["order_id"],
            "due_at": self.instant(row["due_at"]),
            "paid_at": self.instant(row["paid_at"], came_at),
            "amount": self.number(row["amount"]),
            "status": row["status"],
        }

    def _refunds(self, row: Row, came_at: dt.datetime) -> dict:
        assert row["refund_id"]
        assert row["order_id"]
        return {
            "refund_id": row["refund_id"],
            "order_id": row["order_id"],
            "refunded_at": self.instant(row["refunded_at"], came_at),
            "amount": self.number(row["amount"]),
        }

    def _exchange_rates(self, row: Row) -> dict:
        return {
            "rate_date": dt.date.fromisoformat(row["rate_date"]),
            "currency": row["currency"],
            "rate": self.number(row["rate_to_reporting"]),
        }

    # --- people ---------------------------------------------------------------------------------

    def person(self, customer_id: str) -> str | None:
        """Who a source id is, after merges; None = a test account."""
        account = self.rows["customers"].get((customer_id,))
        if account and account["is_test"]:
            return None
        walked = {customer_id}
        while account and account["merged_into"] and account["merged_into"] not in walked:
            customer_id = account["merged_into"]
            walked.add(customer_id)
            account = self.rows["customers"].get((customer_id,))
        return customer_id

    def by_subscription(self, name: str) -> dict[str, list[dict]]:
        """Rows of an input that name a subscription."""
        told = defaultdict(list)
        for row in self.rows[name].values():
            if row["subscription_id"]:
                told[row["subscription_id"]].append(row)
        return told
