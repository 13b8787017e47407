"""ops.refreshes: what each refresh was asked, and how it ended."""

import contextlib
import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import duckdb

from orchestration.confinement import confine
from orchestration.contract import Contract
from orchestration.landing.tables import create_tables, prepare
from orchestration.publishing.publish import Refresh, read_manifest
from orchestration.settings import Settings
from orchestration.workspace import Workspace

_ID_FORMAT = "%Y%m%dT%H%M%S.%fZ"


@dataclass(frozen=True)
class Ending:
    """How a refresh ended.

    Attributes:
        result: published, stopped (a guard said no), failed or interrupted.
        message: Why it did not publish, as a person reads it.
    """

    result: str
    message: str | None = None


def parse_id(refresh_id: str) -> datetime:
    """Return the instant in an id: the start of its refresh, or later where the clock went back.

    Raises:
        ValueError: When it is no id of a refresh.
    """
    return datetime.strptime(refresh_id, _ID_FORMAT).replace(tzinfo=UTC)


def utc_now() -> datetime:
    """Return this instant as the warehouse keeps it: UTC, without offset, to the second."""
    return datetime.now(UTC).replace(tzinfo=None, microsecond=0)


def begin(
    workspace: Workspace, contract: Contract, settings: Settings, code: str, inputs: str
) -> Refresh:
    """Record that a refresh starts; whatever still says `running` died, since we hold the lock.

    Args:
        workspace: Where the work database is; made when missing.
        contract: The input contract, whose tables are made when missing.
        settings: Settings of this refresh.
        code: Hash of the code.
        inputs: Hash of what was delivered.

    Returns:
        The refresh that starts now.
    """
    started_at = utc_now()
    manifest = read_manifest(workspace) or {}
    with connect(workspace) as con:
        create_tables(con, contract)
        refresh = Refresh(
            refresh_id=_next_id(con, manifest.get("refresh_id")),
            started_at=started_at,
            as_of=date.fromisoformat(settings.get("as_of")) if settings.get("as_of") else None,
            settings=settings.overrides,
            code_hash=code,
            inputs_hash=inputs,
        )
        con.execute(
            "update ops.refreshes set result = 'published' "
            "where result = 'running' and refresh_id = ?",
            [manifest.get("refresh_id")],
        )
        con.execute(
            "update ops.refreshes set result = 'interrupted', "
            "message = 'The process ended before the refresh did.' where result = 'running'"
        )
        con.execute(
            "insert into ops.refreshes (refresh_id, started_at, result, as_of, settings, code_hash)"
            " values (?, ?, 'running', ?, ?, ?)",
            [
                refresh.refresh_id,
                started_at,
                refresh.as_of,
                json.dumps(dict(refresh.settings), sort_keys=True, ensure_ascii=False),
                code,
            ],
        )
    return refresh


def finish(workspace: Workspace, refresh: Refresh, ending: Ending) -> None:
    """Record how a refresh ended, with the cutoff where the models ran.

    Args:
        workspace: Where the work database is.
        refresh: The refresh that ends.
        ending: How it ended.
    """
    now = utc_now()
    with connect(workspace) as con:
        cutoff_day = _cutoff_day(con) if ending.result == "published" else None
        con.execute(
            "update ops.refreshes set result = ?, message = ?, finished_at = ?, "
            "duration_seconds = ?, cutoff_day = ? where refresh_id = ?",
            [
                ending.result,
                ending.message,
                now,
                refresh.seconds_until(now),
                cutoff_day,
                refresh.refresh_id,
            ],
        )


def connect(workspace: Workspace) -> duckdb.DuckDBPyConnection:
    """Open the work database for writing; the caller closes it before any child is started."""
    workspace.warehouse.mkdir(parents=True, exist_ok=True)
    con = duckdb.connect(str(workspace.work_db))
    prepare(con)
    confine(con)
    return con


def _next_id(con: duckdb.DuckDBPyConnection, published: str | None) -> str:
    """Return an id that sorts behind all earlier ones, also when the clock was put back.

    Which rows arrived since a publication, and which refresh was the last, is told by the order
    of ids alone.
    """
    now = datetime.now(UTC)
    (last,) = con.execute("select max(refresh_id) from ops.refreshes").fetchall()[0]
    with contextlib.suppress(ValueError):  # an id that this function did not make
        now = max(now, parse_id(max(last or "", published or "")) + timedelta(microseconds=1))
    return now.strftime(_ID_FORMAT)


def _cutoff_day(con: duckdb.DuckDBPyConnection) -> date | None:
    """Read the cutoff of the models built last, where there is one."""
    try:
        rows = con.execute("select cutoff_day from intermediate.int_data_cutoff").fetchall()
    except duckdb.CatalogException:
        return None
    return rows[0][0] if rows else None
