"""A damaged or missing work database: set aside, and begun anew from what else is known.

Rows come again from the delivered files, in the order in which they were loaded, and the record of
loads, refused rows and restatements from the published marts. Where a loaded file lies in the
landing folder no more, its rows cannot come again, and a refresh without them would publish less
than stands: it stops and names the files.
"""

import hashlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import duckdb

from orchestration.advice import tells_damage
from orchestration.contract import load_contract
from orchestration.landing.files import bytes_hash
from orchestration.landing.folder import FileError, entries, opened
from orchestration.landing.sql import literal, quoted
from orchestration.landing.tables import create_tables, prepare
from orchestration.sample import is_sample_to_go
from orchestration.session import say
from orchestration.workspace import Workspace, wal_of

_HISTORY = ("refreshes", "input_loads", "input_checks", "quarantined_rows", "restatements")
_HEADER_BYTES = 12_288
_MOST_NAMED = 5


class WorkDatabaseError(RuntimeError):
    """The work database cannot be begun anew; the message says what to do."""


def mend_work_database(workspace: Workspace) -> None:
    """Begin the work database anew where it is damaged, or gone while its marts stand.

    The caller holds the writer lock, and no connection of this process is open.

    Args:
        workspace: The workspace to be refreshed.

    Raises:
        WorkDatabaseError: When rows would be lost by it.
    """
    if is_sample_to_go(workspace):
        return
    if workspace.work_db.exists():
        damage = find_damage(workspace.work_db)
        if damage is None:
            return
        set_aside(workspace, damage)
    if workspace.marts_db.exists():
        _begin_anew(workspace)


def find_damage(work_db: Path) -> str | None:
    """Say what is wrong with a database; None = nothing that shows.

    Every table is read where the file is too short or the last refresh told of damage; where that
    refresh did not end, as when the power goes, what only the delivered files could bring back.

    Args:
        work_db: The file.
    """
    try:
        with duckdb.connect(str(work_db)) as con:
            prepare(con)
            con.execute("checkpoint")
            block_bytes, blocks = con.execute(
                "select block_size, total_blocks from pragma_database_size() "
                "where database_name = current_database()"
            ).fetchall()[0]
            # free blocks at the end need not be there
            is_short = work_db.stat().st_size < _HEADER_BYTES + block_bytes * blocks
            result, message = _last_ending(con)
            if is_short or tells_damage(message):
                _read_all(con)
            elif result == "running":
                _read_all(con, schemas=("landing", "ops"))
    except duckdb.Error as error:
        if not tells_damage(str(error)):
            raise
        return str(error)
    return None


def set_aside(workspace: Workspace, damage: str) -> None:
    """Rename a damaged database out of the way; an earlier one that lies there goes.

    Args:
        workspace: Where it is.
        damage: What is wrong with it.
    """
    aside = workspace.work_db.with_name(f"{workspace.work_db.name}.damaged")
    workspace.work_db.replace(aside)
    wal_of(workspace.work_db).unlink(missing_ok=True)
    say(f"{'work':<10}{workspace.work_db.name} is damaged and begun anew; it lies as {aside.name}")
    say(f"{'':<10}{damage}")


def _last_ending(con: duckdb.DuckDBPyConnection) -> tuple[str, str]:
    """Return result and message of the last refresh; empty where there is none."""
    if not con.execute(
        "select 1 from duckdb_tables() where schema_name = 'ops' and table_name = 'refreshes'"
    ).fetchall():
        return "", ""
    rows = con.execute(
        "select result, coalesce(message, '') from ops.refreshes order by refresh_id desc limit 1"
    ).fetchall()
    return rows[0] if rows else ("", "")


def _read_all(con: duckdb.DuckDBPyConnection, schemas: Sequence[str] = ()) -> None:
    """Read every block that belongs to a table of some schemas, or of all."""
    for schema, name in con.execute(
        "select schema_name, table_name from duckdb_tables() where not internal"
    ).fetchall():
        if not schemas or schema in schemas:
            table = f"{quoted(schema)}.{quoted(name)}"
            con.execute(f"select sum(hash(rows)::hugeint) from {table} as rows").fetchall()


def _begin_anew(workspace: Workspace) -> None:
    """Make a work database that knows what was loaded and has none of its rows.

    How each file was read counts as lost, so that all are read anew, as after a change of
    inputs.yml.
    """
    # beside it and then renamed: half of one would count as whole
    building = workspace.work_db.with_name(f".{workspace.work_db.name}.building")
    for left in (building, wal_of(building)):
        left.unlink(missing_ok=True)
    contract = load_contract(extensions=workspace.extensions)
    with duckdb.connect(str(building)) as con:
        prepare(con)
        create_tables(con, contract)
        try:
            con.execute(f"attach {literal(str(workspace.marts_db))} as marts (read_only)")
            for name in _HISTORY:
                _copy_history(con, name)
        except duckdb.Error as error:
            raise WorkDatabaseError(
                f"{workspace.work_db} is damaged or gone, and {workspace.marts_db} cannot be read "
                f"either ({error}). Bring both back from a copy; or, where every file that was "
                f"ever delivered lies in {workspace.landing}, move both away and run again."
            ) from error
        _check_files(con, workspace)
        con.execute(
            "insert into landing._readings by name "
            "select distinct input, content_hash, 'lost' as reading_hash "
            "from ops.input_loads where status = 'loaded'"
        )
        con.execute("detach marts")
        con.execute("checkpoint")
    wal_of(workspace.work_db).unlink(missing_ok=True)
    building.replace(workspace.work_db)
    say(f"{'work':<10}the work database begins anew; every delivered file is read again")


def _copy_history(con: duckdb.DuckDBPyConnection, name: str) -> None:
    """Take the rows of a published quality mart back into the record it was made of."""
    columns = [
        quoted(column)
        for (column,) in con.execute(
            "select column_name from duckdb_columns() where table_name = ? "
            "and (database_name, schema_name) in (('marts', 'quality'), (?, 'ops')) "
            "group by column_name having count(*) = 2",
            [name, con.execute("select current_database()").fetchall()[0][0]],
        ).fetchall()
    ]
    listed = ", ".join(columns)
    if columns:
        con.execute(f"insert into ops.{name} ({listed}) select {listed} from marts.quality.{name}")


def _check_files(con: duckdb.DuckDBPyConnection, workspace: Workspace) -> None:
    """Refuse to go on without a file of which rows stand in the marts."""
    wanted = con.execute(
        "select input, content_hash, min(file) from ops.input_loads where status = 'loaded' "
        "group by input, content_hash having sum(rows_loaded) > 0 order by 3, 1"
    ).fetchall()
    there = Counter(_contents(workspace.landing)) if wanted else Counter()
    left: dict[str, Counter[str]] = {}
    gone: list[str] = []
    for name, content, file in wanted:
        # two sources may have delivered the same bytes to one input, each in a file of its own
        mine = left.setdefault(name, there.copy())
        mine[bytes_hash(content)] -= 1
        if mine[bytes_hash(content)] < 0 and file not in gone:
            gone.append(file)
    if gone:
        named = ", ".join(gone[:_MOST_NAMED])
        more = f" and {len(gone) - _MOST_NAMED:,} more" if len(gone) > _MOST_NAMED else ""
        raise WorkDatabaseError(
            f"{workspace.work_db} is damaged or gone. Every delivered file has to be read again, "
            f"but {workspace.landing} holds no longer what was loaded from {named}{more}. Put "
            "these files back, or bring the work database back from a copy, and run again. To "
            f"begin without their rows, name another WAREHOUSE, or move {workspace.marts_db.name} "
            "away."
        )


def _contents(landing: Path) -> list[str]:
    """Hash every file of the landing folder."""
    found = []
    for entry in entries(landing):
        try:
            with opened(entry) as (path, _), path.open("rb") as stream:
                found.append(hashlib.file_digest(stream, "sha256").hexdigest())
        except (FileError, OSError):
            continue
    return found
