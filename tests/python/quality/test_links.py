"""Rules between inputs (E47): what waits for another input's row, and what does not."""

import duckdb

from orchestration.landing.accept import accept
from orchestration.landing.holds import HOLDS, held_when
from orchestration.landing.tables import create_tables
from tests.python.quality.scene import CONTRACT, NOW, item, landed_orders, order

ITEM = "order_items.order_id.reference"
ORDER = "orders.order_items.missing"


def lenient(scene):
    scene.settings["max_quarantined_share"] = 1
    return scene


def refused(scene):
    """Key and rule of every refused row."""
    return sorted((key, rule) for _, _, key, rule, _ in scene.quarantine())


def test_an_item_without_its_order_is_refused(scene):
    """Revenue by product would not sum to revenue."""
    lenient(scene).deliver("orders", [order(1), order(2)])
    scene.deliver("order_items", [item(1), item(2), item(3)])
    results = scene.check()
    assert refused(scene) == [("I-3", "order_id.reference")]
    assert "order_items.csv:4 O-3" in results[ITEM].message
    assert "until the missing part is delivered" in results[ITEM].message


def test_an_order_without_items_is_refused_where_items_are_delivered(scene):
    """Its products are unknown although they should not be."""
    lenient(scene).deliver("orders", [order(1), order(2)])
    scene.deliver("order_items", [item(1)])
    results = scene.check()
    assert refused(scene) == [("O-2", "order_items.missing")]
    assert "orders.csv:3 O-2" in results[ORDER].message


def test_orders_without_items_pass_where_no_items_are_delivered(scene):
    """order_items is optional."""
    scene.deliver("orders", [order(1), order(2)])
    assert scene.check()[ORDER].is_success
    assert refused(scene) == []


def test_items_are_asked_for_by_source(scene):
    """One shop delivers items, the other does not."""
    lenient(scene).deliver("orders", [order(1)], file="orders/web.csv")
    scene.deliver("orders", [order(1, _source="till")], file="orders/till.csv")
    scene.deliver("order_items", [item(1)])
    scene.check()
    assert refused(scene) == []


def test_an_order_of_another_source_is_not_its_order(scene):
    """Two shops may use one id (E21)."""
    lenient(scene).deliver("orders", [order(1), order(2, _source="till")])
    scene.deliver("order_items", [item(1), item(2)])
    scene.check()
    assert refused(scene) == [("I-2", "order_id.reference")]


def test_rows_taken_before_count(scene):
    """The order came yesterday, its items today."""
    landed_orders(lenient(scene), 1, 2, "2026-10-31")
    scene.deliver("order_items", [item(1, order_id="L-0-0"), item(2, order_id="L-9-9")])
    scene.check()
    assert refused(scene) == [("I-2", "order_id.reference")]


def test_a_refused_order_is_not_there(scene):
    """An item of an order that is kept out would hang in the air."""
    lenient(scene).deliver("orders", [order(1), order(2, gross_amount="-5")])
    scene.deliver("order_items", [item(1), item(2)])
    scene.check()
    assert refused(scene) == [("I-2", "order_id.reference"), ("O-2", "gross_amount.minimum")]


def test_a_deleted_order_is_not_there(scene):
    """A deletion takes the order's items with it."""
    landed_orders(lenient(scene), 1, 2, "2026-10-31")
    scene.deliver("orders", [{"order_id": "L-0-0", "_deleted": "true"}, order(1, _deleted="")])
    scene.deliver("order_items", [item(1), item(2, order_id="L-0-0")])
    scene.check()
    assert refused(scene) == [("I-2", "order_id.reference")]


def test_a_deletion_needs_only_its_key(scene):
    """Who deletes a row does not send its amounts again."""
    lenient(scene).deliver(
        "orders",
        [
            order(1, _deleted="false"),
            {"order_id": "O-2", "_deleted": "true", "gross_amount": "-7", "status": "?"},
            {"_deleted": "true", "status": "paid"},
        ],
    )
    results = scene.check()
    assert refused(scene) == [("", "order_id.required")]
    assert results["orders.order_id.required"].rows_checked == 3
    assert results["orders.gross_amount.minimum"].rows_checked == 1


def test_only_the_latest_version_of_a_row_is_asked_for(scene):
    """An earlier version is replaced; what it lacked does not matter any more."""
    lenient(scene).deliver("orders", [order(1), order(2)])
    scene.deliver("order_items", [item(1), item(2, order_id="O-9"), item(2)])
    scene.check()
    assert refused(scene) == []


def test_a_broken_later_version_leaves_the_earlier_one(scene):
    """A refused correction must not take the sound row away."""
    lenient(scene).deliver("orders", [order(1), order(1, gross_amount="much")])
    scene.deliver("order_items", [item(1)])
    scene.check()
    assert refused(scene) == [("O-1", "gross_amount.type")]


def test_references_are_asked_for_only_where_the_input_is_known(scene):
    """Without a product list every product would be unknown."""
    scene.deliver("orders", [order(1)])
    scene.deliver("order_items", [item(1, product_id="P-1")])
    assert "order_items.product_id.reference" not in scene.check()
    scene.deliver("products", [{"product_id": "P-2"}])
    found = scene.check()["order_items.product_id.reference"]
    assert (found.is_success, found.severity, found.rows_failed) == (False, "warning", 1)
    assert refused(scene) == []


def test_the_same_predicate_decides_what_is_held():
    """Guards and accept must not disagree about E47."""
    with duckdb.connect() as con:
        create_tables(con, CONTRACT)
        for name, key, number in (
            ("orders", "order_id", 1),
            ("orders", "order_id", 2),
            ("orders", "order_id", 3),
        ):
            con.execute(
                f"insert into landing.{name} (_source, {key}, _is_deleted) "
                f"values ('main', 'O-{number}', {str(number == 3).lower()})"
            )
        for number in (1, 3, 4):
            con.execute(
                "insert into landing.order_items (_source, order_item_id, order_id, _is_deleted) "
                f"values ('main', 'I-{number}', 'O-{number}', false)"
            )
        held = {
            hold.rule: [
                row[0]
                for row in con.execute(
                    f"select order_id from landing.{hold.input} as each_row "
                    f"where {held_when(hold, 'each_row')} order by order_id"
                ).fetchall()
            ]
            for hold in HOLDS
        }
    assert held == {"order_id.reference": ["O-3", "O-4"], "order_items.missing": ["O-2"]}


def test_a_held_row_that_comes_again_unchanged_is_told_once(scene):
    """A full export every day would fill quarantine with what is known."""
    lenient(scene).deliver("orders", [order(1), order(2)])
    scene.deliver("order_items", [item(1)])
    scene.check()
    taken = scene.workspace, CONTRACT, scene.load_settings(), scene.refresh_id, NOW
    accept(*taken)
    assert refused(scene) == [("O-2", "order_items.missing")]
    scene.deliver("orders", [order(1), order(2), order(3)])
    scene.deliver("order_items", [item(1), item(3)])
    results = scene.check()
    assert results[ORDER].rows_failed == 0
    assert refused(scene) == []
    accept(*taken[:3], scene.refresh_id, NOW)
    assert scene.sql(
        "select row_key, refresh_id from ops.quarantined_rows where healed_at is null"
    ) == [("O-2", "r1")]
    refused_rows = "select sum(rows_refused) from ops.input_loads where refresh_id = ?"
    assert scene.sql(refused_rows, "r2") == [(0,)]
