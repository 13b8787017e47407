"""Views and tables in schema `guard` on which the rules are checked; made for a run, then dropped.

`guard.<input>` has the delivered rows that are not deletions, with a helper column where a rule
needs one: the text that did not parse, the text that was delivered, the value whose row is missing
elsewhere. Names with `__` cannot clash with the contract's, which may not contain it.
"""

from collections.abc import Iterable, Sequence

import duckdb

from orchestration.contract import Column, Contract, Input
from orchestration.landing.holds import HOLDS, held_when
from orchestration.landing.sql import literal, quoted
from orchestration.landing.versions import outdated_rows
from orchestration.quality.rules import Rule, has_stored_text

SCHEMA = "guard"


def unparsed(column: Column) -> str:
    """Name of the helper column with the text that is not of the column's type."""
    return f"{column.name}__unparsed"


def delivered(column: Column) -> str:
    """Name of the helper column that is null where nothing was delivered for the column."""
    return f"{column.name}__delivered"


def orphan(rule: Rule) -> str:
    """Name of the helper column with the value that lacks its row in another input."""
    return f"{rule.column}__without_{rule.about if rule.about != rule.column else rule.name}"


def start(con: duckdb.DuckDBPyConnection) -> None:
    """Make the schema anew, with the table that collects the rows found."""
    con.execute(f"drop schema if exists {SCHEMA} cascade")
    con.execute(f"create schema {SCHEMA}")
    con.execute(
        f"create table {SCHEMA}._found (check_id varchar, input varchar, _row bigint, "
        "rule varchar, column_name varchar, value varchar, severity varchar)"
    )


def finish(con: duckdb.DuckDBPyConnection) -> None:
    """Drop the schema."""
    con.execute(f"drop schema if exists {SCHEMA} cascade")


def row_view(
    con: duckdb.DuckDBPyConnection,
    table: Input,
    rules: Sequence[Rule],
    *,
    is_deletion: bool,
) -> str:
    """Build the view on which rules that need only the row are checked.

    Args:
        con: Open connection to the work database.
        table: The input.
        rules: Its rules of stage ROWS.
        is_deletion: False for rows that say something, True for rows that only say "deleted".

    Returns:
        Name of the view in schema guard.
    """
    columns = {"_row": "delivered_row._row"}
    for rule in rules:
        columns |= _row_columns(table, table.column(rule.column), rule)
    name = f"{table.name}__deletions" if is_deletion else table.name
    condition = "" if is_deletion else "not "
    _create(
        con,
        "view",
        name,
        columns,
        f"incoming.{quoted(table.name)} as delivered_row "
        f"where {condition}coalesce(delivered_row._is_deleted, false)",
    )
    return name


def link_view(
    con: duckdb.DuckDBPyConnection,
    contract: Contract,
    table: Input,
    rules: Sequence[Rule],
) -> str:
    """Build the table on which rules that need other inputs are checked.

    A table, since each rule looks at it several times and it takes joins to make. It has the
    delivered rows that would stand: sound by themselves, not deleted, latest of their
    key. `stand` must have run for the input and for those its rules look at.

    Args:
        con: Open connection to the work database.
        contract: The contract.
        table: The input.
        rules: Its rules of stage LINKS.

    Returns:
        Name of the table in schema guard.
    """
    columns = {"_row": "delivered_row._row"}
    for rule in rules:
        value = f"delivered_row.{quoted(rule.column)}"
        condition = _missing_link(contract, table, rule, value)
        columns[orphan(rule)] = (
            f"case when {value} is not null and {condition} then cast({value} as varchar) end"
        )
    name = f"{table.name}__links"
    _create(
        con,
        "table",
        name,
        columns,
        f"{SCHEMA}.{quoted('_standing_' + table.name)} as delivered_row "
        "where delivered_row._row is not null and not delivered_row._is_deleted",
    )
    return name


def stand(con: duckdb.DuckDBPyConnection, table: Input, columns: Iterable[str]) -> str:
    """Build guard._standing_<input>: its rows as they would stand if this delivery were taken.

    Args:
        con: Open connection to the work database; guard._found has the rows refused so far.
        table: The input.
        columns: Columns wanted beside _source, _is_deleted and _row (null for landed rows, and for
            delivered ones that equal them).

    Returns:
        Qualified name of the table, one row per key.
    """
    name = quoted(table.name)
    key = ", ".join(quoted(part) for part in ("_source", *table.key))
    wanted = dict.fromkeys(columns)
    target = f"{SCHEMA}.{quoted('_standing_' + table.name)}"
    refused = f"""exists (
        select 1 from {SCHEMA}._found as found
        where found.input = {literal(table.name)} and found._row = delivered._row
            and found.severity = 'error'
    )"""
    if not con.execute(f"select exists (select 1 from landing.{name})").fetchall()[0][0]:
        con.execute(
            f"""create or replace table {target} as
            select delivered._source, coalesce(delivered._is_deleted, false) as _is_deleted,
                delivered._row, {_listed(wanted, "delivered")}
            from incoming.{name} as delivered
            where not {refused} and delivered._row not in ({outdated_rows(table, refused)})"""
        )
        return target
    con.execute(
        f"""create or replace table {target} as
        with latest as (
            -- _row rises with the version: later load, later file, later line
            select {key}, max(_row) as _row
            from incoming.{name} as delivered
            where not {refused}
            group by {key}
        )
        select delivered_row._source, coalesce(delivered_row._is_deleted, false) as _is_deleted,
            case when not {_is_known(con, table)} then delivered_row._row end as _row,
            {_listed(wanted, "delivered_row")}
        from incoming.{name} as delivered_row
        inner join latest on latest._row = delivered_row._row
        left join landing.{name} as landed on {_same(table, "delivered_row")}
        union all
        select landed._source, landed._is_deleted, null, {_listed(wanted, "landed")}
        from landing.{name} as landed
        where not exists (select 1 from latest where {_same(table, "latest")})"""
    )
    return target


def value_of(column: Column, row: str) -> str:
    """Return the SQL of a value as quarantine shows it: as delivered, shortened when very long.

    Personal columns hold their shape already. Text with an `@` is shown by its length in any
    column, since a shifted line may put an address where none belongs.
    """
    value = f"{row}.{quoted(column.name)}"
    if has_stored_text(column):
        text = f"{row}.{quoted(column.name + '__text')}"
        value = text if column.personal else f"coalesce({text}, cast({value} as varchar))"
    return (
        f"case when contains({value}, '@') then 'text of ' || length({value}) || ' characters' "
        f"when length({value}) > 500 then left({value}, 500) || '…' else {value} end"
    )


def _listed(columns: Iterable[str], row: str) -> str:
    return ", ".join(f"{row}.{quoted(column)}" for column in columns)


def _same(table: Input, row: str) -> str:
    """Return the SQL condition that a row has the key of the landed one."""
    return " and ".join(
        f"landed.{quoted(part)} is not distinct from {row}.{quoted(part)}"
        for part in ("_source", *table.key)
    )


def _is_known(con: duckdb.DuckDBPyConnection, table: Input) -> str:
    """Return the SQL condition that a delivered row equals the landed one, which then stays.

    Never so where files are read anew: what they brought before goes.
    """
    query = "select coalesce(bool_or(is_reread), false) from incoming._files where input = ?"
    if con.execute(query, [table.name]).fetchall()[0][0]:
        return "false"
    equal = " and ".join(
        f"landed.{quoted(column)} is not distinct from delivered_row.{quoted(column)}"
        for column in ("_is_deleted", *table.landing_columns)
    )
    return f"(landed._source is not null and {equal})"


def _row_columns(table: Input, column: Column, rule: Rule) -> dict[str, str]:
    """Return the columns a rule of stage ROWS looks at, name to expression."""
    value = f"delivered_row.{quoted(column.name)}"
    text = f"delivered_row.{quoted(column.name + '__text')}"
    if rule.name == "type":
        (stored,) = column.landing_columns
        return {
            unparsed(column): f"case when delivered_row.{quoted(stored)} is null then {text} end"
        }
    if rule.name == "required":
        if not has_stored_text(column):
            return {delivered(column): value}
        if column.personal:
            return {delivered(column): text}
        # a default may stand where no text was delivered
        return {delivered(column): f"coalesce({text}, case when {value} is not null then '' end)"}
    columns = {column.name: value}
    if rule.name in {"after", "not_before"}:
        other = table.column(getattr(column, rule.name)).name
        columns[other] = f"delivered_row.{quoted(other)}"
    return columns


def _missing_link(contract: Contract, table: Input, rule: Rule, value: str) -> str:
    """Return the SQL condition under which a row lacks what the rule asks for."""
    for hold in HOLDS:
        if hold.check_id == rule.check_id:
            return held_when(
                hold,
                "delivered_row",
                orders=f"{SCHEMA}._standing_orders",
                order_items=f"{SCHEMA}._standing_order_items",
            )
    target, column = target_of(contract, table, rule)
    return f"""not exists (
        select 1 from {SCHEMA}.{quoted("_standing_" + target.name)} as linked
        where linked._source = delivered_row._source and linked.{quoted(column)} = {value}
            and not linked._is_deleted
    )"""


def target_of(contract: Contract, table: Input, rule: Rule) -> tuple[Input, str]:
    """Return the input and column a link rule looks at."""
    if rule.name == "reference":
        name, _, column = (table.column(rule.column).reference or "").partition(".")
        return contract.inputs[name], column
    return contract.inputs[rule.about], rule.column


def _create(
    con: duckdb.DuckDBPyConnection, kind: str, name: str, columns: dict[str, str], source: str
) -> None:
    listed = ", ".join(f"{expression} as {quoted(alias)}" for alias, expression in columns.items())
    con.execute(
        f"create or replace {kind} {SCHEMA}.{quoted(name)} as select {listed} from {source}"
    )
