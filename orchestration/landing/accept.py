"""Merges what passed the guards into schema landing, in one transaction.

Afterwards landing.<input> has one row per key, the latest version, and every file's rows add up:
read = loaded + refused + superseded, also for files of earlier loads whose rows were replaced now.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import duckdb

from orchestration.confinement import confine
from orchestration.contract import Contract, Input
from orchestration.landing.holds import HOLDS, Hold, held_when
from orchestration.landing.keys import row_key
from orchestration.landing.mapping import SOURCE, Delivery, load_mapping
from orchestration.landing.sql import literal, literals, quoted
from orchestration.landing.tables import create_tables, landing_columns, prepare
from orchestration.landing.versions import outdated_rows
from orchestration.settings import Settings
from orchestration.workspace import Workspace

_log = logging.getLogger(__name__)


class AccountingError(RuntimeError):
    """A file's rows do not add up: holdfast's own fault, so nothing is taken."""


@dataclass(frozen=True)
class AcceptReport:
    """What one acceptance did, over all files of the refresh.

    Attributes:
        rows_read: Rows of the new files.
        rows_loaded: Of these, rows that stand as the latest version of their key.
        rows_refused: Of these, rows in quarantine.
        rows_superseded: Of these, rows replaced by a later or an equal version.
        inputs: Inputs whose landing table changed.
    """

    rows_read: int
    rows_loaded: int
    rows_refused: int
    rows_superseded: int
    inputs: tuple[str, ...]


def accept(
    workspace: Workspace,
    contract: Contract,
    settings: Settings,
    refresh_id: str,
    now: datetime,
) -> AcceptReport:
    """Takes the delivered rows the guards did not refuse.

    Args:
        workspace: Work database, and landing folder for inputs.yml.
        contract: The input contract.
        settings: The settings; business_timezone for inputs.yml.
        refresh_id: Id of this refresh.
        now: Moment of the load, UTC without offset.

    Returns:
        What was taken.

    Raises:
        AccountingError: The rows of a file do not add up; nothing was taken.
    """
    zone = settings.get("business_timezone")
    deliveries = load_mapping(workspace.landing, contract, zone)
    with duckdb.connect(str(workspace.work_db)) as con:
        prepare(con)
        confine(con)
        create_tables(con, contract)
        with _transaction(con):
            changed = _inputs_read(con, contract)
            before = {table.name: _held_by_file(con, table) for table in changed}
            for hold in HOLDS:  # a delivery may hold or free rows of an input it does not hold
                table = contract.inputs[hold.input]
                before.setdefault(table.name, _held_by_file(con, table))
            _record_loads(con, refresh_id, now)
            for table in changed:
                _log.info("%s: taking the latest version of each row", table.name)
                _merge(con, table, refresh_id, now)
            _keep_feeds(con, changed, now)
            _keep_readings(con)
            touched = list(changed)
            if any(table.name in {"orders", "order_items"} for table in changed):
                touched += [
                    contract.inputs[hold.input]
                    for hold in HOLDS
                    if contract.inputs[hold.input] not in changed
                ]
                for hold in HOLDS:
                    _hold(con, contract.inputs[hold.input], hold, refresh_id, now)
            for table in touched:
                _count(con, table, before[table.name])
            for table in changed:
                _heal(con, table, refresh_id, now)
            _keep_loaded_through(con, deliveries)
            _check_accounts(con)
        return _report(con, refresh_id, touched)


def stop(
    workspace: Workspace,
    contract: Contract,
    settings: Settings,
    refresh_id: str,
    now: datetime,
) -> None:
    """Records that the guards stopped the load: nothing is taken, all rows count as refused.

    Args:
        workspace: Work database.
        contract: The input contract.
        settings: The settings.
        refresh_id: Id of this refresh.
        now: Moment of the load, UTC without offset.
    """
    del settings
    with duckdb.connect(str(workspace.work_db)) as con:
        confine(con)
        create_tables(con, contract)
        with _transaction(con):
            con.execute(
                "delete from ops.input_loads where refresh_id = ? and status <> 'loaded'",
                [refresh_id],
            )
            con.execute(
                """insert into ops.input_loads by name
                select ? as refresh_id, input, _file as file, content_hash, bytes, format, encoding,
                    rows_read, 0 as rows_loaded, rows_read as rows_refused, 0 as rows_superseded,
                    case when error is null then 'stopped' else 'unreadable' end as status,
                    coalesce(error, message) as message, cast(? as timestamp) as loaded_at
                from incoming._files""",
                [refresh_id, now],
            )


@contextmanager
def _transaction(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    con.execute("begin")
    try:
        yield
    except BaseException:
        con.execute("rollback")
        raise
    con.execute("commit")


def _inputs_read(con: duckdb.DuckDBPyConnection, contract: Contract) -> list[Input]:
    names = {
        name for (name,) in con.execute("select distinct input from incoming._files").fetchall()
    }
    return [table for table in contract if table.name in names]


def _record_loads(con: duckdb.DuckDBPyConnection, refresh_id: str, now: datetime) -> None:
    """Adds the new files with all their rows superseded; `_count` moves them where they belong."""
    con.execute(
        """insert into ops.input_loads by name
        select ? as refresh_id, input, _file as file, content_hash, bytes, format, encoding,
            rows_read, 0 as rows_loaded, rows_rejected as rows_refused,
            rows_read - rows_rejected as rows_superseded,
            case when error is null then 'loaded' else 'unreadable' end as status,
            coalesce(error, message) as message,
            cast(? as timestamp) as loaded_at
        from incoming._files""",
        [refresh_id, now],
    )
    holds = literals(hold.rule for hold in HOLDS)
    # rows refused for good, each once however many rules it breaks
    con.execute(
        f"""create or replace temp table refused as
        select distinct input, _row from incoming._refused where rule not in {holds}""",
    )


def _merge(
    con: duckdb.DuckDBPyConnection,
    table: Input,
    refresh_id: str,
    now: datetime,
) -> None:
    """Replaces rows of landing.<input> by the latest delivered version of their key."""
    landing, incoming = f"landing.{quoted(table.name)}", f"incoming.{quoted(table.name)}"
    _count_refused(con, table, refresh_id)
    values = {name: quoted(name) for name in landing_columns(table)} | {
        "_refresh_id": literal(refresh_id),
        "_loaded_at": f"timestamp {literal(now.isoformat(sep=' '))}",
        "_is_held": "false",
    }
    is_gone = f"_is_deleted and {str(table.keeps_deleted).lower()}"
    if not _has_rows(con, landing) and not _has_rows(con, incoming, is_gone):
        _take_first(con, table, values)
        return
    is_reread = con.execute(
        "select coalesce(bool_or(is_reread), false) from incoming._files where input = ?",
        [table.name],
    ).fetchall()[0][0]
    key = [SOURCE, *table.key]
    keys = ", ".join(quoted(part) for part in key)
    con.execute(
        f"""create or replace temp table latest as
        select max(_row) as _row from {incoming} as delivered
        where not exists (
            select 1 from refused
            where refused.input = {literal(table.name)} and refused._row = delivered._row
        )
        group by {keys}""",
    )
    columns = [*table.landing_columns, "_is_deleted"]
    same_key = " and ".join(f"standing.{quoted(p)} = delivered.{quoted(p)}" for p in key)
    same_row = " and ".join(
        f"standing.{quoted(name)} is not distinct from delivered.{quoted(name)}" for name in columns
    )
    if not is_reread:
        # an equal version collapses into the one that stands
        con.execute(
            f"""delete from latest where _row in (
                select delivered._row
                from {incoming} as delivered
                inner join {landing} as standing on {same_key}
                where {same_row}
            )""",
        )
    con.execute(
        f"""create or replace temp table arriving as
        select delivered.* from {incoming} as delivered
        inner join latest on latest._row = delivered._row""",
    )
    if table.keeps_deleted:
        _keep_deleted(con, table, same_key, is_reread=is_reread)
    con.execute(
        f"""delete from {landing} as standing where exists (
            select 1 from arriving as delivered where {same_key}
        )""",
    )
    if is_reread:
        _drop_reread(con, table)
    if table.keeps_deleted:
        values["_loaded_at"] = f"coalesce(_deleted_at, {values['_loaded_at']})"
    con.execute(
        f"insert into {landing} by name select {_listed(values)} from arriving",
    )


def _listed(values: Mapping[str, str]) -> str:
    return ", ".join(f"{value} as {quoted(name)}" for name, value in values.items())


def _has_rows(con: duckdb.DuckDBPyConnection, relation: str, condition: str = "true") -> bool:
    query = f"select exists (select 1 from {relation} where {condition})"
    return bool(con.execute(query).fetchall()[0][0])


def _take_first(con: duckdb.DuckDBPyConnection, table: Input, values: Mapping[str, str]) -> None:
    """Fills an empty landing.<input>: nothing stands to compare with, so rows pass in a stream.

    Those that stay out are few; as a table they are known to be few when the join is planned.
    """
    refused = f"""exists (
        select 1 from refused
        where refused.input = {literal(table.name)} and refused._row = delivered._row
    )"""
    con.execute(
        f"""create or replace temp table left_out as
        select _row from refused where input = {literal(table.name)}
        union
        {outdated_rows(table, refused)}""",
    )
    con.execute(
        f"""insert into landing.{quoted(table.name)} by name
        select {_listed(values)} from incoming.{quoted(table.name)} as delivered
        where not exists (select 1 from left_out where left_out._row = delivered._row)""",
    )


def _keep_deleted(
    con: duckdb.DuckDBPyConnection,
    table: Input,
    same_key: str,
    *,
    is_reread: bool,
) -> None:
    """Lets the rows that go keep what they last said, and when they first went (E82).

    What a deleting row says itself counts more, but for a default, which is nobody's word.

    Args:
        con: Connection with the temporary tables `arriving` and `refused`; `arriving` gets the
            column _deleted_at, null unless the row had gone before.
        table: The input.
        same_key: Condition that `standing` and `delivered` have one key.
        is_reread: Whether the files were read before: then their rows went when they went.
    """
    landing, incoming = f"landing.{quoted(table.name)}", f"incoming.{quoted(table.name)}"
    con.execute("alter table arriving add column _deleted_at timestamp")
    if not con.execute("select 1 from arriving where _is_deleted limit 1").fetchall():
        return
    con.execute(
        f"""create or replace temp table earlier as
        select delivered._row as deleted_row, max(standing._row) as _row
        from arriving as delivered
        inner join {incoming} as standing on {same_key} and standing._row < delivered._row
        where delivered._is_deleted and not standing._is_deleted and not exists (
            select 1 from refused
            where refused.input = {literal(table.name)} and refused._row = standing._row
        )
        group by delivered._row""",
    )
    came_again = "delivered._row in (select deleted_row from earlier)"
    con.execute(
        f"""update arriving as delivered set _deleted_at = standing._loaded_at
        from {landing} as standing
        where {same_key} and delivered._is_deleted and standing._is_deleted
            and ({"true" if is_reread else f"not {came_again}"})""",
    )
    if is_reread:
        con.execute(
            """update arriving as delivered set _deleted_at = first_loads.loaded_at
            from (
                select files._file, min(loads.loaded_at) as loaded_at
                from incoming._files as files
                inner join ops.input_loads as loads
                    on loads.input = files.input and loads.content_hash = files.content_hash
                where files.input = ? and loads.status = 'loaded'
                group by files._file
            ) as first_loads
            where delivered._is_deleted and delivered._deleted_at is null
                and delivered._file = first_loads._file""",
            [table.name],
        )
    kept = ", ".join(
        f"{quoted(column.name)} = coalesce(standing.{quoted(column.name)},"
        f" delivered.{quoted(column.name)})"
        if column.default is not None
        else f"{quoted(column.name)} = coalesce(delivered.{quoted(column.name)},"
        f" standing.{quoted(column.name)})"
        for column in table.columns
        if not column.key
    )
    con.execute(
        f"""update arriving as delivered set {kept}
        from {incoming} as standing
        inner join earlier on earlier._row = standing._row
        where earlier.deleted_row = delivered._row""",
    )
    con.execute(
        f"""update arriving as delivered set {kept}
        from {landing} as standing
        where {same_key} and delivered._is_deleted and not {came_again}""",
    )


def _drop_reread(con: duckdb.DuckDBPyConnection, table: Input) -> None:
    """Takes away what the files read anew brought when they were read otherwise."""
    con.execute(
        f"""delete from landing.{quoted(table.name)} as standing where exists (
            select 1 from ops.input_loads as loads
            inner join incoming._files as files
                on files.input = loads.input and files.content_hash = loads.content_hash
            where files.is_reread and loads.input = {literal(table.name)}
                and loads.refresh_id = standing._refresh_id and loads.file = standing._file
        )""",
    )


def _count_refused(con: duckdb.DuckDBPyConnection, table: Input, refresh_id: str) -> None:
    """Moves rows refused for good from superseded to refused, per file."""
    con.execute(
        f"""update ops.input_loads as loads set
            rows_refused = loads.rows_refused + counted.refused,
            rows_superseded = loads.rows_superseded - counted.refused
        from (
            select delivered._file, count(*) as refused
            from incoming.{quoted(table.name)} as delivered
            inner join refused on refused.input = ? and refused._row = delivered._row
            group by delivered._file
        ) as counted
        where loads.refresh_id = ? and loads.input = ? and loads.file = counted._file
            and loads.status = 'loaded'""",
        [table.name, refresh_id, table.name],
    )


def _held_by_file(con: duckdb.DuckDBPyConnection, table: Input) -> dict[tuple[str, str], int]:
    """Returns how many rows of each load stand and are held."""
    if table.name not in {hold.input for hold in HOLDS}:
        return {}
    return {
        (refresh_id, file): held
        for refresh_id, file, held in con.execute(
            f"""select _refresh_id, _file, count(*) from landing.{quoted(table.name)}
            where _is_held group by _refresh_id, _file""",
        ).fetchall()
    }


def _count(
    con: duckdb.DuckDBPyConnection,
    table: Input,
    held_before: dict[tuple[str, str], int],
) -> None:
    """Makes the counts of every load of an input say where its rows are now.

    What stands counts as loaded, or as refused while it is held; what stood and was replaced, and
    what was held and is no more, moves with the difference to superseded.
    """
    con.execute(
        """create or replace temp table held_before (
            _refresh_id varchar, _file varchar, held bigint
        )""",
    )
    if held_before:
        con.executemany(
            "insert into held_before values (?, ?, ?)",
            [[refresh_id, file, held] for (refresh_id, file), held in held_before.items()],
        )
    con.execute(
        f"""update ops.input_loads as loads set
            rows_loaded = counted.loaded,
            rows_refused = loads.rows_refused + counted.held - counted.held_before,
            rows_superseded = loads.rows_read - counted.loaded
                - (loads.rows_refused + counted.held - counted.held_before)
        from (
            select known.refresh_id, known.file,
                coalesce(standing.loaded, 0) as loaded,
                coalesce(standing.held, 0) as held,
                coalesce(held_before.held, 0) as held_before
            from ops.input_loads as known
            left join (
                select _refresh_id, _file,
                    count(*) filter (where not _is_held) as loaded,
                    count(*) filter (where _is_held) as held
                from landing.{quoted(table.name)} group by _refresh_id, _file
            ) as standing
                on standing._refresh_id = known.refresh_id and standing._file = known.file
            left join held_before
                on held_before._refresh_id = known.refresh_id and held_before._file = known.file
            where known.input = ? and known.status = 'loaded'
        ) as counted
        where loads.input = ? and loads.status = 'loaded'
            and loads.refresh_id = counted.refresh_id and loads.file = counted.file""",
        [table.name, table.name],
    )


def _hold(
    con: duckdb.DuckDBPyConnection,
    table: Input,
    hold: Hold,
    refresh_id: str,
    now: datetime,
) -> None:
    """Marks the rows that wait for another input (E47); frees and heals those that no longer do."""
    landing = f"landing.{quoted(table.name)}"
    con.execute(
        f"""update {landing} as standing set _is_held = not standing._is_held
        where standing._is_held <> {held_when(hold, "standing")}""",
    )
    key = row_key(table, "standing", is_incoming=False)
    con.execute(
        f"""update ops.quarantined_rows set healed_at = ?
        where input = ? and rule = ? and healed_at is null and row_key not in (
            select {key} from {landing} as standing where standing._is_held
        )""",
        [now, table.name, hold.rule],
    )
    # rows taken earlier that are held only now are in nobody's quarantine yet
    con.execute(
        f"""insert into ops.quarantined_rows by name
        select ? as refresh_id, ? as input, _file as file, _line as line, {key} as row_key,
            ? as rule, ? as column_name, {quoted(hold.column_name)} as value,
            cast(? as timestamp) as refused_at, cast(null as timestamp) as healed_at
        from {landing} as standing
        where standing._is_held and {key} not in (
            select row_key from ops.quarantined_rows
            where input = ? and rule = ? and healed_at is null and row_key is not null
        )""",
        [refresh_id, table.name, hold.rule, hold.column_name, now, table.name, hold.rule],
    )


def _heal(con: duckdb.DuckDBPyConnection, table: Input, refresh_id: str, now: datetime) -> None:
    """Marks refused rows as healed when a version of their key was taken now.

    A line that does not parse, or whose key is absent or wrong, shares no key with its correction:
    it is healed when its file came again and was taken. If it is still wrong there, it was refused
    anew.
    """
    holds = literals(hold.rule for hold in HOLDS)
    key = row_key(table, "delivered", is_incoming=True)
    of_key = literals(table.key)
    open_rows = f"""input = {literal(table.name)} and healed_at is null and rule not in {holds}"""
    # few keys are in quarantine: only their versions are looked at
    wanted = f"{key} in (select row_key from ops.quarantined_rows where {open_rows})"
    con.execute(
        f"""update ops.quarantined_rows set healed_at = ?
        where {open_rows} and row_key in (
            select {key} from incoming.{quoted(table.name)} as delivered
            where {wanted} and not exists (
                select 1 from refused
                where refused.input = {literal(table.name)} and refused._row = delivered._row
            )
        ) and not (refresh_id = ? and exists (
            -- refused now, and not followed by a sound version in this very delivery
            select 1 from (
                select {key} as row_key, max(delivered._row) as last_row,
                    max(delivered._row) filter (where refused._row is null) as last_sound
                from incoming.{quoted(table.name)} as delivered
                left join refused
                    on refused.input = {literal(table.name)} and refused._row = delivered._row
                where {wanted}
                group by 1
            ) as versions
            where versions.row_key = quarantined_rows.row_key
                and versions.last_row > versions.last_sound
        ))""",
        [now, refresh_id],
    )
    con.execute(
        f"""update ops.quarantined_rows set healed_at = ?
        where {open_rows} and refresh_id <> ?
            and (coalesce(replace(row_key, '|', ''), '') = '' or column_name in {of_key})
            and file in (select _file from incoming._files where input = ?)""",
        [now, refresh_id, table.name],
    )
    # a file read anew was judged anew: what it once was refused for is told again if it still holds
    con.execute(
        f"""update ops.quarantined_rows set healed_at = ?
        where {open_rows} and refresh_id <> ? and exists (
            select 1 from ops.input_loads as loads
            inner join incoming._files as files
                on files.input = loads.input and files.content_hash = loads.content_hash
            where files.is_reread and loads.input = quarantined_rows.input
                and loads.file = quarantined_rows.file
                and loads.refresh_id = quarantined_rows.refresh_id
        )""",
        [now, refresh_id],
    )


def _keep_feeds(con: duckdb.DuckDBPyConnection, tables: Sequence[Input], now: datetime) -> None:
    """Records which sources delivered which inputs; rows refused do not make a feed.

    A file read anew was delivered when it was first loaded.
    """
    for table in tables:
        con.execute(
            f"""create or replace temp table delivered_sources as
            with files as (
                select files._file, files.is_reread,
                    case when files.is_reread then min(loads.loaded_at) else ? end as delivered_at
                from incoming._files as files
                left join ops.input_loads as loads
                    on loads.input = files.input and loads.content_hash = files.content_hash
                        and loads.status = 'loaded'
                where files.input = ?
                group by files._file, files.is_reread
            ),
            sources as (
                select distinct _source, _file from incoming.{quoted(table.name)} as delivered
                where not exists (
                    select 1 from refused
                    where refused.input = {literal(table.name)} and refused._row = delivered._row
                )
            )
            select sources._source, bool_and(files.is_reread) as is_reread,
                cast(min(files.delivered_at) as timestamp) as first_at,
                cast(max(files.delivered_at) as timestamp) as last_at
            from sources inner join files on sources._file = files._file
            group by sources._source""",
            [now, table.name],
        )
        con.execute(
            """update ops.feeds set last_delivered_at = case
                when delivered.is_reread then greatest(last_delivered_at, delivered.last_at)
                else delivered.last_at end
            from delivered_sources as delivered
            where input = ? and source = delivered._source""",
            [table.name],
        )
        con.execute(
            """insert into ops.feeds by name
            select ? as input, _source as source, first_at as first_delivered_at,
                last_at as last_delivered_at, cast(null as timestamp) as loaded_through
            from delivered_sources
            where _source not in (select source from ops.feeds where input = ?)""",
            [table.name, table.name],
        )


def _keep_loaded_through(
    con: duckdb.DuckDBPyConnection,
    deliveries: dict[str, tuple[Delivery, ...]],
) -> None:
    """Writes up to when each feed is complete, as inputs.yml says now."""
    con.execute("update ops.feeds set loaded_through = null where loaded_through is not null")
    for name, entries in deliveries.items():
        # what is said of one source comes after what is said of all
        for entry in sorted(entries, key=lambda entry: SOURCE in entry.constants):
            if entry.loaded_through is not None:
                source = entry.constants.get(SOURCE)
                con.execute(
                    """update ops.feeds set loaded_through = ?
                    where input = ? and (? is null or source = ?)""",
                    [entry.loaded_through, name, source, source],
                )


def _keep_readings(con: duckdb.DuckDBPyConnection) -> None:
    """Remembers how each file was read."""
    con.execute(
        """delete from landing._readings as known where exists (
            select 1 from incoming._files as files
            where files.input = known.input and files.content_hash = known.content_hash
        )""",
    )
    con.execute(
        """insert into landing._readings by name
        select input, content_hash, reading_hash, stated_hash from incoming._files""",
    )


def _check_accounts(con: duckdb.DuckDBPyConnection) -> None:
    wrong = con.execute(
        """select input, file, rows_read, rows_loaded, rows_refused, rows_superseded
        from ops.input_loads
        where rows_read <> rows_loaded + rows_refused + rows_superseded
            or least(rows_loaded, rows_refused, rows_superseded) < 0
        limit 3""",
    ).fetchall()
    if wrong:
        raise AccountingError(f"rows read, loaded, refused, superseded do not add up: {wrong}")


def _report(
    con: duckdb.DuckDBPyConnection,
    refresh_id: str,
    touched: Sequence[Input],
) -> AcceptReport:
    read, loaded, refused, superseded = con.execute(
        """select coalesce(sum(rows_read), 0), coalesce(sum(rows_loaded), 0),
            coalesce(sum(rows_refused), 0), coalesce(sum(rows_superseded), 0)
        from ops.input_loads where refresh_id = ?""",
        [refresh_id],
    ).fetchall()[0]
    return AcceptReport(
        int(read),
        int(loaded),
        int(refused),
        int(superseded),
        tuple(table.name for table in touched),
    )
