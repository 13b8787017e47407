"""Publishes the marts: a fresh file beside the published one, checked, then renamed over it.

A reader sees the publication before or the one after, never a mix: DuckDB readers because one file
holds everything, Parquet readers because manifest.json names the files of one version by a path
that is never written again. Killed at any step, the last good marts stay readable, and the next
refresh publishes anew, since what stands no longer agrees with manifest.json.
"""

import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from orchestration.landing.sql import literal, quoted
from orchestration.memory import memory_limit
from orchestration.publishing.marts import Mart
from orchestration.workspace import Workspace, wal_of

STORAGE_VERSION = "v1.2.0"
# A reader that took its paths from the manifest has this long to finish, however often we publish.
KEEP_PARQUET_SECONDS = 600
_BUILDING = ".building"


class PublishError(RuntimeError):
    """The marts were not published; the message says why."""


@dataclass(frozen=True)
class Refresh:
    """What the publication says about the refresh that made it.

    Attributes:
        refresh_id: Its id.
        started_at: UTC instant of its start, without offset.
        as_of: AS_OF asked for.
        settings: Settings that differ from their defaults.
        code_hash: Hash of the project files that decide the numbers.
        inputs_hash: Hash over what was delivered; with settings and code it says whether a refresh
            would change anything.
    """

    refresh_id: str
    started_at: datetime
    as_of: date | None
    settings: Mapping[str, Any]
    code_hash: str
    inputs_hash: str

    def seconds_until(self, now: datetime) -> float:
        """Return how long it took; 0 where the clock was put back meanwhile."""
        return max(0.0, (now - self.started_at).total_seconds())


@dataclass(frozen=True)
class PublishedTable:
    """One published table, as manifest.json lists it; paths are below the warehouse.

    `content_hash` does not depend on the order of rows; it can be compared between publications
    made by one version of DuckDB.
    """

    schema: str
    name: str
    rows: int
    content_hash: str
    parquet: str
    bytes: int
    sha256: str


class Counted(NamedTuple):
    """A mart as it was written: its rows and the hash over them."""

    mart: Mart
    rows: int
    content_hash: str


def publish(
    workspace: Workspace,
    marts: Sequence[Mart],
    refresh: Refresh,
    now: datetime,
    before_switch: Callable[[], None] = lambda: None,
) -> list[PublishedTable]:
    """Publish the marts of the work database.

    The caller holds the writer lock, and no connection of this process is open.

    Args:
        workspace: Where the work database is and where the marts go.
        marts: The tables to publish.
        refresh: The refresh that made them.
        now: UTC instant of the publication, without offset.
        before_switch: Called once all is written, before the first rename makes it visible.

    Returns:
        What was published.

    Raises:
        PublishError: When there is nothing to publish, or what was written is not what was built.
    """
    if not marts:
        raise PublishError("There is no model below models/marts/, so there is nothing to publish.")
    clear_leftovers(workspace)
    building = _building_file(workspace, refresh.refresh_id)
    version = workspace.parquet_versions / refresh.refresh_id
    cutoff = _read_cutoff(workspace)
    try:
        counted = build_files(workspace, marts, refresh, cutoff["cutoff_day"], now, building)
        verify_files(building, _building_folder(version), counted)
        manifest = _manifest(workspace, counted, refresh, cutoff, now, building, version)
        before_switch()
        # from here on each step is one rename
        place_parquet(version)
        replace_marts(workspace, building)
        swap_parquet_link(workspace, version)
        replace_manifest(workspace, manifest)
    except BaseException:
        clear_leftovers(workspace)
        raise
    _drop_old_parquet(workspace, keep={version})
    return [PublishedTable(**table) for table in manifest["tables"]]


def clear_leftovers(workspace: Workspace) -> None:
    """Remove what a killed publication left behind; readers never saw it."""
    for path in workspace.warehouse.glob(f".marts.*{_BUILDING}*"):
        path.unlink()
    for path in workspace.parquet_versions.glob(f"*{_BUILDING}"):
        shutil.rmtree(path)
    for path in (_aside(workspace.parquet_dir), _aside(workspace.manifest)):
        path.unlink(missing_ok=True)
    _drop_old_parquet(workspace, keep=set())


def build_files(
    workspace: Workspace,
    marts: Sequence[Mart],
    refresh: Refresh,
    cutoff_day: date | None,
    now: datetime,
    building: Path,
) -> list[Counted]:
    """Copy the marts into a fresh DuckDB file and into Parquet files, none of them visible yet.

    Returns:
        The marts with their rows and content hashes.
    """
    folder = _building_folder(workspace.parquet_versions / refresh.refresh_id)
    counted: list[Counted] = []
    # both files are attached to an in-memory database, so that no name is ambiguous
    with duckdb.connect(config=_engine_settings(workspace)) as con:
        con.execute(f"attach {literal(str(workspace.work_db))} as work (read_only)")
        con.execute(
            f"attach {literal(str(building))} as marts (storage_version '{STORAGE_VERSION}')"
        )
        for mart in marts:
            _copy_table(con, mart)
        _mark_published(con, marts, refresh, cutoff_day, now)
        for mart in marts:
            counted.append(Counted(mart, *_fingerprint(con, mart)))
            _export_parquet(con, mart, folder)
        con.execute("checkpoint marts")
        con.execute("detach marts")
    if wal_of(building).exists():
        raise PublishError(f"{wal_of(building).name} stands beside the new file: it is not whole.")
    return counted


def verify_files(building: Path, folder: Path, counted: Sequence[Counted]) -> None:
    """Read both copies back as a reader would and compare the rows with what was written.

    Raises:
        PublishError: When a table has other rows than the work database.
    """
    with duckdb.connect(str(building), read_only=True) as con:
        for mart, rows, _ in counted:
            parquet = literal(str(_parquet_file(folder, mart)))
            (found,) = con.execute(f"select count(*) from {mart.relation}").fetchall()[0]
            (exported,) = con.execute(f"select count(*) from read_parquet({parquet})").fetchall()[0]
            if not found == exported == rows:
                raise PublishError(
                    f"{mart.schema}.{mart.name} has {rows} rows, but {found} were written to the "
                    f"marts file and {exported} to Parquet. Nothing was published."
                )
    _sync(building)
    for path in sorted(folder.rglob("*")):
        _sync(path)


def place_parquet(version: Path) -> None:
    """Give the Parquet folder its final name; nothing points to it yet."""
    _building_folder(version).rename(version)
    _sync(version.parent)


def replace_marts(workspace: Workspace, building: Path) -> None:
    """Rename the new marts over the published ones: readers that hold the old file keep it."""
    # a .wal that somebody's writing client left would make every read-only open fail
    wal_of(workspace.marts_db).unlink(missing_ok=True)
    building.replace(workspace.marts_db)
    _sync(workspace.warehouse)


def swap_parquet_link(workspace: Workspace, version: Path) -> None:
    """Point $WAREHOUSE/parquet to the new version."""
    aside = _aside(workspace.parquet_dir)
    aside.symlink_to(version.relative_to(workspace.warehouse), target_is_directory=True)
    superseded = workspace.parquet_dir.resolve()
    aside.replace(workspace.parquet_dir)
    if superseded.parent == workspace.parquet_versions:
        os.utime(superseded)
    _sync(workspace.warehouse)


def replace_manifest(workspace: Workspace, manifest: Mapping[str, Any]) -> None:
    """Put the new manifest in place; with it the publication is complete."""
    aside = _aside(workspace.manifest)
    aside.write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    _sync(aside)
    aside.replace(workspace.manifest)
    _sync(workspace.warehouse)


def read_manifest(workspace: Workspace) -> dict[str, Any] | None:
    """Return manifest.json, or None when there is none that can be read."""
    try:
        return json.loads(workspace.manifest.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def is_intact(workspace: Workspace, manifest: Mapping[str, Any]) -> bool:
    """Whether the published files are those that the manifest names.

    The marts file is compared by its hash, Parquet files by their size. No DuckDB connection of
    this process may be open on them: reading a file in plain Python would drop DuckDB's lock.
    """
    try:
        marts = manifest["marts"]
        if wal_of(workspace.marts_db).exists() or _sha256(workspace.marts_db) != marts["sha256"]:
            return False
        version = workspace.parquet_dir.resolve(strict=True)
        return all(
            (workspace.warehouse / table["parquet"]).stat().st_size == table["bytes"]
            and (workspace.warehouse / table["parquet"]).resolve().is_relative_to(version)
            for table in manifest["tables"]
        )
    except (OSError, KeyError, TypeError):
        return False


def is_whole(parquet: Path, table: Mapping[str, Any]) -> bool:
    """Whether a Parquet file is what the manifest's entry of its table says, by its hash."""
    try:
        return parquet.stat().st_size == table["bytes"] and _sha256(parquet) == table["sha256"]
    except (OSError, KeyError):
        return False


def _copy_table(con: duckdb.DuckDBPyConnection, mart: Mart) -> None:
    """Copy one table as it is stored: columns, order of rows, comments, what is never null."""
    columns = con.execute(
        "select column_name, data_type from duckdb_columns() where database_name = 'work' "
        "and schema_name = ? and table_name = ? order by column_index",
        [mart.schema, mart.name],
    ).fetchall()
    if not columns:
        raise PublishError(
            f"{mart.schema}.{mart.name} is a mart of the project, but the models did not build it."
        )
    body = ", ".join(
        f"{quoted(name)} {data_type}{' not null' if name in mart.not_null else ''}"
        for name, data_type in columns
    )
    con.execute(f"create schema if not exists marts.{quoted(mart.schema)}")
    con.execute(f"create table marts.{mart.relation} ({body})")
    con.execute(f"insert into marts.{mart.relation} select * from work.{mart.relation}")
    con.execute(f"comment on table marts.{mart.relation} is {literal(mart.description)}")
    for name, _ in columns:
        comment = mart.columns.get(name)
        if comment:
            con.execute(
                f"comment on column marts.{mart.relation}.{quoted(name)} is {literal(comment)}"
            )


def _mark_published(
    con: duckdb.DuckDBPyConnection,
    marts: Sequence[Mart],
    refresh: Refresh,
    cutoff_day: date | None,
    now: datetime,
) -> None:
    """Let quality.refreshes say of this refresh what is true once a reader can see it."""
    if not any((mart.schema, mart.name) == ("quality", "refreshes") for mart in marts):
        return
    rows = con.execute(
        "update marts.quality.refreshes set result = 'published', finished_at = ?, "
        "duration_seconds = ?, cutoff_day = ?, message = null where refresh_id = ?",
        [now, refresh.seconds_until(now), cutoff_day, refresh.refresh_id],
    ).fetchall()
    if rows != [(1,)]:
        raise PublishError(f"quality.refreshes does not know the refresh {refresh.refresh_id}.")


def _fingerprint(con: duckdb.DuckDBPyConnection, mart: Mart) -> tuple[int, str]:
    """Count the rows and add up their hashes, so that the order of rows does not matter."""
    columns = con.execute(
        "select column_name from duckdb_columns() where database_name = 'marts' "
        "and schema_name = ? and table_name = ? order by column_index",
        [mart.schema, mart.name],
    ).fetchall()
    names = ", ".join(quoted(name) for (name,) in columns)
    rows, total = con.execute(
        f"select count(*), coalesce(sum(cast(hash({names}) as hugeint)), 0) "
        f"from marts.{mart.relation}"
    ).fetchall()[0]
    return rows, hashlib.sha256(f"{names}|{rows}|{total}".encode()).hexdigest()


def _export_parquet(con: duckdb.DuckDBPyConnection, mart: Mart, folder: Path) -> None:
    """Write one table as a Parquet file."""
    path = _parquet_file(folder, mart)
    path.parent.mkdir(parents=True, exist_ok=True)
    con.execute(
        f"copy (select * from marts.{mart.relation}) to {literal(str(path))} "
        # level 1 took 8 to 24 % less time than level 3 on three marts, for sizes within 6 %
        "(format parquet, compression zstd, compression_level 1)"
    )


def _manifest(
    workspace: Workspace,
    counted: Sequence[Counted],
    refresh: Refresh,
    cutoff: Mapping[str, Any],
    now: datetime,
    building: Path,
    version: Path,
) -> dict[str, Any]:
    """Describe the publication; every connection is closed, so files may be read."""
    folder = _building_folder(version)
    tables = []
    for mart, rows, content_hash in counted:
        written = _parquet_file(folder, mart)
        table = PublishedTable(
            schema=mart.schema,
            name=mart.name,
            rows=rows,
            content_hash=content_hash,
            parquet=str(_parquet_file(version, mart).relative_to(workspace.warehouse)),
            bytes=written.stat().st_size,
            sha256=_sha256(written),
        )
        tables.append(asdict(table))
    return {
        "refresh_id": refresh.refresh_id,
        "published_at": _instant(now),
        "cutoff_day": cutoff["cutoff_day"].isoformat() if cutoff["cutoff_day"] else None,
        "data_cutoff": _instant(cutoff["data_cutoff"]) if cutoff["data_cutoff"] else None,
        "as_of": refresh.as_of.isoformat() if refresh.as_of else None,
        "settings": dict(refresh.settings),
        "code_hash": refresh.code_hash,
        "inputs_hash": refresh.inputs_hash,
        "duckdb": duckdb.__version__,
        "storage_version": STORAGE_VERSION,
        "marts": {
            "file": workspace.marts_db.name,
            "bytes": building.stat().st_size,
            "sha256": _sha256(building),
        },
        "tables": tables,
    }


def _read_cutoff(workspace: Workspace) -> dict[str, Any]:
    """Read the day and instant up to which the models counted; none where there were no events."""
    with duckdb.connect(str(workspace.work_db), read_only=True) as con:
        tables = con.execute(
            "select 1 from duckdb_tables() "
            "where schema_name = 'intermediate' and table_name = 'int_data_cutoff'"
        ).fetchall()
        rows = (
            con.execute(
                "select cutoff_day, data_cutoff from intermediate.int_data_cutoff"
            ).fetchall()
            if tables
            else []
        )
    day, instant = rows[0] if rows else (None, None)
    return {"cutoff_day": day, "data_cutoff": instant}


def _drop_old_parquet(workspace: Workspace, keep: set[Path]) -> None:
    """Remove Parquet versions that no manifest names, but for the latest and the young ones."""
    if not workspace.parquet_versions.is_dir():
        return
    current = workspace.parquet_dir.resolve()
    named = {
        (workspace.warehouse / table["parquet"]).resolve().parent.parent
        for table in (read_manifest(workspace) or {}).get("tables", [])
    }
    kept = {path.resolve() for path in keep} | {current} | named
    others = sorted(
        (path for path in workspace.parquet_versions.iterdir() if path.resolve() not in kept),
        key=lambda path: path.stat().st_mtime,
    )
    oldest_kept = time.time() - KEEP_PARQUET_SECONDS
    for path in others[:-1]:
        if path.stat().st_mtime < oldest_kept:
            shutil.rmtree(path)


def _engine_settings(workspace: Workspace) -> dict[str, Any]:
    """DuckDB's settings for copying: bounded memory, spills below the warehouse, no downloads."""
    return {
        "memory_limit": memory_limit(),
        "temp_directory": str(workspace.warehouse / ".tmp"),
        "autoinstall_known_extensions": False,
        "TimeZone": "UTC",
    }


def _building_file(workspace: Workspace, refresh_id: str) -> Path:
    return workspace.warehouse / f".marts.{refresh_id}{_BUILDING}.duckdb"


def _building_folder(version: Path) -> Path:
    return version.with_name(version.name + _BUILDING)


def _parquet_file(folder: Path, mart: Mart) -> Path:
    return folder / mart.schema / f"{mart.name}.parquet"


def _aside(path: Path) -> Path:
    return path.with_name(f".{path.name}.new")


def _instant(value: datetime) -> str:
    return value.isoformat(timespec="seconds") + "Z"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync(path: Path) -> None:
    """Have the file or folder reach the disk before a rename makes it visible."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
