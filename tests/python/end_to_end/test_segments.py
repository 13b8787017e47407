"""Segments of a past day: what the history says, what a run of that day says, and plain Python.

The history is made from breaks and runs, `customer_segments` by ranking people, the reading here by
sorting them one day at a time: three ways to one answer.
"""

import shutil
from collections import Counter
from datetime import date
from decimal import Decimal

import duckdb

from orchestration.settings import load_settings
from tests.python.shared import compiled_models

DAYS = [date(2023, 12, 31), date(2024, 12, 31), date(2026, 3, 31), date(2026, 9, 30)]
CLASSES = "recency_score, frequency_score, monetary_score, rfm_segment, abc_class, tier"


def history_at(rows, day: date) -> dict[str, tuple]:
    """What the published spells say of everybody at the end of a day."""
    return {
        row[0]: row[1:]
        for row in rows(
            f"select customer_id, {CLASSES} from segmentation.customer_segment_history "
            f"where valid_from <= '{day}' and (valid_to is null or valid_to > '{day}')"
        )
    }


def known_purchases(sample, day: date) -> dict[str, dict]:
    """What had been ordered, paid, not cancelled and not refunded by the end of a day."""
    orders = sample.rows(
        "select order_id, customer_id, ordered_on, "
        "greatest(ordered_on, coalesce(cast(paid_at as date), ordered_on)), "
        "case when not is_valid then cast(cancelled_at as date) end, "
        "case when is_valid then net_revenue_before_refunds else gross_amount - discount_amount "
        "- tax_amount - shipping_amount - gift_card_amount end, "
        "exchange_of_order_id is null, exchange_rate from core.orders "
        "where customer_id is not null and (is_valid or "
        "(invalid_reason in ('cancelled', 'void') and paid_at is not null))"
    )
    refunds = Counter()
    for order_id, amount in sample.rows(
        "select order_id, net_refund from core.refunds "
        f"where is_counted and not is_orphan and refunded_on <= '{day}'"
    ):
        refunds[order_id] += amount
    found: dict[str, dict] = {}
    for order_id, person, ordered, known, cancelled, amount, is_purchase, rate in orders:
        if known > day or (cancelled is not None and cancelled <= day):
            continue
        assert cancelled is None or rate == 1, "convert it before relying on this reading"
        own = found.setdefault(person, {"days": [], "money": Decimal(0), "year": Decimal(0)})
        own["days"] += [ordered] if is_purchase else []
        own["money"] += amount - refunds[order_id]
        if (day - ordered).days < 365:
            own["year"] += amount - refunds[order_id]
    return {person: own for person, own in found.items() if own["days"]}


def fifths(values: dict[str, object]) -> dict[str, int]:
    """1 + floor(5 x (rank - 1) / n), equal values with one rank."""
    ordered = sorted(values.values())
    first_place = {}
    for place, value in enumerate(ordered):
        first_place.setdefault(value, place)
    return {key: 1 + 5 * first_place[value] // len(ordered) for key, value in values.items()}


def worked_out(sample, day: date) -> dict[str, tuple]:
    """Scores, value class and tier of everybody, by sorting."""
    people = known_purchases(sample, day)
    recency = fifths({person: max(own["days"]) for person, own in people.items()})
    counts = {person: len(own["days"]) for person, own in people.items()}
    frequency = fifths(counts)
    if sum(count == 1 for count in counts.values()) >= 0.8 * len(counts):
        frequency = {
            person: 1 + sum(count >= least for least in (2, 3, 5, 10))
            for person, count in counts.items()
        }
    money = {person: max(own["money"], Decimal(0)) for person, own in people.items()}
    monetary = fifths(money)
    total, before, classes = sum(money.values()), Decimal(0), {}
    for person in sorted(money, key=lambda person: (-money[person], person.encode())):
        share = before / total
        classes[person] = "A" if share < Decimal("0.8") else "B" if share < Decimal("0.95") else "C"
        before += money[person]
    tiers = {
        person: "gold" if own["year"] >= 1000 else "silver" if own["year"] >= 250 else "bronze"
        for person, own in people.items()
    }
    return {
        person: (
            recency[person], frequency[person], monetary[person], classes[person], tiers[person]
        )
        for person in people
    }  # fmt: skip


def test_history_is_what_each_month_end_knew(sample):
    """A refund or a cancellation of later on in a past class makes every look back too good."""
    cancelled = sample.rows(
        "select count(*) from core.orders where not is_valid and paid_at is not null "
        "and cast(cancelled_at as date) > ordered_on"
    )
    assert cancelled[0][0] > 10, "nothing here was ever known and cancelled later"
    for day in DAYS:
        found = {
            person: (*values[:3], *values[4:])
            for person, values in history_at(sample.rows, day).items()
        }
        expected = worked_out(sample, day)
        assert found.keys() == expected.keys()
        wrong = [
            (person, values, found[person])
            for person, values in expected.items()
            if values != found[person]
        ]
        assert wrong[:3] == [], day


def test_history_at_a_month_end_is_a_run_of_that_day_with_rows_in_another_order(sample, tmp_path):
    """Neither time nor the order of rows may change what a class is."""
    day = date(2025, 9, 30)
    work_db = tmp_path / "work.duckdb"
    shutil.copyfile(sample.workspace.work_db, work_db)
    with duckdb.connect(str(work_db)) as con:
        con.execute("set TimeZone = 'UTC'")
        for table in ("orders", "customers", "refunds", "order_items"):
            con.execute(f"create temp table turned as from landing.{table} order by hash(_line)")
            con.execute(f"delete from landing.{table}")
            con.execute(f"insert into landing.{table} from turned")
            con.execute("drop table turned")
    compiled_models(load_settings()).build(work_db, up_to=["customer_segments"], as_of=day)
    with duckdb.connect(str(work_db), read_only=True) as con:
        rows = con.execute(
            f"select customer_id, {CLASSES} from segmentation.customer_segments "
            "where recency_score is not null"
        ).fetchall()
    assert len(rows) > 200
    assert {row[0]: row[1:] for row in rows} == history_at(sample.rows, day)
