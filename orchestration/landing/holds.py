"""Rows that pass their own rules but wait for what another input lacks (E47), decided once.

The guards use these predicates on the rows as they would stand after the delivery, `accept` on
landing.* as it stands; a held row is loaded, marked `_is_held`, counted as refused, and heals by
itself when the missing part arrives.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Hold:
    """One reason to hold the rows of one input.

    Attributes:
        input: Input whose rows are held.
        column_name: Column the reason is about.
        rule: Name in incoming._refused and ops.quarantined_rows.
    """

    input: str
    column_name: str
    rule: str

    @property
    def check_id(self) -> str:
        """Id of the check in ops.input_checks."""
        return f"{self.input}.{self.rule}"


ITEM_WITHOUT_ORDER = Hold("order_items", "order_id", "order_id.reference")
ORDER_WITHOUT_ITEMS = Hold("orders", "order_id", "order_items.missing")
HOLDS = (ITEM_WITHOUT_ORDER, ORDER_WITHOUT_ITEMS)


def held_when(
    hold: Hold,
    row: str,
    orders: str = "landing.orders",
    order_items: str = "landing.order_items",
) -> str:
    """Returns the SQL condition under which a row is held.

    A deleted row is never held, and a deleted order or item does not count as there.

    Args:
        hold: One of HOLDS.
        row: Alias of the row, which has _source, order_id, _is_deleted.
        orders: Relation with _source, order_id, _is_deleted: every order that would stand.
        order_items: Relation with _source, order_id, _is_deleted: every item that would stand.

    Returns:
        A boolean expression, never null.
    """
    if hold == ITEM_WITHOUT_ORDER:
        return f"""(not {row}._is_deleted and not exists (
            select 1 from {orders} as order_there
            where order_there._source = {row}._source
                and order_there.order_id = {row}.order_id
                and not order_there._is_deleted
        ))"""
    return f"""(not {row}._is_deleted and exists (
            select 1 from {order_items} as item_delivered
            where item_delivered._source = {row}._source
        ) and not exists (
            select 1 from {order_items} as item_there
            where item_there._source = {row}._source
                and item_there.order_id = {row}.order_id
                and not item_there._is_deleted
        ))"""
