"""Checks what was delivered, before anything is taken.

First each row by itself, then the links between inputs among the rows that are sound by
themselves, then each delivery as a whole. The rows to refuse never pass through Python: Great
Expectations counts them and gives the query that lists them, and that query fills quarantine.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

import duckdb

from orchestration.contract import Contract, Input
from orchestration.landing.convert import is_money
from orchestration.landing.keys import row_key
from orchestration.landing.sql import literal, quoted
from orchestration.quality import views
from orchestration.quality.deliveries import (
    deliveries,
    delivery_results,
    file_results,
)
from orchestration.quality.messages import example, row_result
from orchestration.quality.results import ERROR, CheckResult, store_results
from orchestration.quality.rules import LINKS, ROWS, Rule, is_hold, rules_of
from orchestration.quality.suggest import SAMPLE, Advice, suggestion
from orchestration.quality.views import SCHEMA
from orchestration.records import connect
from orchestration.settings import Settings
from orchestration.workspace import Workspace

Checked = tuple[Rule, int, int]  # rule, rows looked at, rows that break it


def check_inputs(
    workspace: Workspace,
    contract: Contract,
    settings: Settings,
    refresh_id: str,
    now: datetime,
) -> list[CheckResult]:
    """Run every check on the rows in incoming.*.

    Fills incoming._refused (rows not to take), ops.input_checks and ops.quarantined_rows. Takes
    nothing and stops nothing: whoever calls looks at `CheckResult.stops_refresh`.

    Args:
        workspace: Where the work database lies.
        contract: The contract.
        settings: The settings.
        refresh_id: The refresh.
        now: Moment of the load, UTC without offset.

    Returns:
        The results of all rules of the delivered inputs.

    Raises:
        GateError: Great Expectations cannot be trusted.
    """
    with connect(workspace) as con:
        views.start(con)
        results = file_results(con, contract, workspace.landing)
        checked = _check_rows(con, workspace, contract, settings, now)
        shown = _examples(con, contract)
        suggested = {
            rule.check_id: said
            for rule, _, failed in checked
            if failed and (said := _suggested(con, contract, rule))
        }
        results += [
            row_result(
                rule,
                rows,
                failed,
                shown.get(rule.check_id, []),
                suggested.get(rule.check_id),
            )
            for rule, rows, failed in checked
        ]
        results += delivery_results(con, contract, settings, now, suggested)
        con.execute("begin")
        try:
            _refuse(con)
            _quarantine(con, contract, refresh_id, now)
            store_results(con, refresh_id, now, results)
        except BaseException:
            con.execute("rollback")
            raise
        con.execute("commit")
        views.finish(con)
    return results


def _check_rows(
    con: duckdb.DuckDBPyConnection,
    workspace: Workspace,
    contract: Contract,
    settings: Settings,
    now: datetime,
) -> list[Checked]:
    """Check the rows of every delivered input whose files can be taken."""
    delivered = deliveries(con, contract)
    faulty = {each.table.name for each in delivered if each.is_faulty}
    tables = [
        each.table
        for each in delivered
        if not each.is_faulty and _has_rows(con, f"incoming.{quoted(each.table.name)}")
    ]
    if not tables:
        return []
    # seconds and 255 MB: only when there is something to check
    from orchestration.quality.gxduck import Gate, open_gate
    from orchestration.quality.suites import Bounds, expectations_of

    bounds = Bounds.of_load(now, settings.get("business_timezone"))
    seeds = workspace.seeds

    def check(gate: Gate, view: str, table: Input, rules: Sequence[Rule]) -> list[Checked]:
        by_id = {rule.check_id: rule for rule in rules}
        findings = gate.check(SCHEMA, view, expectations_of(table, rules, bounds, seeds))
        for finding in findings:
            if finding.query:
                _note(con, table, by_id[finding.check_id], finding.query, finding.rows_failed)
        return [(by_id[each.check_id], each.rows_checked, each.rows_failed) for each in findings]

    with open_gate(con) as gate:
        checked = []
        for table in tables:
            rules = [rule for rule in rules_of(table) if rule.stage == ROWS]
            view = views.row_view(con, table, rules, is_deletion=False)
            checked.append(check(gate, view, table, rules))
            if _has_rows(con, f"incoming.{quoted(table.name)}", "_is_deleted"):
                keys = [rule for rule in rules if rule.is_key]
                view = views.row_view(con, table, keys, is_deletion=True)
                checked.append(check(gate, view, table, keys))
        for table, rules in _links(con, contract, tables, faulty):
            view = views.link_view(con, contract, table, rules)
            checked.append(check(gate, view, table, rules))
    return _added_up(part for parts in checked for part in parts)


def _links(
    con: duckdb.DuckDBPyConnection,
    contract: Contract,
    tables: Sequence[Input],
    faulty: set[str],
) -> list[tuple[Input, list[Rule]]]:
    """Say which links can be checked, and build the rows as they would stand for them.

    A reference is checked where its input has any row, an order without items where order_items
    has; neither where that input's own files cannot be taken, since everything would be missing.
    """
    wanted: dict[str, list[str]] = {}
    links = {}
    for table in tables:
        for rule in rules_of(table):
            if rule.stage != LINKS:
                continue
            target, column = views.target_of(contract, table, rule)
            if target.name in faulty:
                continue
            if is_hold(rule) or _is_there(con, target):
                links.setdefault(table.name, []).append(rule)
                wanted.setdefault(target.name, []).append(column)
                wanted.setdefault(table.name, []).append(rule.column)
    for name, columns in wanted.items():
        views.stand(con, contract.inputs[name], columns)
    return [(contract.inputs[name], rules) for name, rules in links.items()]


def _is_there(con: duckdb.DuckDBPyConnection, table: Input) -> bool:
    """Tell whether an input has any row, now or from before."""
    name = quoted(table.name)
    return _has_rows(con, f"incoming.{name}", "not _is_deleted") or _has_rows(
        con, f"landing.{name}", "not _is_deleted"
    )


def _has_rows(con: duckdb.DuckDBPyConnection, relation: str, condition: str = "true") -> bool:
    query = f"select exists (select 1 from {relation} where {condition})"
    return bool(con.execute(query).fetchall()[0][0])


def _note(
    con: duckdb.DuckDBPyConnection, table: Input, rule: Rule, query: str, expected: int
) -> None:
    """Note the rows that break a rule, in SQL, and see that they are as many as were counted."""
    value = views.value_of(table.column(rule.column), "delivered_row")
    noted = con.execute(
        f"""insert into {SCHEMA}._found
        select {literal(rule.check_id)}, {literal(table.name)}, delivered_row._row,
            {literal(rule.quarantine_rule)}, {literal(rule.column)}, {value},
            {literal(rule.severity)}
        from incoming.{quoted(table.name)} as delivered_row
        where delivered_row._row in (select listed._row from ({query}) as listed)"""
    ).fetchall()[0][0]
    if noted != expected:
        from orchestration.quality.gxduck import GateError

        raise GateError(
            f"{rule.check_id}: {expected:,} rows were counted, but {noted:,} noted for quarantine"
        )


def _added_up(checked: Iterable[Checked]) -> list[Checked]:
    """Add up the rules checked on rows and on deletions, so that each rule has one result."""
    sums: dict[str, Checked] = {}
    for rule, rows, failed in checked:
        _, rows_before, failed_before = sums.get(rule.check_id, (rule, 0, 0))
        sums[rule.check_id] = (rule, rows_before + rows, failed_before + failed)
    return list(sums.values())


def _examples(con: duckdb.DuckDBPyConnection, contract: Contract) -> dict[str, list[str]]:
    """Return up to three examples of each rule that was broken, first files and lines first."""
    examples: dict[str, list[str]] = {}
    for name in _inputs_found(con, contract):
        found = con.execute(
            f"""select found.check_id, delivered_row._file, delivered_row._line, found.value
            from {SCHEMA}._found as found
            inner join incoming.{quoted(name)} as delivered_row
                on delivered_row._row = found._row
            where found.input = {literal(name)}
            qualify row_number() over (
                partition by found.check_id
                order by delivered_row._file, delivered_row._line, delivered_row._row
            ) <= 3
            order by found.check_id, delivered_row._file, delivered_row._line"""
        ).fetchall()
        for check_id, file, line, value in found:
            examples.setdefault(check_id, []).append(example(file, line, value))
    return examples


def _suggested(con: duckdb.DuckDBPyConnection, contract: Contract, rule: Rule) -> Advice | None:
    """Say what would make the refused values of a rule fit, told from the most frequent ones."""
    if rule.name not in ("type", "accepted_values"):
        return None
    column = contract.inputs[rule.input].column(rule.column)
    texts = con.execute(
        f"""select value from {SCHEMA}._found where check_id = ? and value is not null
        group by value order by count(*) desc, value limit {SAMPLE}""",
        [rule.check_id],
    ).fetchall()
    has_currency = is_money(contract.inputs[rule.input], column)
    return suggestion(
        rule.input, column, rule.name, [text for (text,) in texts], has_currency=has_currency
    )


def _refuse(con: duckdb.DuckDBPyConnection) -> None:
    """Say in incoming._refused which rows are not to be taken, or to be held (E47)."""
    con.execute("delete from incoming._refused")
    con.execute(
        f"""insert into incoming._refused (input, _row, rule, column_name, value)
        select input, _row, rule, column_name, value from {SCHEMA}._found
        where severity = '{ERROR}'"""
    )


def _quarantine(
    con: duckdb.DuckDBPyConnection, contract: Contract, refresh_id: str, now: datetime
) -> None:
    """Keep what is refused in ops.quarantined_rows.

    What a stopped refresh left there about a file that is now read again is replaced: nothing of
    that delivery was ever taken.
    """
    con.execute(
        """delete from ops.quarantined_rows as kept
        where kept.refresh_id = ? or (
            exists (
                select 1 from incoming._files as read_again
                where read_again.input = kept.input and read_again._file = kept.file
            )
            and not exists (
                select 1 from ops.input_loads as taken
                where taken.refresh_id = kept.refresh_id and taken.input = kept.input
                    and taken.file = kept.file and taken.status = 'loaded'
            )
        )""",
        [refresh_id],
    )
    columns = (
        "refresh_id, input, file, line, row_key, rule, column_name, value, refused_at, healed_at"
    )
    for name in _inputs_found(con, contract):
        key = row_key(contract.inputs[name], "delivered_row", is_incoming=True)
        con.execute(
            f"""insert into ops.quarantined_rows ({columns})
            select ?, found.input, delivered_row._file, delivered_row._line, {key}, found.rule,
                found.column_name, found.value, ?, null
            from {SCHEMA}._found as found
            inner join incoming.{quoted(name)} as delivered_row
                on delivered_row._row = found._row
            where found.input = {literal(name)} and found.severity = '{ERROR}'""",
            [refresh_id, now],
        )
    con.execute(
        f"""insert into ops.quarantined_rows ({columns})
        select ?, input, _file, _line, null, 'line', null, value, ?, null
        from incoming._rejected_lines""",
        [refresh_id, now],
    )


def _inputs_found(con: duckdb.DuckDBPyConnection, contract: Contract) -> list[str]:
    """Name the inputs in which anything was found."""
    found = con.execute(f"select distinct input from {SCHEMA}._found").fetchall()
    names = {name for (name,) in found}
    return [table.name for table in contract if table.name in names]
