"""The oracle itself, on cases small enough to do by hand.

A wrong yardstick would pass wrong marts.
"""
# ruff: noqa: DTZ001

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from oracle import Cell, Facts, Oracle, next_period, period_start

PROJECT = Path(__file__).resolve().parents[3]
DEFAULTS = yaml.safe_load((PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))["vars"]


def shop(purchases, settings=None, cutoff=None, rows=None):
    """An oracle over purchases: customer to days, each worth 10."""
    orders = [
        {
            "_source": "main",
            "order_id": f"{customer}{number}",
            "customer_id": customer,
            "ordered_at": datetime.fromisoformat(f"{day} 12:00"),
            "status": "completed",
            "gross_amount": Decimal(10),
        }
        for customer, days in purchases.items()
        for number, day in enumerate(days)
    ]
    facts = Facts({"orders": orders} | (rows or {}))
    last = date.fromisoformat(cutoff) if cutoff else None
    return Oracle(facts, DEFAULTS | (settings or {}), last)


FIXED = {"lapse_rule": "fixed", "fixed_lapse_days": 30}


def test_periods():
    """A wrong boundary would move every first and last day."""
    assert period_start("week", date(2024, 12, 31)) == date(2024, 12, 30)
    assert period_start("quarter", date(2024, 6, 30)) == date(2024, 4, 1)
    assert next_period("quarter", date(2024, 10, 1)) == date(2025, 1, 1)
    assert next_period("month", date(2024, 1, 1)) == date(2024, 2, 1)
    assert next_period("year", date(2023, 1, 1)) == date(2024, 1, 1)


def test_a_gap_of_exactly_the_window_is_no_loss():
    """§2: w days no loss, w + 1 a loss on d + w and a return the day after."""
    exact = shop({"a": ["2024-01-01", "2024-01-31"]}, FIXED)
    assert exact.lost_spells["a"] == []
    longer = shop({"a": ["2024-01-01", "2024-02-01"]}, FIXED)
    assert longer.lost_spells["a"] == [(date(2024, 1, 31), date(2024, 2, 1))]


def test_nobody_is_lost_after_the_cutoff():
    """§2: lost on the cutoff day yes, on the day after no."""
    assert shop({"a": ["2024-01-01"]}, FIXED, "2024-01-31").lost_spells["a"] == [
        (date(2024, 1, 31), None)
    ]
    assert shop({"a": ["2024-01-01"]}, FIXED, "2024-01-30").lost_spells["a"] == []


def test_who_buys_four_times_a_year_is_lost_after_four_months():
    """§2: 4/3 of the own mean gap, over the last 4, at least 2 of them, never below the floor."""
    days = ["2023-01-01", "2023-04-02", "2023-07-02", "2023-10-01"]
    oracle = shop({"a": [date.fromisoformat(day).isoformat() for day in days]})
    own = oracle.occasions["a"]
    assert [oracle.window(own, place) for place in range(4)] == [90, 90, 122, 122]
    frequent = shop({"a": ["2024-01-01", "2024-01-02", "2024-01-03"]})
    assert frequent.window(frequent.occasions["a"], 2) == 30


def test_lapse_point_by_hand():
    """§2: Kaplan-Meier; an open gap counts as long as it was watched."""
    purchases = {
        "a": ["2024-01-01", "2024-01-06"],
        "b": ["2024-01-03", "2024-01-08", "2024-01-28"],
        "c": ["2024-01-02", "2024-01-12", "2024-01-22"],
    }
    oracle = shop(purchases, {"min_lapse_gaps": 3}, "2024-02-10")
    # completed 5 (a), 5, 20 (b), 10, 10 (c); open 25 (a), 3 (b), 9 (c)
    # at risk: 5 → 7 of 8 (the open 3 is gone), 10 → 4, 20 → 2: S = 5/7, 5/14, 5/28
    # 0.8 of 1 - 5/28 is 0.657; 10 days give 1 - 5/14 = 0.643, so 20
    assert oracle.lapse_point(date(2024, 1, 31)) == 20
    assert shop(purchases, {"min_lapse_gaps": 6}).lapse_point(date(2024, 1, 31)) == 90
    less = shop(purchases, {"min_lapse_gaps": 3, "lapse_quantile": 0.75})
    assert less.lapse_point(date(2024, 1, 31)) == 10
    assert oracle.lapse_points == {date(2024, 2, 1): 20}


def test_opening_and_closing():
    """§3: a first purchase on the first day is new in it; a loss dated on it belongs to it."""
    oracle = shop(
        {"a": ["2024-01-01"], "b": ["2024-01-02", "2024-02-15"], "c": ["2024-02-01"]},
        FIXED | {"fixed_lapse_days": 31},
        "2024-03-31",
    )
    months = oracle.retention("month")
    assert months[date(2024, 1, 1), "all"] == Cell(new=2, closing=2)
    # a is lost on 1 February, b on 2 February and back on the 15th
    assert months[date(2024, 2, 1), "all"] == Cell(
        opening=2, new=1, lost=1, closing=2, intra_period_lapse=1
    )
    # c on 3 March, b on 17 March
    assert months[date(2024, 3, 1), "all"] == Cell(opening=2, lost=2)


def test_came_and_went_inside_a_period():
    """§3: transient, in no rate."""
    oracle = shop({"a": ["2024-01-01"]}, FIXED | {"fixed_lapse_days": 5}, "2024-01-31")
    assert oracle.retention("month")[date(2024, 1, 1), "all"] == Cell(transient=1)


def test_worked_example_of_cohorts():
    """§3: 4 buyers, later orders a {1,3}, b {2}, c {3}, d {}."""
    oracle = shop(
        {
            "a": ["2024-01-05", "2024-02-05", "2024-04-05"],
            "b": ["2024-01-06", "2024-03-05"],
            "c": ["2024-01-07", "2024-04-06"],
            "d": ["2024-01-08"],
        }
    )
    cells = oracle.cohort_cells("month", 60)
    january = date(2024, 1, 1)
    for measure, expected in {
        "in_period": [4, 1, 1, 2],
        "on_or_after": [4, 3, 3, 2],
        "repeat_by": [0, 1, 2, 3],
        "revenue": [40, 10, 10, 20],
    }.items():
        assert [cells[january, age, measure] for age in range(4)] == expected


def test_elapsed_windows_count_only_who_was_seen_long_enough():
    """§3: 30-day windows from the first purchase, eligible when wholly before the cutoff."""
    oracle = shop({"a": ["2024-01-01", "2024-01-31"], "b": ["2024-01-20"]}, cutoff="2024-02-29")
    cells = oracle.elapsed_cells("month", 2)
    assert cells[date(2024, 1, 1), 0, "in_period"] == (2, 2)
    assert cells[date(2024, 1, 1), 1, "in_period"] == (1, 1)
    assert cells[date(2024, 1, 1), 0, "repeat_by"] == (2, 0)
    assert cells[date(2024, 1, 1), 1, "repeat_by"] == (1, 1)


def refund(order_id, day, amount):
    """A delivered refund."""
    return {
        "_source": "main",
        "refund_id": f"{order_id} {day}",
        "order_id": order_id,
        "refunded_at": datetime.fromisoformat(f"{day} 12:00"),
        "amount": Decimal(amount),
    }


def test_growth_on_both_bases():
    """§4: a refund stays in its order's component, in its month or its own."""
    oracle = shop(
        {"a": ["2024-01-05", "2024-02-05", "2024-05-05"], "b": ["2024-02-20"]},
        FIXED | {"fixed_lapse_days": 60},
        rows={"refunds": [refund("a0", "2024-02-10", 4), refund("gone", "2024-02-11", 7)]},
    )
    january, february, may = (date(2024, month, 1) for month in (1, 2, 5))
    assert oracle.growth("order_basis") == {
        (january, "new"): (1, 1, Decimal(6)),
        (february, "returning"): (1, 1, Decimal(10)),
        (february, "new"): (1, 1, Decimal(10)),
        (may, "resurrected"): (1, 1, Decimal(10)),
    }
    assert oracle.growth("refund_basis") == {
        (january, "new"): (1, 1, Decimal(10)),
        (february, "new"): (1, 1, Decimal(6)),
        (february, "returning"): (1, 1, Decimal(10)),
        (february, "anonymous"): (0, 0, Decimal(-7)),
        (may, "resurrected"): (1, 1, Decimal(10)),
    }


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"status": "paid", "paid_at": "2024-02-02"}, "pending"),
        ({"status": "paid", "paid_at": "2024-01-31"}, "paid"),
        ({"status": "cancelled", "paid_at": "2024-01-02", "cancelled_at": "2024-02-02"}, "paid"),
        ({"status": "cancelled", "cancelled_at": "2024-01-31"}, "cancelled"),
        ({"status": "void"}, "void"),
        ({"status": "failed"}, "failed"),
    ],
)
def test_status_is_what_it_was_at_the_cutoff(row, expected):
    """§1: later dates are unknown; without dates the status stands as delivered."""
    oracle = shop({"a": ["2024-01-01"]}, cutoff="2024-01-31")
    dated = {
        name: datetime.fromisoformat(value) if name != "status" else value
        for name, value in row.items()
    }
    assert oracle.status({"_source": "main", "order_id": "x"} | dated) == expected


def test_persons():
    """§1: merges followed to their end, a guest found by e-mail, shared addresses nobody's."""
    customers = [
        {"_source": "main", "customer_id": "1", "merged_into_customer_id": "2"},
        {"_source": "main", "customer_id": "2", "merged_into_customer_id": "3"},
        {"_source": "main", "customer_id": "3", "email_hash": "h"},
        {"_source": "main", "customer_id": "4", "email_hash": "s", "is_email_shared": True},
    ]
    oracle = shop({"1": ["2024-01-01"]}, rows={"customers": customers})
    assert oracle.survivor("main", "1") == "3"
    assert oracle.person_of_order({"_source": "main", "guest_email_hash": "h"}) == ("3", False)
    assert oracle.person_of_order({"_source": "main", "guest_email_hash": "s"}) == (
        "guest:s",
        False,
    )
    assert oracle.person_of_order(
        {"_source": "main", "guest_email_hash": "s", "is_guest_email_shared": True}
    ) == (None, False)
    assert oracle.person_of_order({"_source": "main"}) == (None, False)


def test_a_refund_takes_its_share_of_net_revenue():
    """§1: its share of net, and parts of a full refund leave nothing behind."""
    order = {
        "_source": "main", "order_id": "o", "customer_id": "c", "status": "paid",
        "ordered_at": datetime(2024, 1, 1, 12), "gross_amount": Decimal("30.00"),
        "tax_amount": Decimal("4.79"), "shipping_amount": Decimal("5.00"),
    }  # fmt: skip
    parts = [refund("o", f"2024-01-0{day}", 10) for day in (2, 3, 4)]
    oracle = shop({}, cutoff="2024-01-31", rows={"orders": [order], "refunds": parts[:1]})
    assert oracle.orders[0].net_revenue == Decimal("20.21") - Decimal("6.74")
    oracle = shop({}, cutoff="2024-01-31", rows={"orders": [order], "refunds": parts})
    assert oracle.orders[0].net_revenue == 0


def stretch(customer, starts_on, ends_on, is_paid=True):
    """A priced stretch, paid for or paused."""
    return {
        "customer_id": customer,
        "is_paid": is_paid,
        "is_paused": not is_paid,
        "starts_on": date.fromisoformat(starts_on),
        "ends_on": ends_on and date.fromisoformat(ends_on),
    }


def test_subscribers_are_lost_at_service_end_and_paused_ones_after_the_grace():
    """§2: E03, E71, E72, and lost in any only when lost in both bases."""
    oracle = shop({"a": ["2024-02-10"]}, FIXED | {"pause_grace_days": 10}, "2024-03-31")
    stretches = [
        stretch("a", "2024-01-10", "2024-02-01"),
        stretch("b", "2024-01-10", "2024-01-20"),
        stretch("b", "2024-01-20", "2024-02-10", is_paid=False),
        stretch("c", "2024-01-10", "2024-01-10"),
    ]
    people = oracle.subscribers(stretches)

    def days_there(presence):
        return [
            date.fromordinal(presence.first + number)
            for number, is_there in enumerate(presence.days)
            if is_there
        ]

    assert days_there(people["a"])[-1] == date(2024, 1, 31)
    assert days_there(people["b"])[-1] == date(2024, 1, 29)
    assert days_there(people["c"]) == []
    months = oracle.retention("month", "all", people, date(2024, 1, 10))
    # E03: a is there at the close of January and lost in February; b and c came and went
    assert months[date(2024, 1, 1), "all"] == Cell(new=1, closing=1, transient=2)
    assert months[date(2024, 2, 1), "all"] == Cell(opening=1, lost=1)
    either = oracle.retention("month", "all", oracle.anybody(stretches), date(2024, 1, 10))
    assert either[date(2024, 2, 1), "all"] == Cell(opening=1, closing=1, intra_period_lapse=1)
