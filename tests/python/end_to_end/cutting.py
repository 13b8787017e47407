"""Cut what was delivered at a past day, as it would have been delivered then.

From definitions §1, "Known at a day": later rows removed, later dated facts blanked, a status that
a later date explains restated to what it was. Works on the accepted rows of a copied work database;
imports nothing that decides a number.
"""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import yaml

PROJECT = Path(__file__).resolve().parents[3]

# Rows that exist from a column's instant on although the contract does not require it, and dates
# that are plans: they may lie ahead.
BEGINS = {
    "customers": "signed_up_at",
    "subscription_periods": "starts_at",
    "payments": "coalesce(least(due_at, paid_at), due_at, paid_at)",
    "messages": "sent_at",
    "survey_responses": "coalesce(sent_at, responded_at)",
}


def end_of(day: date, zone: str) -> datetime:
    """The UTC instant at which a local day ends."""
    midnight = datetime.combine(day + timedelta(days=1), datetime.min.time(), ZoneInfo(zone))
    return midnight.astimezone(UTC).replace(tzinfo=None)


def cut(work_db: Path, day: date, zone: str) -> dict[str, int]:
    """Take out of the landing tables what nobody could know at the end of a day.

    Args:
        work_db: A work database of one's own, closed.
        day: The last whole local day that is known.
        zone: The business time zone.

    Returns:
        Rows removed by input, and under `restated` the statuses that became what they had been.
    """
    end = end_of(day, zone)
    contract = yaml.safe_load(
        (PROJECT / "models" / "staging" / "_sources.yml").read_text(encoding="utf-8")
    )
    removed = {}
    with duckdb.connect(str(work_db)) as con:
        con.execute("set TimeZone = 'UTC'")
        removed["restated"] = _restate(con, end)
        for table in contract["sources"][0]["tables"]:
            events = [
                (column["name"], column["data_type"], column["config"]["meta"].get("required"))
                for column in table["columns"]
                if (column.get("config") or {}).get("meta", {}).get("event")
            ]
            name = table["name"]
            begins = [column for column, _, required in events if required]
            begin = BEGINS.get(name) or (begins[0] if begins else None)
            if begin is None:
                continue
            day_types = {column: data_type for column, data_type, _ in events}
            limit = day if day_types.get(begin) == "date" else end
            known = "<=" if limit is day else "<"
            removed[name] = con.execute(
                f"delete from landing.{name} where not {begin} {known} ?", [limit]
            ).fetchall()[0][0]
            for column, data_type, _ in events:
                if column != begin:
                    later = f"{column} > ?" if data_type == "date" else f"{column} >= ?"
                    con.execute(
                        f"update landing.{name} set {column} = null where {later}",
                        [day if data_type == "date" else end],
                    )
        con.execute(
            "delete from landing.order_items where (_source, order_id) not in "
            "(select (_source, order_id) from landing.orders)"
        )
        con.execute(
            "update ops.feeds set loaded_through = ? "
            "where input in ('orders', 'subscription_periods')",
            [end],
        )
    return removed


def _restate(con: duckdb.DuckDBPyConnection, end: datetime) -> int:
    """Give what has a status the one it had, and no score before its answer; returns how many."""
    before = con.execute(
        "update landing.orders set status = case "
        # not cancelled yet: paid if it had been paid, else still waiting
        "when status in ('cancelled', 'void') and cancelled_at >= $end "
        "then case when paid_at < $end then 'paid' else 'pending' end "
        "when cancelled_at < $end then status "
        "when paid_at >= $end then 'pending' "
        # refunded later: it stood as paid
        "when status = 'refunded' then 'paid' end "
        "where cancelled_at >= $end and status in ('cancelled', 'void') "
        "or paid_at >= $end and (cancelled_at is null or cancelled_at >= $end) "
        "or status = 'refunded' and (_source, order_id) in ("
        "select (_source, order_id) from landing.refunds "
        "group by _source, order_id having min(refunded_at) >= $end)",
        {"end": end},
    ).fetchall()[0][0]
    before += con.execute(
        "update landing.subscription_periods set cancel_reason = null, "
        "status = case status when 'cancelled' then 'active' else status end "
        "where cancel_requested_at >= $end",
        {"end": end},
    ).fetchall()[0][0]
    before += con.execute(
        "update landing.payments set status = 'failed' "
        "where status in ('succeeded', 'recovered') and paid_at >= $end",
        {"end": end},
    ).fetchall()[0][0]
    # solved later: it stood open
    before += con.execute(
        "update landing.complaints set status = 'open' "
        "where resolved_at >= $end and (reopened_at is null or reopened_at >= $end)",
        {"end": end},
    ).fetchall()[0][0]
    before += con.execute(
        "update landing.survey_responses set score = null, comment = null "
        "where responded_at >= $end",
        {"end": end},
    ).fetchall()[0][0]
    return before


def plant(work_db: Path, day: date) -> None:
    """Add rows whose dates lie on both sides of a day: what a past run must not look through.

    Args:
        work_db: A work database of one's own, closed.
        day: The day later taken as AS_OF.
    """

    def at(offset: int, hour: int = 12) -> datetime:
        return datetime.combine(day, datetime.min.time()) + timedelta(days=offset, hours=hour)

    def order(number: int, person: int, **columns: object) -> dict[str, object]:
        return {
            "order_id": f"planted-{number}", "customer_id": f"planted-{person}",
            "ordered_at": at(-3), "status": "paid", "gross_amount": 50, "tax_amount": 8,
        } | columns  # fmt: skip

    def stretch(number: int, start: int, end: int | None, **columns: object) -> dict[str, object]:
        return {
            "subscription_id": f"planted-{number}", "item_id": "main", "kind": "recurring",
            "customer_id": f"planted-{number}", "plan_id": "planted", "status": "active",
            "starts_at": at(start), "ends_at": None if end is None else at(end), "quantity": 1,
            "unit_amount": 30, "billing_interval": "month", "billing_interval_count": 1,
        } | columns  # fmt: skip

    def payment(number: int, subscription: int, **columns: object) -> dict[str, object]:
        return {
            "payment_id": f"planted-{number}", "customer_id": f"planted-{subscription}",
            "subscription_id": f"planted-{subscription}", "amount": 30, "status": "succeeded",
        } | columns  # fmt: skip

    rows = {
        "customers": [
            {"customer_id": "planted-1", "signed_up_at": at(-30), "country": "DE"},
            # erased later, signed up later than they ordered, merged into one who comes later
            {"customer_id": "planted-2", "signed_up_at": at(-30), "deleted_at": at(2)},
            {"customer_id": "planted-3", "signed_up_at": at(1), "country": "FR"},
            {
                "customer_id": "planted-4",
                "signed_up_at": at(-30),
                "merged_into_customer_id": "planted-3",
            },
        ],
        "orders": [
            order(1, 1, paid_at=at(2)),
            order(2, 1, status="cancelled", cancelled_at=at(1)),
            order(3, 2, status="void", paid_at=at(-3), cancelled_at=at(1)),
            order(4, 2, status="refunded"),
            order(5, 3, status="refunded", paid_at=at(-3)),
            order(6, 3, ordered_at=at(0, 23), status="completed"),
            order(7, 4, ordered_at=at(1, 0), status="completed"),
            order(8, 4, status="failed"),
            order(9, 5, status="cancelled", paid_at=at(-3), cancelled_at=at(-2)),
            order(10, 5, status="cancelled", paid_at=at(1), cancelled_at=at(2)),
            order(11, 6, status="pending", paid_at=at(-2)),
            order(12, 6, status="refunded", paid_at=at(1)),
        ],
        "refunds": [
            {"refund_id": f"planted-{number}", "order_id": order_id, "refunded_at": at(offset),
             "amount": amount}
            for number, (order_id, offset, amount) in enumerate(
                [("planted-4", 4, 50), ("planted-5", -1, 20), ("planted-5", 3, 30),
                 ("planted-12", 5, 50), ("planted-none", -2, 7), ("planted-none", 2, 9)]
            )
        ],
        "subscription_periods": [
            stretch(21, -40, 10, status="cancelled", cancel_requested_at=at(1),
                    cancel_reason="price"),
            stretch(22, -40, -5, status="cancelled", cancel_requested_at=at(-10)),
            stretch(23, -60, 5),
            stretch(23, 5, None, status="paused"),
            stretch(24, 1, None),
            stretch(25, -35, 3, status="past_due"),
            stretch(25, 3, None),
            stretch(26, -20, -6, status="trial"),
            stretch(26, -6, None),
            stretch(27, -90, None),
            stretch(28, -8, 2, status="cancelled", cancel_requested_at=at(2)),
            stretch(29, -50, None, status="cancelled", cancel_requested_at=at(3)),
            stretch(30, -80, -2),
            stretch(30, 0, None, unit_amount=45),
        ],
        "payments": [
            payment(1, 25, due_at=at(-35), paid_at=at(3), status="recovered"),
            payment(2, 26, due_at=at(-6), paid_at=at(2)),
            payment(3, 27, due_at=at(-90), paid_at=at(-90)),
            payment(4, 27, due_at=at(-33), paid_at=at(1), status="recovered"),
            payment(5, 28, due_at=at(-8), paid_at=at(-8)),
            payment(6, 28, paid_at=at(3), amount=-30),
            payment(7, 29, due_at=at(5), status="failed"),
        ],
    }  # fmt: skip
    with duckdb.connect(str(work_db)) as con:
        con.execute("set TimeZone = 'UTC'")
        for name, own in rows.items():
            for line, row in enumerate(own):
                values = row | {
                    "_source": "main", "_file": "planted", "_line": line, "_refresh_id": "planted",
                    "_loaded_at": at(0), "_is_deleted": False, "_is_held": False,
                }  # fmt: skip
                con.execute(
                    f"insert into landing.{name} ({', '.join(values)}) "
                    f"values ({', '.join('?' * len(values))})",
                    list(values.values()),
                )
