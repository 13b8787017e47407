"""Which texts are kept beside the values they became, and which are plain enough to be cast."""

from datetime import datetime
from decimal import Decimal

import pytest

from tests.python.landing.conftest import ORDERS, Business


def texts(business: Business, column: str) -> list[str | None]:
    found = business.ask(f"select {column}__text from incoming.orders order by _line")
    return [text for (text,) in found]


def test_text_is_kept_where_a_rule_may_refuse_its_value(business: Business) -> None:
    """A person is shown what was delivered; what no rule can refuse needs no text."""
    business.deliver(
        "orders.csv",
        f"{ORDERS}\n1,a,2024-01-01,paid,5.10\n2,a,1969-12-31,paid,-5.1\n"
        "3,a,2026-11-02 09:00:00,paid,five\n4,a,never,paid,0\n",
    )
    business.read()
    assert texts(business, "gross_amount") == [None, "-5.1", "five", None]
    assert texts(business, "ordered_at") == [
        None,
        "1969-12-31",
        "2026-11-02 09:00:00",
        "never",
    ]


def test_text_is_kept_where_another_column_may_refuse_its_value(business: Business) -> None:
    """A rule between two columns shows the text of the one it is about."""
    business.deliver(
        "subscription_periods.csv",
        "subscription_id,starts_at,ends_at,customer_id,plan_id,status,unit_amount,"
        "billing_interval\ns,2024-01-02,2024-01-03,a,p,active,1,month\n"
        "t,2024-01-02,2024-01-02,a,p,active,1,month\n",
    )
    business.read()
    found = business.ask("select ends_at__text from incoming.subscription_periods order by _line")
    assert found == [(None,), ("2024-01-02",)]


@pytest.mark.parametrize(
    ("stated", "amount", "value"),
    [
        ("null_texts: ['0', '']", "0", None),
        ("null_texts: ['0', '']", "1", Decimal(1)),
        (
            "inputs: {orders: {values: {tax_amount: {'9': '1.99999999'}}}}",
            "9",
            Decimal("1.999999"),
        ),
        ("inputs: {orders: {values: {tax_amount: {'none': '7'}}}}", "none", 7),
        ("decimal: ','", "1,5", Decimal("1.5")),
        ("decimal: ','", " 1,5 ", Decimal("1.5")),
    ],
)
def test_what_inputs_yml_says_goes_before_a_plain_text(
    business: Business, stated: str, amount: str, value: object
) -> None:
    """A number that can be cast as it is may all the same mean absent, or something else."""
    business.deliver("inputs.yml", f"{stated}\n")
    business.deliver("orders.csv", f'{ORDERS},tax_amount\n1,a,2024-01-01,paid,"5","{amount}"\n')
    business.read()
    assert business.ask("select tax_amount from incoming.orders") == [(value,)]


def test_blanks_around_typed_values_are_no_part_of_them(business: Business) -> None:
    """What is not plain only for its blanks is cleaned, and cast then."""
    business.deliver(
        "orders.csv",
        f"{ORDERS},is_test,cancelled_at\n1,a, 2024-01-01 10:00:00\u00a0,paid,\t5.5 , true ,"
        "2024-02-01 \n",
    )
    business.read()
    assert business.ask(
        "select ordered_at, gross_amount, is_test, cancelled_at from incoming.orders"
    ) == [
        (
            business.ask("select timestamp '2024-01-01 10:00:00'")[0][0],
            Decimal("5.5"),
            True,
            datetime.fromisoformat("2024-02-01"),
        )
    ]


def test_decimal_comma_is_found_beside_plain_numbers(business: Business) -> None:
    """One number with a comma makes the whole file be looked at for its decimal sign."""
    business.deliver(
        "orders.csv",
        "order_id;customer_id;ordered_at;status;gross_amount\n1;a;2024-01-01;paid;5\n"
        "2;a;2024-01-01;paid;1.234,50\n3;a;2024-01-01;paid;7,25\n",
    )
    business.read()
    found = business.ask("select gross_amount from incoming.orders order by _line")
    assert found == [(Decimal(5),), (Decimal("1234.5"),), (Decimal("7.25"),)]
