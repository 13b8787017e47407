"""A warehouse survives a contract whose columns are other ones by now."""

from dataclasses import replace
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import pytest

from tests.python.landing.conftest import ORDERS, Business

HEADER = f"{ORDERS},sales_channel\n"


def change(business: Business, column: str, **attributes: Any) -> None:
    """Lets a column of orders be another one from now on."""
    table = business.contract.inputs["orders"]
    columns = [replace(c, **attributes) if c.name == column else c for c in table.columns]
    changed = {**business.contract.inputs, "orders": replace(table, columns=tuple(columns))}
    business.contract = replace(business.contract, inputs=MappingProxyType(changed))


def load_one_taken_away_and_one_that_stays(business: Business, gone: str, stays: str) -> None:
    path = business.deliver("orders_1.csv", f"{HEADER}1,a,2024-01-01,paid,5,{gone}\n")
    business.load()
    path.unlink()
    business.deliver("orders_2.csv", f"{HEADER}2,a,2024-01-01,paid,5,{stays}\n")
    business.load()


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        # read anew where the file still lies there, else cast as far as it can be
        ("bigint", "varchar", ["7", "A12", "B3"]),
        ("varchar", "bigint", [7, None, None]),
    ],
)
def test_column_of_another_type_is_that_from_then_on(
    business: Business, before: str, after: str, expected: list[object]
) -> None:
    """Every later refresh failed on the first text that is no number."""
    change(business, "sales_channel", data_type=before)
    load_one_taken_away_and_one_that_stays(business, "7", "A12")
    change(business, "sales_channel", data_type=after)
    business.deliver("orders_3.csv", f"{HEADER}3,a,2024-01-01,paid,5,B3\n")
    business.load()
    assert business.ask("select sales_channel from landing.orders order by order_id") == [
        (value,) for value in expected
    ]


def test_column_with_more_decimals_has_them_from_then_on(business: Business) -> None:
    """Prices of fractions of a cent stood rounded, and nothing said so."""
    change(business, "sales_channel", data_type="decimal(10,2)")
    load_one_taken_away_and_one_that_stays(business, "1.2345", "1.2345")
    change(business, "sales_channel", data_type="decimal(18,4)")
    business.load()
    assert business.ask("select sales_channel from landing.orders order by order_id") == [
        (Decimal("1.2300"),),
        (Decimal("1.2345"),),
    ]


def test_column_that_is_personal_by_now_goes(business: Business) -> None:
    """What must not stand as delivered stood there from before the contract said so."""
    load_one_taken_away_and_one_that_stays(business, "4930998877", "4930998877")
    change(
        business,
        "sales_channel",
        personal="phone",
        stored_as=MappingProxyType({"sales_channel_hash": "varchar"}),
    )
    business.load()
    hashes = business.ask("select sales_channel_hash from landing.orders order by order_id")
    assert hashes[0] == (None,)
    assert len(hashes[1][0]) == 64
    assert "sales_channel" not in {name for (name, *_) in business.ask("describe landing.orders")}
