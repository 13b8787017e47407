"""How the published tables join, for whoever builds a model in a BI tool: docs/marts.md.

Keys are those of dbt's key tests. A relationship goes by the name of the column: the same thing has
the same name everywhere, so a column is listed here once, whatever tables it stands in.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from orchestration.publishing.marts import Mart

# Column -> the table and column it names a row of.
_NAMED = {
    "account_owner_id": "core.employees.employee_id",
    "because_product_id": "core.products.product_id",
    "cohort_start": "core.calendar.day",
    "customer_id": "core.customers.customer_id",
    "employee_id": "core.employees.employee_id",
    "event_on": "core.calendar.day",
    "exchange_of_order_id": "core.orders.order_id",
    "order_id": "core.orders.order_id",
    "ordered_on": "core.calendar.day",
    "other_product_id": "core.products.product_id",
    "owner_id": "core.employees.employee_id",
    "parent_customer_id": "core.customers.customer_id",
    "period_start": "core.calendar.day",
    "product_id": "core.products.product_id",
    "refresh_id": "quality.refreshes.refresh_id",
}
# Rows without a counterpart: the condition that holds for each of them, and what to say of it.
_UNMATCHED = {
    "core.orders.ordered_on": ("not is_valid", "an order that does not count may be older"),
    "core.refunds.order_id": ("is_orphan", "not where `is_orphan`"),
    "win_back.lost_customers_by_employee.employee_id": ("employee_id = '(none)'", "but `(none)`"),
    "win_back.service_effort.employee_id": ("employee_id = '(none)'", "but `(none)`"),
}
# Ids that name a row of no published table, or one of several kinds of thing.
NAME_NOTHING = frozenset(
    {
        "campaign_id", "change_id", "check_id", "item_id", "plan_id", "previous_subscription_id",
        "replaces_subscription_id", "source_customer_id", "subject_id", "subscription_id",
    }
)  # fmt: skip
# What a row is ends where its definition is named or more is said of it.
_MORE = re.compile(r" \(definitions|: |; |\. |\.$")


@dataclass(frozen=True)
class Relationship:
    """A column whose values name rows of another table: many rows here, one there.

    Attributes:
        table: Schema and name of the table.
        column: Its column; where it is null, there is no counterpart.
        to_table: Table whose rows it names.
        to_column: That table's key.
        unmatched: SQL condition of the rows that have none for another reason; false = there are
            no such rows.
        note: The same in words.
    """

    table: str
    column: str
    to_table: str
    to_column: str
    unmatched: str = "false"
    note: str = ""


def relationships(marts: Sequence[Mart]) -> list[Relationship]:
    """List every relationship between published tables.

    Args:
        marts: What is published.

    Returns:
        The relationships in the order of tables and columns.
    """
    found = []
    for mart in marts:
        table = f"{mart.schema}.{mart.name}"
        for column in mart.columns:
            target = _NAMED.get(column)
            if target is None or target == f"{table}.{column}":
                continue
            to_table, to_column = target.rsplit(".", 1)
            unmatched = _UNMATCHED.get(f"{table}.{column}", ("false", ""))
            found.append(Relationship(table, column, to_table, to_column, *unmatched))
    return found


def tables_page(marts: Sequence[Mart]) -> str:
    """Write what docs/marts.md lists: by schema, each table with its key and what it names.

    Args:
        marts: What is published.

    Returns:
        The page, from its first schema on.
    """
    return "\n".join(_lines(marts))


def _lines(marts: Sequence[Mart]) -> Iterator[str]:
    by_table: dict[str, list[Relationship]] = {}
    for one in relationships(marts):
        by_table.setdefault(one.table, []).append(one)
    schema = ""
    for mart in marts:
        if mart.schema != schema:
            schema = mart.schema
            yield f"## {schema}\n"
            yield "| table | one row per | key | names a row of |"
            yield "|---|---|---|---|"
        joins = "<br>".join(
            f"`{one.column}` → `{one.to_table}`{f' ({one.note})' if one.note else ''}"
            for one in by_table.get(f"{schema}.{mart.name}", [])
        )
        key = ", ".join(f"`{column}`" for column in mart.key)
        yield f"| `{mart.name}` | {_grain(mart.description)} | {key} | {joins} |"
        if mart is marts[-1] or marts[marts.index(mart) + 1].schema != schema:
            yield ""


def _grain(description: str) -> str:
    """Return what a row is, out of 'One row per order, valid or not (…).'."""
    text = _MORE.split(description.removeprefix("One row per "), maxsplit=1)[0]
    return text if text.count("(") <= text.count(")") else text[: text.rindex(" (")]
