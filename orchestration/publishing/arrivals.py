"""What arrived since the last publication, as causes for cells that changed: temp table `arrivals`.

One row per cause, dimension and value (or person): the earliest day it can have touched. Whether a
row is new or says something else than before is read from the published core marts.
"""

from collections.abc import Callable

import duckdb

from orchestration.landing.sql import literal

# Rows that name an account: input, the day it happened on, published table and its key's columns
# with what is delivered for them; None where core has no such table.
_OF_ACCOUNTS: tuple[tuple[str, str, str | None, str | None], ...] = (
    ("payments", "coalesce(paid_at, due_at)", None, None),
    ("complaints", "opened_at", "core.customer_complaints", "complaint_id"),
    ("survey_responses", "coalesce(responded_at, sent_at)", "core.survey_responses", "response_id"),
    ("interactions", "occurred_at", None, None),
    ("messages", "sent_at", None, None),
    ("loyalty_events", "occurred_at", None, None),
    ("churn_feedback", "recorded_at", None, None),
    ("onboarding_events", "completed_at", None, None),
    ("product_usage", "used_on", None, None),
    ("contact_preferences", "changed_at", None, None),
)


def find_arrivals(
    con: duckdb.DuckDBPyConnection,
    published: Callable[[str], str | None],
    base_id: str,
    cutoff_day: str,
) -> None:
    """Make the temp table `arrivals`: cause, customer_id, dimension, value, first_day.

    Args:
        con: Connection with the work database attached as `work`.
        published: Gives what to read of a published table, by schema.table; None without it.
        base_id: Refresh that made the publication.
        cutoff_day: Its cutoff, as text.
    """
    con.execute(
        """create or replace temp table events (cause varchar, customer_id varchar, day date)""",
    )
    merged = _find_merges(con, published)
    _find_orders(con, published, base_id, cutoff_day)
    _find_refunds(con, published, base_id)
    _find_subscriptions(con, published, base_id, cutoff_day)
    _find_customers(con, published, base_id, merged=merged)
    for input_name, day, table, key in _OF_ACCOUNTS:
        known = published(table) if table else None
        is_known = (
            f"exists (select 1 from {known} as old where old.{key} = prefixes.id_prefix"
            f" || arrived.{key})"
            if known
            else "false"
        )
        con.execute(
            f"""insert into events
            select case when {is_known} then 'correction' else 'late row' end,
                identities.customer_id, cast({day} as date)
            from work.landing.{input_name} as arrived
            inner join work.intermediate.int_source_prefixes as prefixes
                on arrived._source = prefixes.source_name
            left join work.core.customer_identities as identities
                on arrived._source = identities.source_name
                and arrived.customer_id = identities.source_customer_id
            where arrived._refresh_id > {literal(base_id)}
                and (cast({day} as date) <= date {literal(cutoff_day)} or {is_known})""",
        )
    _find_common(con, published, base_id, cutoff_day)
    _spread_over_values(con, published)


def _arrived(con: duckdb.DuckDBPyConnection, name: str, base_id: str, key: str) -> str:
    """Make a small temp table of the ids, as the marts have them, that arrived of an input."""
    con.execute(
        f"""create or replace temp table arrived_{name} as
        select distinct prefixes.id_prefix || arrived.{key} as id
        from work.landing.{name} as arrived
        inner join work.intermediate.int_source_prefixes as prefixes
            on arrived._source = prefixes.source_name
        where arrived._refresh_id > {literal(base_id)}""",
    )
    return f"arrived_{name}"


def _find_merges(con: duckdb.DuckDBPyConnection, published: Callable[[str], str | None]) -> bool:
    """Accounts that belong to another person than before; any day of either is touched."""
    old = published("core.customer_identities")
    if old is None:
        return False
    con.execute(
        f"""create or replace temp table moved as
        select new.source_name, new.source_customer_id, new.customer_id as new_id,
            old.customer_id as old_id
        from work.core.customer_identities as new
        inner join {old} as old
            on new.source_name = old.source_name
            and new.source_customer_id = old.source_customer_id
        where new.customer_id <> old.customer_id""",
    )
    con.execute(
        """insert into events
        select 'merge', new_id, null from moved union select 'merge', old_id, null from moved""",
    )
    return True


def _find_orders(
    con: duckdb.DuckDBPyConnection,
    published: Callable[[str], str | None],
    base_id: str,
    cutoff_day: str,
) -> None:
    old = published("core.orders")
    if old is None:
        return
    arrived = _arrived(con, "orders", base_id, "order_id")
    con.execute(
        f"""insert into events
        with versions as (
            select old.order_id is null as is_new, new.status = 'refunded'
                and old.status <> 'refunded' as is_refund,
                new.customer_id as new_id, old.customer_id as old_id,
                least(new.ordered_on, old.ordered_on) as day
            from {arrived} as arrived
            left join work.core.orders as new on arrived.id = new.order_id
            left join {old} as old on arrived.id = old.order_id
            where old.order_id is not null or new.ordered_on <= date {literal(cutoff_day)}
        )
        select distinct case when is_new then 'late row' when is_refund then 'refund'
            else 'correction' end, unnest([new_id, old_id]), day
        from versions""",
    )
    # a line is of its order's day and person
    old_items = published("core.order_items")
    if old_items is None:
        return
    items = _arrived(con, "order_items", base_id, "order_item_id")
    con.execute(
        f"""insert into events
        select distinct case when old.order_item_id is null then 'late row' else 'correction' end,
            orders.customer_id, orders.ordered_on
        from {items} as arrived
        inner join work.core.order_items as new on arrived.id = new.order_item_id
        inner join work.core.orders as orders on new.order_id = orders.order_id
        left join {old_items} as old on arrived.id = old.order_item_id
        where orders.ordered_on <= date {literal(cutoff_day)}
            -- a line that comes with its order is told by the order
            and orders.order_id not in (select id from arrived_orders)""",
    )


def _find_refunds(
    con: duckdb.DuckDBPyConnection, published: Callable[[str], str | None], base_id: str
) -> None:
    """A refund touches its order's day too, however much later it is."""
    old = published("core.refunds")
    if old is None:
        return
    arrived = _arrived(con, "refunds", base_id, "refund_id")
    con.execute(
        f"""insert into events
        select distinct case when old.refund_id is null then 'refund' else 'correction' end,
            coalesce(new.customer_id, old.customer_id),
            least(orders.ordered_on, new.refunded_on, old.refunded_on)
        from {arrived} as arrived
        left join work.core.refunds as new on arrived.id = new.refund_id
        left join {old} as old on arrived.id = old.refund_id
        left join work.core.orders as orders
            on coalesce(new.order_id, old.order_id) = orders.order_id
        where new.refund_id is not null or old.refund_id is not null""",
    )


def _find_subscriptions(
    con: duckdb.DuckDBPyConnection,
    published: Callable[[str], str | None],
    base_id: str,
    cutoff_day: str,
) -> None:
    old = published("core.subscription_periods")
    if old is None:
        return
    con.execute(
        f"""insert into events
        select distinct case when old.subscription_id is null then 'late row' else 'correction' end,
            identities.customer_id, cast(arrived.starts_at as date)
        from work.landing.subscription_periods as arrived
        inner join work.intermediate.int_source_prefixes as prefixes
            on arrived._source = prefixes.source_name
        left join work.core.customer_identities as identities
            on arrived._source = identities.source_name
            and arrived.customer_id = identities.source_customer_id
        left join {old} as old
            on prefixes.id_prefix || arrived.subscription_id = old.subscription_id
            and coalesce(arrived.item_id, 'main') = old.item_id
            and coalesce(arrived.kind, 'recurring') = old.kind
            and arrived.starts_at = old.starts_at
        where arrived._refresh_id > {literal(base_id)}
            and (old.subscription_id is not null
                or cast(arrived.starts_at as date) <= date {literal(cutoff_day)})""",
    )


def _find_customers(
    con: duckdb.DuckDBPyConnection,
    published: Callable[[str], str | None],
    base_id: str,
    *,
    merged: bool,
) -> None:
    """An account that says something else than before: its traits hold for all of its days."""
    old = published("core.customer_identities")
    if old is None or not merged:
        return
    con.execute(
        f"""insert into events
        select distinct 'correction', old.customer_id, cast(null as date)
        from work.landing.customers as arrived
        inner join {old} as old
            on arrived._source = old.source_name and arrived.customer_id = old.source_customer_id
        where arrived._refresh_id > {literal(base_id)} and not exists (
            select 1 from moved
            where moved.source_name = arrived._source
                and moved.source_customer_id = arrived.customer_id
        )""",
    )


def _find_common(
    con: duckdb.DuckDBPyConnection,
    published: Callable[[str], str | None],
    base_id: str,
    cutoff_day: str,
) -> None:
    """What is of nobody in particular touches every cell."""
    con.execute(
        f"""insert into events
        select distinct 'correction', cast(null as varchar), rate_date
        from work.landing.exchange_rates
        where _refresh_id > {literal(base_id)} and rate_date <= date {literal(cutoff_day)}
        union
        select distinct 'correction', cast(null as varchar), effective_on
        from work.landing.business_changes
        where _refresh_id > {literal(base_id)} and effective_on <= date {literal(cutoff_day)}""",
    )
    products = published("core.products")
    if products is not None:
        arrived = _arrived(con, "products", base_id, "product_id")
        con.execute(
            f"""insert into events
            select distinct 'correction', cast(null as varchar), cast(null as date)
            from {arrived} as arrived
            inner join {products} as old on arrived.id = old.product_id""",
        )


def _spread_over_values(
    con: duckdb.DuckDBPyConnection, published: Callable[[str], str | None]
) -> None:
    """Give each cause the values its people have or had, so that a cell finds its own."""
    old = published("core.customer_dimensions")
    sources = ["work.core.customer_dimensions", *([old] if old else [])]
    values = " union ".join(
        f"""select customer_id, dimension, value from {source}
        where customer_id in (select customer_id from events)"""
        for source in sources
    )
    con.execute(
        f"""create or replace temp table arrivals as
        with people as (
            select cause, customer_id, min(coalesce(day, date '0001-01-01')) as first_day
            from events group by cause, customer_id
        ), dimension_values as ({values})
        select people.cause, cast(null as varchar) as customer_id, dimension_values.dimension,
            dimension_values.value, min(people.first_day) as first_day
        from people inner join dimension_values
            on people.customer_id = dimension_values.customer_id
        where dimension_values.dimension <> 'all'
        group by all
        union all
        select cause, customer_id, 'customer_id', customer_id, first_day
        from people where customer_id is not null
        union all
        select cause, null, 'all', 'all', min(first_day) from people group by cause
        union all
        select cause, null, null, null, min(first_day) from people
        where customer_id is null group by cause""",
    )
