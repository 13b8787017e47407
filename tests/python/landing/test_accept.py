"""The latest version of each key stands, and every row of every file is accounted for."""

import random
import shutil
from datetime import date, datetime
from decimal import Decimal

import duckdb
import pytest

from orchestration.landing import accept as accepting
from tests.python.landing.conftest import ITEMS, ORDERS, Business


def order(number: object, amount: object = 5) -> str:
    return f"{number},a,2024-01-01,paid,{amount}\n"


def orders(*rows: str) -> str:
    return f"{ORDERS}\n" + "".join(rows)


def standing(business: Business) -> dict[str, Decimal]:
    return dict(
        business.ask(
            "select order_id, gross_amount from landing.orders"
            " where not _is_deleted and not _is_held"
        )
    )


def test_later_version_of_a_key_wins(business: Business) -> None:
    """Later load, then later file name, then later line; earlier files' counts follow."""
    business.deliver("orders_b.csv", orders(order(1, 30), order(1, 31)))
    business.deliver("orders_a.csv", orders(order(1, 20), order(2, 2)))
    business.load()
    assert standing(business) == {"1": 31, "2": 2}
    assert business.loads() == [
        ("r1", "orders_a.csv", 2, 1, 0, 1),
        ("r1", "orders_b.csv", 2, 1, 0, 1),
    ]
    business.deliver("orders_0.csv", orders(order(1, 9)))
    business.load()
    assert standing(business) == {"1": 9, "2": 2}
    assert business.loads()[1:] == [
        ("r1", "orders_b.csv", 2, 0, 0, 2),
        ("r2", "orders_0.csv", 1, 1, 0, 0),
    ]


def test_equal_versions_collapse(business: Business) -> None:
    """The same row again changes nothing, and is counted."""
    business.deliver("orders.csv", orders(order(1), order(1)))
    business.load()
    first = business.ask("select _refresh_id, _line from landing.orders")
    business.deliver("orders_whole.csv", orders(order(1), order(2)))
    business.load()
    assert first == [("r1", 3)]
    assert business.ask("select _refresh_id, _line from landing.orders order by order_id") == [
        ("r1", 3),
        ("r2", 3),
    ]
    assert business.loads() == [
        ("r1", "orders.csv", 2, 1, 0, 1),
        ("r2", "orders_whole.csv", 2, 1, 0, 1),
    ]


def test_a_file_is_loaded_once(business: Business) -> None:
    """The same bytes are passed over, under another name too; other bytes under the name load."""
    business.deliver("orders.csv", orders(order(1)))
    business.load()
    business.deliver("orders_copy.csv", orders(order(1)))
    business.deliver("customers.csv", "customer_id\na\n")
    report = business.read()
    assert [file.file for file in report.files] == ["customers.csv"]
    assert report.skipped == 2
    business.accept()
    business.deliver("orders.csv", orders(order(1, 7)))
    business.load()
    assert standing(business) == {"1": 7}


def test_deletes_stay_deleted_until_the_key_comes_again(business: Business) -> None:
    """A row in which _deleted says yes takes its key away; it needs nothing but the key."""
    business.deliver("orders.csv", orders(order(1), order(2)))
    business.load()
    business.deliver("orders_deleted.csv", "order_id,_deleted\n1,TRUE\n2,0\n")
    business.read()
    business.refuse("orders", "not _is_deleted", "status.required")
    business.accept()
    assert standing(business) == {"2": 5}
    assert business.ask("select _is_deleted from landing.orders where order_id = '1'") == [(True,)]
    assert business.loads()[1] == ("r2", "orders_deleted.csv", 2, 1, 1, 0)
    business.deliver("orders_again.csv", orders(order(1, 8)))
    business.load()
    assert standing(business) == {"1": 8, "2": 5}


PERIODS = "subscription_id,starts_at,ends_at,customer_id,plan_id,status,quantity,unit_amount"


def period(subscription: str, quantity: int = 3) -> str:
    return f"{subscription},2024-01-01,,a,pro,active,{quantity},10,month\n"


def deleted_periods(business: Business) -> list[tuple]:
    return business.ask(
        """select subscription_id, customer_id, quantity,
            cast(ends_at as date), cast(_loaded_at as date)
        from landing.subscription_periods where _is_deleted order by all"""
    )


def test_a_deleted_subscription_keeps_what_it_last_said(business: Business) -> None:
    """E82: without it, what was served until then would never have been. Delivered as deleted again
    it keeps the day it went; what the deleting row says itself counts, defaults do not."""
    header = f"{PERIODS},billing_interval\n"
    business.deliver("subscription_periods_1.csv", header + period("s") + period("t"))
    business.load()
    business.deliver(
        "subscription_periods_2.csv",
        "subscription_id,starts_at,ends_at,_deleted\ns,2024-01-01,,yes\nt,2024-01-01,2024-05-01,yes\n",
    )
    business.load()
    gone = [
        ("s", "a", Decimal(3), None, date(2026, 11, 3)),
        ("t", "a", Decimal(3), date(2024, 5, 1), date(2026, 11, 3)),
    ]
    assert deleted_periods(business) == gone
    business.deliver(
        "subscription_periods_3.csv", "subscription_id,starts_at,_deleted\ns,2024-01-01,1\n"
    )
    business.load()
    assert deleted_periods(business) == gone
    business.deliver(
        "subscription_periods_4.csv",
        f"{PERIODS},billing_interval,_deleted\n" + period("s", 5).replace("\n", ",\n"),
    )
    business.load()
    assert deleted_periods(business) == gone[1:]


def test_a_subscription_that_comes_and_goes_in_one_delivery_is_kept_too(business: Business) -> None:
    """E82: the first load of a history holds both; the row never stood."""
    rows = period("s", 4).replace("\n", ",\n") + "s,2024-01-01,,,,,,,,yes\n"
    rows += "unheard_of,2024-01-01,,,,,,,,yes\n"
    business.deliver("subscription_periods.csv", f"{PERIODS},billing_interval,_deleted\n{rows}")
    business.load()
    assert deleted_periods(business) == [
        ("s", "a", Decimal(4), None, date(2026, 11, 2)),
        ("unheard_of", None, Decimal(1), None, date(2026, 11, 2)),
    ]
    # read anew under another reading, what went keeps its day
    business.set(business_timezone="Europe/Berlin")
    business.load()
    assert [row[-1] for row in deleted_periods(business)] == [date(2026, 11, 2)] * 2


def test_two_sources_may_use_one_id(business: Business) -> None:
    """E21: the key is the source and the id."""
    business.deliver("orders.csv", f"{ORDERS},_source\n" + "".join(
        order(1, amount).replace("\n", f",{source}\n") for source, amount in (("x", 1), ("y", 2))
    ))  # fmt: skip
    business.load()
    assert business.ask("select _source, gross_amount from landing.orders order by 1") == [
        ("x", 1),
        ("y", 2),
    ]
    assert business.ask("select source from ops.feeds order by 1") == [("x",), ("y",)]


SHOPS = """
inputs:
  products:
    - {files: a, constants: {_source: a}}
    - {files: b, constants: {_source: b}}
"""
PRODUCTS = "product_id,unit_cost\nP1,4\n"


def products(business: Business) -> list[tuple]:
    return business.ask(
        "select _source, product_id, cast(unit_cost as integer) from landing.products order by all"
    )


def test_two_sources_may_deliver_the_same_bytes(business: Business) -> None:
    """E21: the price list of the second shop was passed over, as if it were the first one's."""
    business.deliver("inputs.yml", SHOPS)
    business.deliver("a/products.csv", PRODUCTS)
    business.load()
    business.deliver("b/products.csv", PRODUCTS)
    business.deliver("b/products_copy.csv", PRODUCTS)
    business.load()
    assert products(business) == [("a", "P1", 4), ("b", "P1", 4)]
    assert [load[:4] for load in business.loads()] == [
        ("r1", "a/products.csv", 1, 1),
        ("r2", "b/products.csv", 1, 1),
    ]
    assert business.read().files == ()
    # a third shop, when the files of the others were taken away
    shutil.rmtree(business.workspace.landing / "a")
    business.deliver("inputs.yml", SHOPS + "    - {files: c, constants: {_source: c}}\n")
    business.deliver("c/products.csv", PRODUCTS)
    business.load()
    assert [source for source, *_ in products(business)] == ["a", "b", "c"]


def test_source_stated_after_the_first_load_does_not_bring_rows_twice(business: Business) -> None:
    """Who names the shop only later, or anew, would have every row under both names."""
    business.deliver("products.csv", PRODUCTS)
    business.load()
    for name in ("first", "second"):
        business.deliver("inputs.yml", f"constants: {{_source: {name}}}\n")
        business.load()
        assert products(business) == [(name, "P1", 4)]
    # and in a folder of its own at once
    (business.workspace.landing / "a").mkdir()
    (business.workspace.landing / "products.csv").rename(
        business.workspace.landing / "a" / "products.csv"
    )
    business.deliver("inputs.yml", SHOPS)
    business.load()
    assert products(business) == [("a", "P1", 4)]
    assert business.read().files == ()


def test_files_loaded_before_contents_had_a_source_are_known(business: Business) -> None:
    """An update would take old files as the newest, or the second shop's for the first one's."""
    business.deliver("inputs.yml", SHOPS)
    business.deliver("a/products_1.csv", PRODUCTS)
    business.load()
    business.deliver("a/products_2.csv", PRODUCTS.replace("4", "5"))
    business.deliver("a/products_3.csv", "product_id,unit_cost\nP2,6\n")
    business.load()
    (business.workspace.landing / "a" / "products_3.csv").rename(
        business.workspace.landing / "a" / "products_renamed.csv"
    )
    business.deliver("b/products_1.csv", PRODUCTS)
    for table in ("ops.input_loads", "landing._readings"):
        business.ask(f"update {table} set content_hash = left(content_hash, 64)")
    report = business.read()
    business.accept()
    assert [file.file for file in report.files] == ["b/products_1.csv"]
    assert products(business) == [("a", "P1", 5), ("a", "P2", 6), ("b", "P1", 4)]
    assert business.read().files == ()


def test_absent_key_part_is_empty_text_and_defaults_are_filled(business: Business) -> None:
    """A null in a key would never meet its later version."""
    text = "spent_on,acquisition_channel,amount\n2024-01-01,search,{}\n"
    business.deliver("marketing_spend_1.csv", text.format(1))
    business.deliver("marketing_spend_2.csv", text.format(2))
    business.deliver(
        "subscription_periods.csv",
        "subscription_id,starts_at,customer_id,plan_id,status,unit_amount,billing_interval,"
        "quantity\n1,2024-01-01,a,p,active,5,month,\n2,2024-01-01,a,p,active,5,month,x\n",
    )
    business.load()
    assert business.ask("select campaign_id, amount from landing.marketing_spend") == [("", 2)]
    assert business.ask(
        """select item_id, kind, quantity, billing_interval_count
        from landing.subscription_periods order by subscription_id"""
    ) == [("main", "recurring", 1, 1), ("main", "recurring", None, 1)]


def test_refused_version_does_not_replace_a_sound_one(business: Business) -> None:
    """A bad correction must not take the good row away."""
    business.deliver("orders.csv", orders(order(1)))
    business.load()
    business.deliver("orders_2.csv", orders(order(1, -5), order(2, -6)))
    business.read()
    business.refuse("orders", "gross_amount < 0")
    business.refuse("orders", "gross_amount < 0", "gross_amount.other")
    business.accept()
    assert standing(business) == {"1": 5}
    assert business.loads()[1] == ("r2", "orders_2.csv", 2, 0, 2, 0)


def test_quarantine_heals_when_a_sound_version_is_taken(business: Business) -> None:
    """What is still missing must be told from what was corrected since."""
    business.deliver("orders.csv", orders(order(1, -1), order(2, -2), "3,x\n"))
    business.read()
    business.refuse("orders", "gross_amount < 0")
    with duckdb.connect(str(business.workspace.work_db)) as con:
        con.execute(
            """insert into ops.quarantined_rows by name
            select 'r1' as refresh_id, input, _file as file, _line as line, 'line' as rule
            from incoming._rejected_lines"""
        )
    business.accept()
    query = "select row_key, healed_at from ops.quarantined_rows order by line"
    assert business.ask(query) == [("1", None), ("2", None), (None, None)]
    business.deliver("orders_2.csv", orders(order(1, 1), order(2, -3)))
    business.read()
    business.refuse("orders", "gross_amount < 0")
    business.accept()
    assert business.ask("select row_key from ops.quarantined_rows where healed_at is not null") == [
        ("1",)
    ]
    # the file comes again without the line that did not parse
    business.deliver("orders.csv", orders(order(1, 1), order(2, 2), order(3, 3)))
    business.load()
    assert business.ask("select count(*) from ops.quarantined_rows where healed_at is null") == [
        (0,)
    ]
    assert standing(business) == {"1": 1, "2": 2, "3": 3}


def test_rows_that_lack_another_input_are_held_and_heal(business: Business) -> None:
    """E47: an item without its order, an order without items; each loads when the rest comes."""
    business.deliver("orders.csv", orders(order(1), order(2)))
    business.load()
    assert standing(business) == {"1": 5, "2": 5}, "without order_items no order lacks any"
    business.deliver("order_items.csv", f"{ITEMS}\ni1,1,1,5\ni3,3,1,5\n")
    business.load()
    assert standing(business) == {"1": 5}
    assert business.loads() == [
        ("r1", "orders.csv", 2, 1, 1, 0),
        ("r2", "order_items.csv", 2, 1, 1, 0),
    ]
    query = "select input, rule, row_key, value, healed_at from ops.quarantined_rows order by 1, 3"
    assert business.ask(query) == [
        ("order_items", "order_id.reference", "i3", "3", None),
        ("orders", "order_items.missing", "2", "2", None),
    ]
    business.deliver("orders_2.csv", orders(order(3)))
    business.deliver("order_items_2.csv", f"{ITEMS}\ni2,2,1,5\n")
    business.load()
    assert standing(business) == {"1": 5, "2": 5, "3": 5}
    assert [healed for *_, healed in business.ask(query)] == [datetime(2026, 11, 4)] * 2  # noqa: DTZ001
    assert [load[3:] for load in business.loads()] == [(2, 0, 0), (2, 0, 0), (1, 0, 0), (1, 0, 0)]
    # and an order that is deleted leaves its items waiting again
    business.deliver("orders_3.csv", "order_id,_deleted\n1,1\n")
    business.load()
    held = business.ask("select order_item_id from landing.order_items where _is_held")
    assert held == [("i1",)]
    open_rows = "select row_key from ops.quarantined_rows where healed_at is null"
    assert business.ask(open_rows) == [("i1",)]


def test_held_rows_are_taken_although_the_guards_name_them(business: Business) -> None:
    """The guards put held rows in quarantine too; that must neither lose nor double them."""
    business.deliver("orders.csv", orders(order(1)))
    business.deliver("order_items.csv", f"{ITEMS}\ni1,1,1,5\ni3,3,1,5\n")
    business.read()
    business.refuse("order_items", "order_id = '3'", "order_id.reference")
    business.accept()
    assert business.ask("select order_item_id, _is_held from landing.order_items order by 1") == [
        ("i1", False),
        ("i3", True),
    ]
    assert business.ask("select count(*) from ops.quarantined_rows") == [(1,)]


def test_stopped_load_takes_nothing_and_is_tried_again(business: Business) -> None:
    """A no leaves what stands, says so per file, and the same file may come through later."""
    business.deliver("orders.csv", orders(order(1)))
    business.load()
    business.deliver("orders_2.csv", orders(order(1, 9), order(2)))
    business.deliver("orders_3.csv", "")
    business.read()
    business.stop()
    assert standing(business) == {"1": 5}
    assert business.ask(
        """select file, status, rows_read, rows_loaded + rows_refused + rows_superseded, message
        from ops.input_loads where refresh_id = 'r2' order by file"""
    ) == [
        ("orders_2.csv", "stopped", 2, 2, None),
        ("orders_3.csv", "unreadable", 0, 0, "is empty: it has not even a header"),
    ]
    (business.workspace.landing / "orders_3.csv").unlink()
    business.load()
    assert standing(business) == {"1": 9, "2": 5}


def test_nothing_is_taken_when_anything_fails(
    business: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a delivery would be worse than none."""
    business.deliver("orders.csv", orders(order(1)))
    business.load()
    before = business.ask("select * from landing.orders"), business.loads()
    business.deliver("orders_2.csv", orders(order(1, 9), order(2)))
    business.read()
    monkeypatch.setattr(accepting, "_check_accounts", lambda con: con.execute("select error('x')"))
    with pytest.raises(duckdb.Error):
        business.accept()
    assert (business.ask("select * from landing.orders"), business.loads()) == before


def test_changed_reading_reads_loaded_files_anew(business: Business) -> None:
    """A time zone set after the first load must not leave half the orders on the wrong day."""
    business.deliver("orders_1.csv", orders("1,a,2024-01-01,paid,5\n", "2,a,2024-01-01,paid,5\n"))
    business.load()
    business.deliver("orders_0.csv", orders("1,a,2024-02-01,paid,6\n"))
    business.load()
    business.set(business_timezone="Europe/Berlin")
    report = business.read()
    business.accept()
    assert "read anew" in report.messages[0]
    assert business.ask(
        "select order_id, strftime(ordered_at, '%m-%d %H'), gross_amount from landing.orders"
        " order by 1"
    ) == [("1", "01-31 23", 6), ("2", "12-31 23", 5)]  # the later load still wins
    assert [load[2:] for load in business.loads()] == [
        (2, 0, 0, 2), (1, 0, 0, 1), (1, 1, 0, 0), (2, 1, 0, 1),
    ]  # fmt: skip
    assert business.read().files == ()


def test_changed_reading_without_the_files_is_told(business: Business) -> None:
    """Rows whose file is gone cannot be read anew; nobody may be left to believe they were."""
    path = business.deliver("orders_1.csv", orders(order(1)))
    business.deliver("orders_0.csv", orders(order(2)))
    business.load()
    path.unlink()
    business.deliver("inputs.yml", "time_zone: Asia/Tokyo\n")
    report = business.read()
    assert report.files == ()
    assert "keep the old reading" in report.messages[0]


def test_changed_reading_is_told_where_no_loaded_file_is_left(business: Business) -> None:
    """Who moves loaded files away, as is advised, would have old and new hours side by side."""
    for name in ("orders_0.csv", "orders_1.csv"):
        path = business.deliver(name, orders(order(name)))
        business.load()
        path.unlink()
    business.deliver("orders_2.csv", orders(order(3)))
    assert business.load().rows_loaded == 1
    (business.workspace.landing / "orders_2.csv").unlink()
    business.set(business_timezone="Europe/Berlin")
    assert business.read().messages == (), "nothing is read otherwise than before"
    business.deliver("orders_3.csv", orders(order(4)))
    (message,) = business.read().messages
    assert "keep the old reading" in message
    business.accept()
    # files that are read anew do not hide those that cannot be
    business.set(business_timezone="Asia/Tokyo")
    (message,) = business.read().messages
    assert "read anew" in message
    assert "keep the old reading" in message


def test_another_hash_key_is_told_where_no_loaded_file_is_left(
    business: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guests would no longer meet their accounts."""
    path = business.deliver("customers.csv", "customer_id,email\na,a@b.example\n")
    business.load()
    path.unlink()
    business.deliver("customers_2.csv", "customer_id,email\nb,b@b.example\n")
    monkeypatch.setenv("HOLDFAST_HASH_KEY", "another")
    (message,) = business.read().messages
    assert "customers: " in message
    assert "keep the old reading" in message


def messy_delivery(rng: random.Random, keys: int) -> tuple[str, int]:
    """A file with good rows, repeated keys, broken lines, blank lines, quoted line ends."""
    lines, read = [ORDERS + ",sales_channel\n"], 0
    for _ in range(rng.randint(0, 60)):
        key, amount = rng.randint(1, keys), rng.choice([1, 2, -1])
        row = f"{key},a,2024-01-01,paid,{amount}"
        kind = rng.random()
        if kind < 0.1:
            lines.append("\n")
            continue
        read += 1
        if kind < 0.2:
            lines.append(f"{key},too,short\n")
        elif kind < 0.25:
            lines.append(f"{row},x,too long,y\n")
        elif kind < 0.3:
            lines.append(f'{key},"open,2024-01-01,paid,1,\n')
        elif kind < 0.4:
            lines.append(f'{row},"two\n\nlines, {rng.random()}"\n')
        else:
            lines.append(f"{row},{rng.choice(['', 'web', 'shop'])}\n")
    return "".join(lines), read


@pytest.mark.parametrize("seed", range(4))
def test_every_line_of_messy_deliveries_is_accounted_for(business: Business, seed: int) -> None:
    """read = loaded + refused + superseded per file, after every load, against a count by hand."""
    rng = random.Random(seed)  # noqa: S311 - a test
    expected: dict[tuple[str, str], int] = {}
    texts = set()
    for round_number in range(1, 5):
        for part in range(rng.randint(1, 3)):
            text, read = messy_delivery(rng, keys=25)
            if text in texts:
                continue
            texts.add(text)
            name = f"orders_{rng.randint(0, 9)}_{round_number}_{part}.csv"
            business.deliver(name, text)
            expected[f"r{round_number}", name] = read
        if rng.random() < 0.6:
            numbers = {rng.randint(1, 30) for _ in range(20)}
            rows = "".join(f"i{n},{n},1,1\n" for n in sorted(numbers))
            business.deliver(f"order_items_{round_number}.csv", f"{ITEMS}\n{rows}")
            expected[f"r{round_number}", f"order_items_{round_number}.csv"] = len(numbers)
        business.read()
        business.refuse("orders", "gross_amount < 0")
        business.accept()
        loads = business.ask(
            """select refresh_id, file, rows_read, rows_loaded + rows_refused + rows_superseded,
                least(rows_loaded, rows_refused, rows_superseded) from ops.input_loads"""
        )
        assert {load[:2]: load[2] for load in loads} == expected
        assert all(load[2] == load[3] and load[4] >= 0 for load in loads)
        for table in ("orders", "order_items"):
            key = "order_id" if table == "orders" else "order_item_id"
            rows, keys, loaded, held = business.ask(
                f"""select count(*), count(distinct {key}), count(*) filter (where not _is_held),
                    count(*) filter (where _is_held) from landing.{table}"""
            )[0]
            assert rows == keys
            assert business.ask(
                "select coalesce(sum(rows_loaded), 0) from ops.input_loads where input = ?",
                [table],
            ) == [(loaded,)]
            open_rows = business.ask(
                """select count(distinct row_key) from ops.quarantined_rows
                where input = ? and rule in ('order_id.reference', 'order_items.missing')
                    and healed_at is null""",
                [table],
            )
            assert open_rows == [(held,)]


def test_a_damaged_file_among_sound_ones_costs_only_its_own_rows(business: Business) -> None:
    """What stands before and after it in a batch is read, compared and counted as without it."""
    business.deliver("orders_a.csv", orders(order(1, 10), order(2, 20)))
    business.deliver("orders_b.csv", orders(order(1, 11), "3,a\n", order(4, 40)))
    business.deliver("orders_c.parquet", b"PAR1 and nothing that Parquet has")
    business.deliver("orders_d.csv", orders(order(2, 21), order(5, 50), order(5, 51)))
    business.load()
    assert standing(business) == {"1": 11, "2": 21, "4": 40, "5": 51}
    assert business.loads() == [
        ("r1", "orders_a.csv", 2, 0, 0, 2),
        ("r1", "orders_b.csv", 3, 2, 1, 0),
        ("r1", "orders_c.parquet", 0, 0, 0, 0),
        ("r1", "orders_d.csv", 3, 2, 0, 1),
    ]


def test_first_delivery_takes_the_latest_version_that_is_not_refused(business: Business) -> None:
    """A refused correction does not replace what it would correct, in an empty table either."""
    business.deliver("orders_a.csv", orders(order(1, 10), order(2, 20)))
    business.deliver("orders_b.csv", orders(order(1, -1), order(2, 21), order(3, -1)))
    business.read()
    business.refuse("orders", "gross_amount < 0")
    business.accept()
    assert standing(business) == {"1": 10, "2": 21}
    assert business.loads() == [
        ("r1", "orders_a.csv", 2, 1, 0, 1),
        ("r1", "orders_b.csv", 3, 1, 2, 0),
    ]


def test_a_delivery_larger_than_the_memory_is_taken(
    business: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What memory does not hold is spilled into the warehouse, though the engine is confined."""
    monkeypatch.setenv("HOLDFAST_MEMORY_LIMIT", "100MB")
    wide = "x" * 300
    rows = "".join(f"{n % 190_000},{wide}{n},2024-01-01,paid,5\n" for n in range(200_000))
    business.deliver("orders.csv", f"{ORDERS}\n{rows}")
    report = business.load()
    assert (report.rows_read, report.rows_loaded, report.rows_superseded) == (
        200_000,
        190_000,
        10_000,
    )
    business.deliver("orders_again.csv", f"{ORDERS}\n{rows.replace('paid,5', 'paid,6')}")
    assert business.load().rows_loaded == 190_000
