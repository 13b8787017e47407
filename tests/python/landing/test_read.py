"""Files are read several at once, and it makes no difference."""

import pytest

from orchestration.landing import read
from tests.python.landing.conftest import ORDERS, Business


def test_versions_go_by_file_name_however_long_each_file_takes(business: Business) -> None:
    """The large first file is done last; what it says is the oldest all the same."""
    large = "".join(f"{n},a,2024-01-01,paid,1\n" for n in range(30_000))
    business.deliver("orders_00.csv", f"{ORDERS}\n{large}")
    for number in range(1, 12):
        business.deliver(f"orders_{number:02}.csv", f"{ORDERS}\n7,a,2024-01-01,paid,{number}\n")
    business.load()
    assert business.ask("select gross_amount, _file from landing.orders where order_id = '7'") == [
        (11, "orders_11.csv")
    ]
    assert [file for _, file, *_ in business.loads()] == [
        f"orders_{number:02}.csv" for number in range(12)
    ]


def test_reading_that_breaks_ends_at_once_and_lets_go_of_the_database(
    business: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault of ours in one file must not hang on the others, nor keep the lock."""
    for number in range(20):
        business.deliver(f"orders_{number:02}.csv", f"{ORDERS}\n{number},a,2024-01-01,paid,5\n")

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patched:
        patched.setattr(read, "_insert", broken)
        with pytest.raises(ZeroDivisionError):
            business.read()
    assert business.load().rows_loaded == 20
