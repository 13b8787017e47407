"""`make doctor`: whether the installation, the last refresh, the inputs and the marts are well.

It only looks: nothing is written, no lock is taken, and the work database is not opened, so that it
can be asked while a refresh runs, and where the warehouse is missing or damaged.
"""

import importlib.metadata
import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from orchestration.dbt_manifest import is_manifest_fresh
from orchestration.freshness import input_freshness, marts_freshness
from orchestration.landing.sql import quoted
from orchestration.memory import memory_bytes, memory_limit
from orchestration.outcomes import INTERRUPTED, PUBLISHED, RUNNING, Outcome, read_outcomes
from orchestration.publishing.publish import is_intact, read_manifest
from orchestration.quiet import be_quiet
from orchestration.report.build import is_current
from orchestration.settings import PROJECT, Settings, SettingsError
from orchestration.showing import showable
from orchestration.steps import read_steps
from orchestration.workspace import Workspace, wal_of

OK, NOTE, BAD = "ok", "note", "BAD"
_PIN = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==([^ ;\\]+)([^\\]*)")
_SHOWN = 3
_MOST_LETTERS = 400
# A refresh writes the marts anew beside the old ones, spills, and lets the work database grow.
_ROOM_FACTOR, _LEAST_ROOM = 3, 2_000_000_000
# Refused rows beyond this share are worth a look, long before the guards stop the refresh.
_NOTED_SHARE = 0.01

# What to do, by the reason a refresh gave.
_NEXT = {
    "checks": "correct the delivery as the message says and refresh again; checks.html has all",
    "models": "mend the models or data that the message names and refresh again",
    "time_limit": "see which step took long; raise HOLDFAST_TIME_LIMIT if it has to",
    "busy": "wait for the other refresh, or end it; then refresh again",
    "locked": "close the program that holds the database and refresh again",
    "disk_full": "make room on the disk and refresh again",
    "input_output": "see whether the disk and its folders answer, and refresh again",
    "settings": "correct the setting and refresh again",
    "killed": "refresh again; if it dies again, give it more memory or a lower "
    "HOLDFAST_MEMORY_LIMIT",
    "by_hand": "refresh again",
}


@dataclass(frozen=True)
class Finding:
    """One line of the screen.

    Attributes:
        level: ok, note (worth knowing) or BAD (needs somebody).
        text: What was found.
        advice: What to do.
    """

    level: str
    text: str
    advice: str = ""


def main() -> int:
    """Look at the warehouse that the environment names.

    Returns:
        0 when nothing needs anybody, else 1.
    """
    be_quiet()
    now = datetime.now(UTC)
    try:
        workspace = Workspace.from_environment()
    except SettingsError as error:
        sys.stdout.write(f"BAD   {error}\n")
        return 1
    findings, text = examine(workspace, now)
    sys.stdout.write(showable(text) + "\n")
    return 1 if any(finding.level == BAD for finding in findings) else 0


def examine(workspace: Workspace, now: datetime) -> tuple[list[Finding], str]:
    """Look at everything.

    Args:
        workspace: The warehouse.
        now: This instant, with offset.

    Returns:
        What was found, and the screen.
    """
    settings: Settings | None = None
    settings_fault = None
    try:
        settings = workspace.read_settings()
    except SettingsError as error:
        settings_fault = Finding(BAD, _short(str(error)), "correct the settings")
    holder = lock_holder(workspace)
    parts: dict[str, Callable[[], Iterator[Finding]]] = {
        "Installation": lambda: _installation(workspace, settings),
        "Last refresh": lambda: _last_refresh(workspace, holder),
        "Inputs": lambda: _inputs(workspace, settings, now),
        "Marts": lambda: _marts(workspace, settings, holder, now),
    }
    lines = [f"{workspace.warehouse}, {now:%Y-%m-%d %H:%M} UTC"]
    everything: list[Finding] = []
    for title, look in parts.items():
        findings = [settings_fault] if settings_fault and title == "Installation" else []
        try:
            findings += look()
        except Exception as error:
            findings.append(Finding(BAD, f"cannot be looked at: {type(error).__name__}: {error}"))
        lines += ["", title]
        for finding in findings:
            lines.append(f"  {finding.level:<5} {_short(finding.text)}")
            if finding.advice and finding.level != OK:
                lines.append(f"  {'':<5} -> {finding.advice}")
        everything += findings
    bad = sum(finding.level == BAD for finding in everything)
    needs = f"{bad} thing needs" if bad == 1 else f"{bad} things need"
    lines += ["", "All is well." if not bad else f"{needs} you: see BAD above."]
    return everything, "\n".join(lines)


def lock_holder(workspace: Workspace) -> str | None:
    """Say who holds the writer lock, without touching it; None = nobody."""
    try:
        record = json.loads(workspace.lock_file.read_text(encoding="utf-8"))
        pid, since = int(record["pid"]), str(record["since"])
        inode = workspace.lock_file.stat().st_ino
    except (OSError, ValueError, KeyError, TypeError):
        return None
    try:
        # what the kernel says: a killed process leaves its name in the file
        locks = Path("/proc/locks").read_text(encoding="ascii").splitlines()
        is_held = any(" FLOCK " in line and f":{inode} " in line for line in locks)
    except OSError:
        is_held = _lives(pid)
    return f"process {pid}, since {since}" if is_held else None


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _installation(workspace: Workspace, settings: Settings | None) -> Iterator[Finding]:
    """Python, packages, the parsed models, disk and memory."""
    python = f"Python {'.'.join(map(str, sys.version_info[:3]))}"
    if not (3, 11) <= sys.version_info[:2] < (3, 14):
        yield Finding(BAD, f"{python}, where 3.11 to 3.13 is needed", "remove .venv; make setup")
    wrong, pins = _wrong_packages()
    if wrong:
        more = f" and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
        yield Finding(
            BAD,
            f"{len(wrong)} of {pins} packages are not those of requirements.lock: "
            f"{', '.join(wrong[:_SHOWN])}{more}",
            "remove .venv/lock.sha256 and run make setup",
        )
    else:
        yield Finding(OK, f"{python}, {pins} packages as requirements.lock lists them")
    if settings is not None:
        if is_manifest_fresh(workspace, settings):
            yield Finding(OK, "the models are read as they are now")
        else:
            yield Finding(NOTE, "the models changed or were never read; a refresh reads them")
    yield _room(workspace)
    memory = memory_bytes()
    has = f" of {memory / 1e9:.1f} GB" if memory else ""
    yield Finding(OK, f"DuckDB may take {memory_limit()} of memory{has}")
    if not any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))):
        yield Finding(OK, "no Chromium, which only tests of the report use")


def _wrong_packages() -> tuple[list[str], int]:
    """Compare what is installed with the lock; returns what differs, and how many it lists."""
    from packaging.markers import InvalidMarker, Marker

    wrong, pins = [], 0
    for line in (PROJECT / "requirements.lock").read_text(encoding="utf-8").splitlines():
        pin = _PIN.match(line)
        if not pin:
            continue
        name, wanted, rest = pin.groups()
        marker = rest.partition(";")[2].strip()
        try:
            if marker and not Marker(marker).evaluate():
                continue
        except InvalidMarker:
            pass
        pins += 1
        try:
            found = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found = "missing"
        if found != wanted:
            wrong.append(f"{name} {found} instead of {wanted}")
    return wrong, pins


def _room(workspace: Workspace) -> Finding:
    """Compare the free disk with what a refresh takes for a while."""
    folder = workspace.warehouse
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    files = (workspace.work_db, workspace.marts_db)
    needed = max(_LEAST_ROOM, _ROOM_FACTOR * sum(f.stat().st_size for f in files if f.is_file()))
    said = f"{free / 1e9:.1f} GB free on the disk of the warehouse"
    if not os.access(folder, os.W_OK):
        return Finding(BAD, f"{folder} may not be written", "give its user the right to write")
    if free < needed / _ROOM_FACTOR:
        return Finding(BAD, f"{said}, too little for a refresh", "make room")
    if free < needed:
        return Finding(NOTE, f"{said}; a refresh may take {needed / 1e9:.1f} GB for a while")
    return Finding(OK, said)


def _last_refresh(workspace: Workspace, holder: str | None) -> Iterator[Finding]:
    """How the last refresh ended, how long it took, and what to do."""
    outcomes = read_outcomes(workspace)
    last = outcomes.last
    if last is None:
        manifest = read_manifest(workspace)
        if manifest is None:
            yield Finding(BAD, "there was none", "make refresh")
        else:
            yield Finding(
                NOTE, f"published {_time(manifest['published_at'])}; nothing more is kept"
            )
        if holder:
            yield Finding(NOTE, f"the warehouse is in use ({holder})")
        return
    if last.result == RUNNING:
        if holder:
            yield Finding(NOTE, f"one is running since {_time(last.started_at)} ({holder})")
        else:
            yield Finding(
                BAD,
                f"began {_time(last.started_at)} and died; the marts stand as they were",
                _NEXT["killed"],
            )
        return
    if holder:
        yield Finding(NOTE, f"the warehouse is in use ({holder})")
    yield _ended(last, workspace)
    if outcomes.failures > 1:
        yield Finding(
            NOTE, f"{outcomes.failures} failed since {_time(outcomes.failing_since or '')}"
        )


def _ended(last: Outcome, workspace: Workspace) -> Finding:
    took = f", took {last.seconds:,.0f} s" if last.seconds is not None else ""
    if took and last.refresh_id:
        steps = [
            step for step in read_steps(workspace.step_log) if step.refresh_id == last.refresh_id
        ]
        costs = ", ".join(f"{step.step} {step.seconds:,.0f}" for step in steps)
        took += f" ({costs})" if costs else ""
    at = _time(last.ended_at or last.started_at)
    if last.result == PUBLISHED:
        return Finding(OK, f"published {at}{took}")
    step = f" in step {last.step}" if last.step else ""
    how = "was interrupted" if last.result == INTERRUPTED else last.result
    message = f": {last.message}" if last.message else ""
    advice = _NEXT.get(last.reason or "", "read the message and refresh again")
    return Finding(BAD, f"{how}{step} {at}{took}{message}", advice)


def _inputs(workspace: Workspace, settings: Settings | None, now: datetime) -> Iterator[Finding]:
    """How old the data are, what was refused, what the guards warned of."""
    if not workspace.landing.is_dir():
        yield Finding(BAD, f"there is no {workspace.landing}", "put the delivered files there")
        return
    if settings is not None:
        for freshness in input_freshness(workspace, settings, now).values():
            level = OK if freshness.is_fresh else NOTE
            yield Finding(level, freshness.text, "look whether the export still runs")
    manifest = read_manifest(workspace)
    if manifest is None or not workspace.marts_db.is_file():
        yield Finding(NOTE, "nothing was accepted yet that is published")
        return
    try:
        yield from _accepted(workspace)
    except duckdb.Error:
        yield Finding(NOTE, "what was refused cannot be read, see Marts")


def _accepted(workspace: Workspace) -> Iterator[Finding]:
    """What became of the rows delivered last, as published."""
    with duckdb.connect(str(workspace.marts_db), read_only=True) as con:
        loads = con.execute(
            "select input, sum(rows_read), sum(rows_refused) from quality.input_loads "
            "where refresh_id = (select max(refresh_id) from quality.input_loads) "
            "group by input order by sum(rows_refused) / greatest(sum(rows_read), 1) desc, input"
        ).fetchall()
        warnings = con.execute(
            "select check_id from quality.input_checks "
            "where not is_success and severity <> 'error' and refresh_id = "
            "(select max(refresh_id) from quality.input_checks) order by check_id"
        ).fetchall()
    read = sum(int(row[1]) for row in loads)
    refused = sum(int(row[2]) for row in loads)
    if read:
        name, most_read, most_refused = loads[0]
        share = most_refused / max(most_read, 1)
        worst = f"; most of {name}, {share:.1%}" if refused else ""
        level = NOTE if share > _NOTED_SHARE else OK
        yield Finding(
            level,
            f"{refused:,} of {read:,} rows delivered last were refused{worst}",
            "quality.quarantined_rows lists them with file, line and rule",
        )
    if warnings:
        names = ", ".join(row[0] for row in warnings[:_SHOWN])
        more = f" and {len(warnings) - _SHOWN} more" if len(warnings) > _SHOWN else ""
        yield Finding(NOTE, f"the guards warned: {names}{more}", f"{workspace.checks_page}")


def _marts(
    workspace: Workspace, settings: Settings | None, holder: str | None, now: datetime
) -> Iterator[Finding]:
    """Whether what is published is whole, opens, and is current."""
    manifest = read_manifest(workspace)
    if manifest is None:
        what = "is damaged" if workspace.manifest.exists() else "is not there: nothing is published"
        yield Finding(BAD, f"{workspace.manifest.name} {what}", "make refresh")
        return
    wal = wal_of(workspace.marts_db)
    if wal.exists():
        yield Finding(
            BAD,
            f"{wal.name} stands beside the marts: a program opened them for writing, and readers "
            "may be refused",
            "end that program; make refresh publishes anew",
        )
    if is_intact(workspace, manifest):
        yield from _opened(workspace, manifest)
    elif holder:
        yield Finding(NOTE, "they are being published just now", "ask again in a minute")
    elif not wal.exists():
        yield Finding(BAD, _what_differs(workspace, manifest), "make refresh publishes anew")
    if not is_current(workspace, manifest):
        is_there = workspace.report_page.exists()
        what = "is of an earlier refresh" if is_there else "is missing"
        yield Finding(NOTE, f"the report {what}", "make report")
    else:
        yield Finding(OK, "the report is of this publication")
    if settings is not None:
        freshness = marts_freshness(workspace, settings, now)
        yield Finding(OK if freshness.is_fresh else NOTE, freshness.text, "make refresh")


def _opened(workspace: Workspace, manifest: dict[str, Any]) -> Iterator[Finding]:
    """Count the rows of each table as a reader would."""
    tables = manifest["tables"]
    wrong = []
    try:
        with duckdb.connect(str(workspace.marts_db), read_only=True) as con:
            for table in tables:
                name = f"{quoted(table['schema'])}.{quoted(table['name'])}"
                (rows,) = con.execute(f"select count(*) from {name}").fetchall()[0]
                if rows != table["rows"]:
                    wrong.append(f"{table['schema']}.{table['name']}")
    except duckdb.Error as error:
        yield Finding(BAD, f"{workspace.marts_db.name} does not open: {error}", "make refresh")
        return
    if wrong:
        yield Finding(BAD, f"other rows than published in {', '.join(wrong)}", "make refresh")
        return
    rows = sum(table["rows"] for table in tables)
    yield Finding(
        OK,
        f"{len(tables)} tables, {rows:,} rows, up to {manifest.get('cutoff_day')}; file hash, rows "
        "and Parquet files are those of manifest.json",
    )


def _what_differs(workspace: Workspace, manifest: dict[str, Any]) -> str:
    """Say why the publication is not whole."""
    if not workspace.marts_db.is_file():
        return f"{workspace.marts_db.name} is missing"
    files = [workspace.warehouse / table["parquet"] for table in manifest.get("tables", [])]
    missing = sum(not file.is_file() for file in files)
    if missing:
        return f"{missing} of {len(files)} Parquet files are missing"
    size = manifest.get("marts", {}).get("bytes")
    if workspace.marts_db.stat().st_size != size:
        return f"{workspace.marts_db.name} is not the file that was published: it has another size"
    return "marts or Parquet files are not those that manifest.json names"


def _time(text: str) -> str:
    return f"{text.replace('T', ' ').removesuffix('Z')[:16]} UTC"


def _short(text: str) -> str:
    """Keep a finding within a few lines of the screen."""
    lines = "\n        ".join(line.strip() for line in text.strip().splitlines()[:4])
    return lines if len(lines) <= _MOST_LETTERS else f"{lines[:_MOST_LETTERS]} ..."


if __name__ == "__main__":
    sys.exit(main())
