"""Reads delivered files that are not loaded yet into schema incoming.

Every file is read once, by its content and the source that inputs.yml states for it: a file that
was loaded, whatever its name, is passed over. Where what decides the reading has changed since
(inputs.yml, time zone, hash key, contract, seeds), the loaded files that still lie in the landing
folder are read anew, so that it takes effect.
"""

import hashlib
import json
import logging
import os
import shutil
import tempfile
import time
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from queue import SimpleQueue

import duckdb

from orchestration.advice import tells_full_disk
from orchestration.confinement import confine
from orchestration.contract import Contract, Input
from orchestration.landing import convert, personal
from orchestration.landing.files import (
    DEFAULT_SOURCE,
    FoundFile,
    bytes_hash,
    content_hash,
    ending_of,
    find_files,
    refuse_packed,
    source_of,
)
from orchestration.landing.folder import State, opened
from orchestration.landing.formats import is_parquet, stage_jsonl, stage_parquet
from orchestration.landing.header import Matched, match
from orchestration.landing.mapping import DELETED, SOURCE, Delivery, load_mapping
from orchestration.landing.plain_text import FileError, uncompressed
from orchestration.landing.sql import literal, literals, quoted
from orchestration.landing.staged import Staged, is_signed, make_rejects, stage_csv
from orchestration.landing.tables import prepare, recreate_incoming
from orchestration.memory import VARIABLE, memory_limit
from orchestration.seeds import seed_values
from orchestration.settings import Settings
from orchestration.showing import showable_name
from orchestration.workspace import Workspace

# Raised when a change of this code reads the same bytes differently.
READING_VERSION = 4

_SAMPLED_ROWS = 100_000
_LARGE_BYTES = 50_000_000
# Files read at once.
_AT_ONCE = max(1, min(4, os.cpu_count() or 1))
# Between the numbers of rows of one file and of the next: no file has so many lines.
_ROWS_APART = 1 << 36
_SHOWN_CHARACTERS = 500

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ReadFile:
    """A file read for an input.

    Attributes:
        input: Name of the input.
        file: Path below the landing folder.
        rows_read: Data rows, lines that do not parse included.
        rows_rejected: Lines that do not parse.
        error: Why the file cannot be taken at all; None = it can.
        message: What a person should know; empty = nothing.
    """

    input: str
    file: str
    rows_read: int
    rows_rejected: int
    error: str | None
    message: str


@dataclass(frozen=True)
class ReadReport:
    """What one reading found.

    Attributes:
        files: Files read now.
        skipped: Files passed over because their content is loaded.
        unmatched: Data files that belong to no input.
        messages: What a person should know about the delivery as a whole.
    """

    files: tuple[ReadFile, ...]
    skipped: int
    unmatched: tuple[str, ...]
    messages: tuple[str, ...]

    @property
    def has_new(self) -> bool:
        """Whether there is anything to check and take."""
        return bool(self.files)


@dataclass(frozen=True)
class _Task:
    """A file to read, with what it is known by, and hashes of how it is read."""

    found: FoundFile
    hash: str
    reading: str
    stated: str
    state: State
    is_reread: bool = False


@dataclass(frozen=True)
class _Loaded:
    """A content that was loaded.

    Attributes:
        reading: Hash of all that decided how it was read; None = not known.
        stated: Hash of what of that a person states; None = not known.
        first: Id of the first refresh that loaded it.
        last: Id of the last one.
        stands: Whether rows of it stand.
        files: Names under which it was loaded.
    """

    reading: str | None
    stated: str | None
    first: str
    last: str
    stands: bool
    files: Sequence[str]


@dataclass(frozen=True)
class _Reader:
    """What all files of one reading share."""

    con: duckdb.DuckDBPyConnection
    settings: Settings
    seeds: Path
    folder: Path
    now: datetime


def read_deliveries(
    workspace: Workspace,
    contract: Contract,
    settings: Settings,
    refresh_id: str,
    now: datetime,
) -> ReadReport:
    """Fills incoming.* with the rows of all files that are not loaded yet.

    Args:
        workspace: Landing folder, work database, hash key.
        contract: The input contract.
        settings: business_timezone and keep_free_text decide how values are read.
        refresh_id: Id of the refresh, for the log.
        now: Moment of the load, UTC without offset.

    Returns:
        What was found.

    Raises:
        MappingError: inputs.yml cannot be followed.
    """
    zone = settings.get("business_timezone")
    deliveries = load_mapping(workspace.landing, contract, zone)
    found = find_files(workspace.landing, contract, deliveries)
    key = personal.hash_key(workspace)
    workspace.work_db.parent.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        folder = stack.enter_context(_scratch(workspace))
        con = stack.enter_context(duckdb.connect(str(workspace.work_db)))
        prepare(con)
        con.execute(f"set temp_directory = {literal(str(folder / 'spilled'))}")
        hands = [stack.enter_context(con.cursor()) for _ in range(_AT_ONCE)]
        for hand in hands:
            prepare(hand)  # before the configuration is locked
            personal.use_key(hand, key)
        confine(con, [workspace.landing, folder])
        recreate_incoming(con, contract)
        reader = _Reader(con, settings, workspace.seeds, folder, now)
        planned: list[tuple[Input, int, _Task]] = []
        messages: list[str] = []
        skipped = 0
        for table in contract:
            files, entries = found.files[table.name], deliveries[table.name]
            tasks, passed, message = _plan(reader, table, files, entries, key)
            skipped += passed
            messages += [message] if message else []
            planned += [(table, number, task) for number, task in enumerate(tasks, start=1)]
        if found.idle:
            con.executemany("insert into incoming._idle_patterns values (?, ?)", found.idle)
        done = _read_planned([replace(reader, con=hand) for hand in hands], planned)
    for entry in found.unmatched:
        reason = entry.fault or (
            "belongs to no input; name it after one (such as orders.csv) or map it in inputs.yml"
        )
        messages.append(f"{entry.name}: {reason}")
    for name, pattern in found.idle:
        messages.append(f"{name}: {showable_name(pattern)!r} in inputs.yml names no file")
    for message in messages:
        _log.warning("%s", message)
    _log.info("refresh %s: %d new files, %d known", refresh_id, len(done), skipped)
    unmatched = tuple(entry.name for entry in found.unmatched)
    return ReadReport(tuple(done), skipped, unmatched, tuple(messages))


@contextmanager
def _scratch(workspace: Workspace) -> Iterator[Path]:
    """A folder for copies that only the owner can read, gone afterwards, a crash's remains too."""
    workspace.warehouse.mkdir(parents=True, exist_ok=True)
    for left in workspace.warehouse.glob(".reading-*"):
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=".reading-", dir=workspace.warehouse) as folder:
        yield Path(folder)


def _plan(
    reader: _Reader,
    table: Input,
    files: Sequence[FoundFile],
    deliveries: Sequence[Delivery],
    key: str,
) -> tuple[list[_Task], int, str | None]:
    """Decides which files of an input are to be read, in the order of their versions.

    Returns:
        The tasks, the number of files passed over, and what a person should know.
    """
    tasks = []
    hashes: set[str] = set()
    # once for each entry of inputs.yml, as the files may be many
    readings = {id(entry): _reading_hash(reader, table, entry, key) for entry in deliveries}
    stated = {id(entry): _stated_hash(reader, table, entry, key) for entry in deliveries}
    for file in files:
        digest, state = content_hash(file)
        if digest in hashes:  # the same file twice
            continue
        hashes.add(digest)
        entry = id(file.delivery)
        tasks.append(_Task(file, digest, readings[entry], stated[entry], state))
    loaded = _follow_sources(reader.con, table, tasks, deliveries, _loaded(reader.con, table))
    new = [task for task in tasks if task.hash not in loaded]
    known = [task for task in tasks if task.hash in loaded]
    changed = [t for t in known if loaded[t.hash].reading not in (None, t.reading)]
    gone = [load for content, load in loaded.items() if content not in hashes and load.stands]
    # another code reads other files anew as well, but is nothing that a person changed
    keeps_old = any(load.stated not in (None, *stated.values()) for load in gone)
    kept = (
        "some loaded files are no longer in the landing folder; their rows keep the old reading."
        " To read all anew, put them back or begin a new warehouse"
    )
    reason = (
        "what decides how its files are read and checked (inputs.yml, settings, hash key, rules,"
        " seeds) has changed"
    )
    early = _read_too_early(reader, table)
    if not changed and not any(task.hash in early for task in known):
        message = f"{table.name}: {reason}, but {kept}" if new and keeps_old else None
        return new, len(files) - len(new), message
    if not changed:
        reason = "the clock was behind when its files were read"
    known.sort(key=lambda task: (loaded[task.hash].first, task.found.name))
    if gone and max(load.last for load in gone) >= min(loaded[t.hash].first for t in known):
        return new, len(files) - len(new), f"{table.name}: {reason}, but {kept}"
    message = f"{table.name}: read anew, because {reason}"
    if keeps_old:
        message += f"; but {kept}"
    again = [replace(task, is_reread=True) for task in known]
    return again + new, len(files) - len(again) - len(new), message


def _loaded(con: duckdb.DuckDBPyConnection, table: Input) -> dict[str, _Loaded]:
    """Returns the contents that were loaded for an input, by their hash."""
    return {
        content: _Loaded(*known)
        for content, *known in con.execute(
            # ids keep the order of loads; the clock may have been put back between them
            """select loads.content_hash, any_value(readings.reading_hash),
                any_value(readings.stated_hash), min(loads.refresh_id), max(loads.refresh_id),
                sum(loads.rows_loaded) > 0, list(loads.file)
            from ops.input_loads as loads
            left join landing._readings as readings
                on readings.input = loads.input and readings.content_hash = loads.content_hash
            where loads.input = ? and loads.status = 'loaded'
            group by loads.content_hash""",
            [table.name],
        ).fetchall()
    }


def _follow_sources(
    con: duckdb.DuckDBPyConnection,
    table: Input,
    tasks: Sequence[_Task],
    deliveries: Sequence[Delivery],
    loaded: Mapping[str, _Loaded],
) -> dict[str, _Loaded]:
    """Makes loaded contents known by the source that inputs.yml states for their files by now.

    Else a source that is stated, or another, only after the first load would bring every row a
    second time. The same bytes of another source are another content where the rows that stand are
    of a source that is still stated, and their file is none of those found.

    Args:
        con: Connection; the records of the loads follow.
        table: The input.
        tasks: Its files as they lie there.
        deliveries: What inputs.yml says of it.
        loaded: The contents that were loaded.

    Returns:
        The contents that were loaded, as they are known now.
    """
    followed = dict(loaded)
    found = {task.hash for task in tasks}
    stated = {source_of(entry) for entry in deliveries}
    free: dict[str, list[str]] = {}
    for content in loaded.keys() - found:
        free.setdefault(bytes_hash(content), []).append(content)

    def is_named_so(task: _Task, content: str) -> bool:
        return task.found.name in loaded[content].files

    def is_of_source(task: _Task, content: str) -> bool:
        sources = _sources_of(con, table, content)
        return sources <= {source_of(task.found.delivery)} or not sources & stated

    # a file that still has its name is surely the one that was loaded
    for is_same in (is_named_so, is_of_source):
        for task in tasks:
            alike = [] if task.hash in followed else free.get(bytes_hash(task.hash), [])
            content = next((c for c in sorted(alike) if is_same(task, c)), None)
            if content is not None:
                alike.remove(content)
                _rename(con, table, content, task.hash)
                followed[task.hash] = followed.pop(content)
    return followed


def _rename(con: duckdb.DuckDBPyConnection, table: Input, content: str, by_now: str) -> None:
    """Makes the records of a loaded content call it as it is known by now."""
    # its reading first: a content without one counts as read as it would be now
    for record in ("landing._readings", "ops.input_loads"):
        con.execute(
            f"update {record} set content_hash = ? where input = ? and content_hash = ?",
            [by_now, table.name, content],
        )


def _sources_of(con: duckdb.DuckDBPyConnection, table: Input, content: str) -> set[str]:
    """Returns the sources of the rows of a loaded content that stand."""
    found = con.execute(
        f"""select distinct standing._source from landing.{quoted(table.name)} as standing
        inner join ops.input_loads as loads
            on standing._refresh_id = loads.refresh_id and standing._file = loads.file
        where loads.input = ? and loads.content_hash = ?""",
        [table.name, content],
    ).fetchall()
    return {source for (source,) in found}


def _read_too_early(reader: _Reader, table: Input) -> set[str]:
    """Returns contents of which rows were refused as future only because the clock was behind.

    It was behind in a refresh that began before the one before it did; it is right again when this
    one begins after all of them.
    """
    found = reader.con.execute(
        """with refreshes as (
            select refresh_id, started_at, max(started_at) over (
                order by refresh_id rows between unbounded preceding and 1 preceding
            ) as latest_before
            from ops.refreshes
        )
        select distinct loads.content_hash
        from ops.quarantined_rows as refused
        inner join refreshes
            on refused.refresh_id = refreshes.refresh_id
            and refreshes.started_at < refreshes.latest_before
            and refreshes.latest_before <= ?
        inner join ops.input_loads as loads
            on refused.refresh_id = loads.refresh_id
            and refused.input = loads.input and refused.file = loads.file
        where refused.input = ? and refused.healed_at is null and refused.rule like '%.event'""",
        [reader.now, table.name],
    ).fetchall()
    return {digest for (digest,) in found}


def _reading_hash(reader: _Reader, table: Input, delivery: Delivery, key: str) -> str:
    """Returns a hash of all that decides how the bytes of a file become rows, kept or refused."""
    parts = [
        READING_VERSION,
        _stated_hash(reader, table, delivery, key),
        [column.reading() for column in table.columns],
        [sorted(seed_values(c.seed, reader.seeds)) for c in table.columns if c.seed],
        personal.shared_emails(reader.seeds) if table.is_personal else None,
    ]
    return _hash(parts)


def _stated_hash(reader: _Reader, table: Input, delivery: Delivery, key: str) -> str:
    """Returns a hash of what a person states of how files are read: inputs.yml, settings, key."""
    parts = [delivery.reading(), reader.settings.get("business_timezone")]
    if table.is_personal:
        parts += [personal.key_fingerprint(key), reader.settings.get("keep_free_text")]
    return _hash(parts)


def _hash(parts: Sequence[object]) -> str:
    text = json.dumps(parts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _read_planned(
    readers: Sequence[_Reader], planned: Sequence[tuple[Input, int, _Task]]
) -> list[ReadFile]:
    """Reads files, as many at once as there are readers.

    A file is parsed and numbered in order, which keeps one core busy; two files keep two.

    Args:
        readers: What each reads with, a connection of its own among it.
        planned: Input, number among the files of the input, and file.

    Returns:
        What the files held, in the order of `planned`.
    """
    free: SimpleQueue[_Reader] = SimpleQueue()
    for reader in readers:
        free.put(reader)

    def read(table: Input, number: int, task: _Task) -> ReadFile:
        reader = free.get()
        try:
            return _read_timed(reader, table, number, task)
        finally:
            free.put(reader)

    pool = ThreadPoolExecutor(len(readers))
    try:
        return [each.result() for each in [pool.submit(read, *job) for job in planned]]
    except BaseException:
        for reader in readers:
            reader.con.interrupt()
        raise
    finally:
        # no thread may work on when the connections are closed
        pool.shutdown(wait=True, cancel_futures=True)


def _read_timed(reader: _Reader, table: Input, number: int, task: _Task) -> ReadFile:
    began = time.monotonic()
    size = task.found.entry.bytes
    if size > _LARGE_BYTES:
        _log.info("%s: reading %s, %s MB", table.name, task.found.name, f"{size / 1e6:,.0f}")
    with tempfile.TemporaryDirectory(dir=reader.folder) as folder:
        file = _read_file(reader, table, task, number, number * _ROWS_APART, Path(folder))
    _log.info(
        "%s: %s, %s rows in %.1f s",
        table.name,
        task.found.name,
        f"{file.rows_read:,}",
        time.monotonic() - began,
    )
    return file


def _read_file(
    reader: _Reader,
    table: Input,
    task: _Task,
    number: int,
    base: int,
    folder: Path,
) -> ReadFile:
    """Reads one file into incoming.<input>; returns what it held."""
    con, found = reader.con, task.found
    record: dict[str, object] = {
        "input": table.name,
        "_file": found.name,
        "file_number": number,
        "content_hash": task.hash,
        "reading_hash": task.reading,
        "stated_hash": task.stated,
        "bytes": found.entry.bytes,
        "format": found.delivery.format or ending_of(found.name) or "csv",
        "rows_read": 0,
        "rows_rejected": 0,
        "unknown_columns": [],
        "missing_columns": [],
        "loaded_through": found.delivery.loaded_through,
        "is_reread": task.is_reread,
    }
    notes: tuple[str, ...] = ()
    try:
        with opened(found.entry, task.state) as (path, _):
            file_format = str(record["format"])
            staged, record["format"] = _stage(reader, table, found, path, folder, file_format)
            record["encoding"] = staged.encoding
            matched = _matched(table, found.delivery, staged)
            signs = _signs(con, table, found.delivery, staged, matched)
            _insert(reader, table, found, staged, matched, signs, base)
        rejected = _keep_rejected(con, table, found.name)
        record["rows_rejected"] = rejected
        record["rows_read"] = staged.rows + rejected
        record["unknown_columns"] = list(matched.unknown)
        record["missing_columns"] = _missing(con, table, found.name, matched, staged)
        notes = (*staged.notes, *matched.notes)
        if matched.unknown:
            notes = (f"unknown columns kept out: {', '.join(matched.unknown)}", *notes)
    except FileError as error:
        record["error"] = str(error)
    except duckdb.OutOfMemoryException:
        record["error"] = (
            f"cannot be read, as the engine has too little memory ({VARIABLE} is {memory_limit()});"
            " give it more and run again"
        )
    except duckdb.Error as error:
        if tells_full_disk(str(error)):
            raise
        record["error"] = f"cannot be read ({type(error).__name__})"
    record["message"] = "; ".join(notes) or None
    columns = ", ".join(quoted(name) for name in record)
    places = ", ".join("?" for _ in record)
    con.execute(f"insert into incoming._files ({columns}) values ({places})", [*record.values()])
    return ReadFile(
        table.name,
        found.name,
        int(str(record["rows_read"])),
        int(str(record["rows_rejected"])),
        str(record["error"]) if "error" in record else None,
        "; ".join(notes),
    )


def _stage(
    reader: _Reader,
    table: Input,
    found: FoundFile,
    path: Path,
    folder: Path,
    file_format: str,
) -> tuple[Staged, str]:
    """Stages a file in the format its first bytes show, else the one stated or its name has."""
    path = uncompressed(path, folder)
    refuse_packed(path)
    if is_parquet(path):
        file_format = "parquet"
    if path.stat().st_size == 0:
        raise FileError("is empty: it has not even a header")
    try:
        if file_format == "parquet":
            return stage_parquet(reader.con, path, folder), file_format
        if file_format == "jsonl":
            return stage_jsonl(reader.con, path, folder, found.delivery), file_format
        return stage_csv(reader.con, path, folder, table, found.delivery), file_format
    except duckdb.Error as error:
        # DuckDB's words may quote the file, which may be personal
        raise FileError(f"cannot be read as {file_format} ({type(error).__name__})") from error


def _matched(table: Input, delivery: Delivery, staged: Staged) -> Matched:
    if not staged.names and not staged.rows:  # JSON Lines without a line
        return Matched({}, (), (), ())
    return match(table, delivery, staged.names)


def _signs(
    con: duckdb.DuckDBPyConnection,
    table: Input,
    delivery: Delivery,
    staged: Staged,
    matched: Matched,
) -> convert.Signs:
    """Finds the decimal sign of a file, unless stated, from its numbers that leave no doubt."""
    numbers = {
        f"c{matched.columns[column.name]}": convert.is_money(table, column)
        for column in table.columns
        if is_signed(column, matched.columns)
    }
    # Parquet, which has no encoding, keeps numbers as numbers
    is_sure = delivery.decimal is not None or staged.encoding is None
    if delivery.decimal or not numbers or staged.has_commas is False:
        return convert.Signs(delivery.decimal or ".", delivery.thousands, is_sure)
    texts = ", ".join(
        f"{convert.without_mark(f'trim({c})') if is_money else f'trim({c})'} as {c}"
        for c, is_money in numbers.items()
    )
    # the first rows tell, or, where they do not, all of them
    for limit in (f"limit {_SAMPLED_ROWS}", ""):
        sums = [
            " + ".join(
                f"count(*) filter (where {convert.number_evidence(c)[sign]})" for c in numbers
            )
            for sign in (0, 1)
        ]
        commas, points = con.execute(
            f"select {', '.join(sums)} from (select {texts} from {staged.relation} {limit})",
        ).fetchall()[0]
        if commas or points or staged.rows <= _SAMPLED_ROWS:
            break
    # a file without rows counts null
    decimal = "," if (commas or 0) > (points or 0) else "."
    return convert.Signs(decimal, delivery.thousands, is_sure)


def _insert(
    reader: _Reader,
    table: Input,
    found: FoundFile,
    staged: Staged,
    matched: Matched,
    signs: convert.Signs,
    base: int,
) -> None:
    """Converts the rows of a staged file and adds them to incoming.<input>."""
    delivery = found.delivery
    texts: dict[str, str] = {}
    for name in (*(column.name for column in table.columns), SOURCE, DELETED):
        if name in delivery.constants:
            raw = literal(delivery.constants[name])
        elif name in matched.columns:
            raw = f"c{matched.columns[name]}"
        else:
            continue
        texts[name] = raw
    plain = _plain_texts(table, texts, signs)
    relation = _cleaned(table, delivery, texts, plain, staged.relation)
    if DELETED in texts:
        _check_marks(reader.con, table, relation)
    is_plain = {
        # a text that inputs.yml gives another meaning is another text
        name: convert.is_plain(_raw(name), pattern) if name in delivery.values else _plain(name)
        for name, pattern in plain.items()
    }
    numbers = {
        _number(column.name): (_raw(column.name), is_plain[column.name])
        for column in table.columns
        if column.name in texts and convert.is_number(column)
    }
    relation = convert.with_numbers(relation, numbers, signs)
    values = _values(table, delivery, texts.keys(), is_plain, signs, reader)
    deleted = convert.is_true(_text_of(DELETED, texts)) if DELETED in texts else "false"
    meta = {
        "_row": f"{base} + line",
        "_source": f"coalesce({_text_of(SOURCE, texts)}, {literal(DEFAULT_SOURCE)})",
        "_file": literal(found.name),
        "_line": "line",
        "_is_deleted": deleted,
    }
    columns = ", ".join(f"{value} as {quoted(name)}" for name, value in (meta | values).items())
    spared = ", ".join(
        f"case when {convert.text_needed(column, reader.now)} then {text} end as {text}"
        for column in table.columns
        if not column.personal and (text := quoted(f"{column.name}__text")).strip('"') in values
    )
    kept = f"* replace ({spared})" if spared else "*"
    inserted = reader.con.execute(
        f"""insert into incoming.{quoted(table.name)} by name
        select {kept} from (select {columns} from {relation})""",
    ).fetchall()[0][0]
    if inserted != staged.rows:
        raise FileError(f"cannot be accounted for: {inserted:,} of {staged.rows:,} rows read")


def _check_marks(con: duckdb.DuckDBPyConnection, table: Input, relation: str) -> None:
    """Sees that no mark of a deletion is a no of another language, which would count as a yes.

    Raises:
        FileError: One is.
    """
    mark = _raw(DELETED)
    found = con.execute(
        f"""select distinct {mark} from {relation}
        where lower({mark}) in {literals(convert.FOREIGN_NO)} order by 1""",
    ).fetchall()
    if found:
        values = {word: "false" for (word,) in found}
        raise FileError(
            f"has {next(iter(values))!r} in {DELETED}, where anything but no takes the row away;"
            " state what its words mean in inputs.yml, under inputs:"
            f" `{table.name}: {{values: {{{DELETED}: {values}}}}}`",
        )


def _plain_texts(table: Input, texts: Iterable[str], signs: convert.Signs) -> dict[str, str]:
    """Returns the pattern of plain texts of each typed column that is there."""
    return {
        column.name: pattern
        for column in table.columns
        if column.name in texts and (pattern := convert.plain_pattern(column, signs))
    }


def _cleaned(
    table: Input,
    delivery: Delivery,
    texts: Mapping[str, str],
    plain: Mapping[str, str],
    relation: str,
) -> str:
    """SQL of the rows with `<column>__raw`, and `<column>__plain` where a pattern is given.

    Each step is a column of its own, so that no text is worked on twice.
    """
    found = "".join(
        f", {convert.is_plain(raw, plain[name])} as {_plain(name)}"
        for name, raw in texts.items()
        if name in plain
    )
    raws = "".join(f", {raw} as {_raw(name)}" for name, raw in texts.items())
    carried = "".join(f", {_plain(name)}" for name in plain)
    trimmed = "".join(
        f", case when {_plain(name)} then {_raw(name)} else {convert.trimmed(_raw(name))} end"
        f" as {_raw(name)}"
        if name in plain
        else f", {convert.trimmed(_raw(name))} as {_raw(name)}"
        for name in texts
    )
    present = "".join(
        f", {convert.present(_raw(name), delivery, known)} as {_raw(name)}"
        for name in texts
        for known in [(_plain(name), plain[name]) if name in plain else None]
    )
    ready = "".join(
        f", {_ready(table, delivery, name, texts, plain)} as {_raw(name)}" for name in texts
    )
    relation = f"(select line{raws}{found} from {relation})"
    for step in (trimmed, present, ready):
        relation = f"(select line{step}{carried} from {relation})"
    return relation


def _plain(name: str) -> str:
    return quoted(f"{name}__plain")


def _raw(name: str) -> str:
    return quoted(f"{name}__raw")


def _number(name: str) -> str:
    return quoted(f"{name}__number")


def _ready(
    table: Input,
    delivery: Delivery,
    name: str,
    given: Container[str],
    plain: Container[str],
) -> str:
    """SQL of a text as the conversion takes it: mapped; personal ones in the form hashed.

    An amount goes without the sign of its row's currency, where that is stated.
    """
    text = convert.mapped(_raw(name), delivery.values.get(name))
    if name in {SOURCE, DELETED}:
        return text
    column = table.column(name)
    if column.personal:
        return personal.normalised(column, text)
    stated = next((c.name for c in table.columns if c.format == "currency"), None)
    if stated in given and convert.is_money(table, column):
        currency = convert.mapped(_raw(stated), delivery.values.get(stated))
        bare = convert.without_currency(text, currency)
        # a text that inputs.yml gives another meaning is another text
        if name in delivery.values:
            return bare
        return f"case when {_plain(name)} then {text} else {bare} end" if name in plain else bare
    return text


def _text_of(name: str, texts: Mapping[str, str]) -> str:
    return _raw(name) if name in texts else "cast(null as varchar)"


def _values(
    table: Input,
    delivery: Delivery,
    given: Sequence[str] | object,
    is_plain: Mapping[str, str],
    signs: convert.Signs,
    reader: _Reader,
) -> dict[str, str]:
    """Returns SQL of every column of incoming.<input>, from the texts `<column>__raw`."""
    business = reader.settings.get("business_timezone")
    zones = convert.Zones(delivery.time_zone or business, business)
    local = convert.Zones("UTC", "UTC")  # of a birth date only the day written counts
    values: dict[str, str] = {}
    for column in table.columns:
        default = convert.default_of(column)
        if column.name not in given:  # type: ignore[operator]
            values |= {
                name: default or f"cast(null as {data_type})"
                for name, data_type in column.landing_columns.items()
            }
            continue
        raw = _raw(column.name)
        number = _number(column.name)
        plain = is_plain.get(column.name, "false")
        if column.personal:
            day = convert.typed(column, raw, plain, number, signs, local, delivery.date_formats)
            keep = reader.settings.get("keep_free_text")
            values |= personal.reduced(column, raw, day, keep_free_text=keep, seeds=reader.seeds)
            continue
        value = convert.typed(column, raw, plain, number, signs, zones, delivery.date_formats)
        # a default stands for what is absent, never for what does not fit
        absent = f"case when {raw} is null then {default} else {value} end"
        values[column.name] = absent if default else value
        if not column.is_text:
            values[f"{column.name}__text"] = raw
    return values


def _keep_rejected(con: duckdb.DuckDBPyConnection, table: Input, name: str) -> int:
    """Moves the rejected lines to incoming._rejected_lines; returns how many there are."""
    value = personal.shape("value") if table.is_personal else f"left(value, {_SHOWN_CHARACTERS})"
    con.execute(
        f"""insert into incoming._rejected_lines
        select ?, ?, line, {value}, message from rejects order by line""",
        [table.name, name],
    )
    rejected = con.execute("select count(*) from rejects").fetchall()[0][0]
    make_rejects(con)
    return int(rejected)


def _missing(
    con: duckdb.DuckDBPyConnection,
    table: Input,
    name: str,
    matched: Matched,
    staged: Staged,
) -> list[str]:
    """Returns the required columns a file lacks; one that only deletes needs but the key."""
    if not matched.missing or DELETED not in matched.columns or not staged.rows:
        return list(matched.missing)
    has_rows = con.execute(
        f"""select exists (
            select 1 from incoming.{quoted(table.name)} where _file = ? and not _is_deleted
        )""",
        [name],
    ).fetchall()[0][0]
    return [column for column in matched.missing if has_rows or column in table.key]
