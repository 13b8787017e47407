"""`make doctor`: what is wrong is said in words and with what to do, and nothing is touched."""

import json
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from orchestration import doctor
from orchestration.fingerprint import code_hash
from orchestration.lock import writer_lock
from orchestration.outcomes import Outcome, Outcomes, read_outcomes, write_outcomes
from orchestration.publishing.publish import read_manifest
from orchestration.settings import PROJECT

PUBLISHED = Outcome(
    "published", refresh_id="r1", started_at="2026-11-28T04:00:00Z", ended_at="2026-11-28T04:02:39Z"
)


@pytest.fixture
def well(sample_warehouse, tmp_path):
    """A good warehouse: the shared sample, each file by a second name; files are replaced whole."""
    workspace = replace(sample_warehouse, warehouse=tmp_path / "shop")
    shutil.copytree(
        sample_warehouse.warehouse, workspace.warehouse, symlinks=True, copy_function=os.link
    )
    manifest = read_manifest(workspace) | {"code_hash": code_hash(PROJECT)}
    write(workspace.manifest, json.dumps(manifest))
    write_outcomes(workspace, Outcomes(PUBLISHED, newest={"orders": "2026-10-31"}))
    step = {
        "refresh_id": "r1", "step": "load", "started_at": "", "seconds": 4.8, "cpu_seconds": 1,
        "peak_bytes": 1, "is_done": True,
    }  # fmt: skip
    write(workspace.step_log, json.dumps(step) + "\n")
    return workspace


def write(path, content):
    """Put a file in the place of another, which may have a second name elsewhere."""
    path.unlink(missing_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())


def look(workspace, hours=1):
    """Look at a warehouse some hours after its publication; nothing may change by it."""
    manifest = read_manifest(workspace) or {"published_at": "2026-11-28T04:02:39Z"}
    published = datetime.fromisoformat(manifest["published_at"].replace("Z", "+00:00"))
    before = state(workspace)
    findings, text = doctor.examine(workspace, published.astimezone(UTC) + timedelta(hours=hours))
    assert state(workspace) == before, "it wrote"
    return findings, text


def state(workspace):
    """Name, size and time of everything in the warehouse, folders included."""
    return [
        (str(path), path.lstat().st_size, path.lstat().st_mtime_ns)
        for path in sorted([workspace.warehouse, *workspace.warehouse.rglob("*")])
        if os.path.lexists(path)
    ]


def test_a_good_warehouse_is_well(well):
    """Whoever asks every morning would learn to overlook what it says."""
    findings, text = look(well)
    assert [f for f in findings if f.level == doctor.BAD] == [], text
    assert text.endswith("All is well.")
    assert len(text.splitlines()) < 40
    tables = len(read_manifest(well)["tables"])
    for words in (
        "Python 3.", "packages as requirements.lock lists them", "GB free on the disk",
        "published 2026-11-28 04:02 UTC, took 159 s (load 5)", "newest orders of 2026-10-31",
        "rows delivered last were refused; most of ", f"{tables} tables, ", "the report is of this",
        "published 1 hours ago, and nothing is new since",
    ):  # fmt: skip
        assert words in text, words


@contextmanager
def held_by_another(workspace):
    """Another program has the marts open for writing."""
    code = (
        f"import duckdb; con = duckdb.connect({str(workspace.marts_db)!r}); "
        "print('open', flush=True); input()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout.readline() == "open\n"
        yield
    finally:
        holder.kill()
        holder.communicate()


def one_row_more(file, table):
    """Let a manifest tell of one row more than a table has."""
    manifest = json.loads(file.read_text(encoding="utf-8"))
    (entry,) = (one for one in manifest["tables"] if one["name"] == table)
    entry["rows"] += 1
    file.write_text(json.dumps(manifest), encoding="utf-8")


def last(workspace, **outcome):
    """Let the last refresh have ended otherwise."""
    write_outcomes(workspace, replace(read_outcomes(workspace), last=replace(PUBLISHED, **outcome)))


# what is broken, how, what is said of it, and what to do
BROKEN = {
    "no warehouse": (lambda w: shutil.rmtree(w.warehouse), "there was none", "make refresh"),
    "marts missing": (lambda w: w.marts_db.unlink(), "marts.duckdb is missing", "make refresh"),
    "marts cut off": (
        lambda w: write(w.marts_db, w.marts_db.read_bytes()[:99_999]),
        "not the file that was published: it has another size", "make refresh",
    ),
    "marts of the same size, other bytes": (
        lambda w: write(w.marts_db, bytes(w.marts_db.stat().st_size)),
        "not those that manifest.json names", "make refresh",
    ),
    "a manifest that is no JSON": (
        lambda w: write(w.manifest, "{"), "manifest.json is damaged", "make refresh",
    ),
    "a Parquet file missing": (
        lambda w: next(w.parquet_dir.glob("core/*.parquet")).unlink(),
        "1 of 78 Parquet files are missing", "make refresh",
    ),
    "a write-ahead log": (
        lambda w: write(w.marts_db.with_name("marts.duckdb.wal"), "x"),
        "marts.duckdb.wal stands beside the marts", "end that program",
    ),
    "rows that differ": (
        lambda w: one_row_more(w.manifest, "calendar"),
        "other rows than published in core.calendar", "make refresh",
    ),
    "stopped by a guard": (
        lambda w: last(w, result="stopped", reason="checks", step="guard", message="1 check said"),
        "stopped in step guard 2026-11-28 04:02 UTC, took 159 s (load 5): 1 check said",
        "correct the delivery",
    ),
    "died": (
        lambda w: last(w, result="running", ended_at=None), "began 2026-11-28 04:00 UTC and died",
        "refresh again",
    ),
    "no landing folder": (lambda _: None, "there is no /nowhere", "put the delivered files there"),
    "settings with a mistake": (lambda _: None, "no setting named", "correct the settings"),
    "other packages": (lambda _: None, "dagster 9.9 instead of", "make setup"),
    "a full disk": (lambda _: None, "too little for a refresh", "make room"),
}  # fmt: skip


@pytest.mark.parametrize("kind", BROKEN)
def test_what_is_broken_is_said_with_what_to_do(well, kind, monkeypatch, tmp_path):
    """A damaged warehouse would look well, or the doctor end in a stack trace itself."""
    harm, said, advice = BROKEN[kind]
    if "1 of 78" in said:
        said = said.replace("78", str(len(read_manifest(well)["tables"])))
    if kind == "a Parquet file missing":
        shutil.copytree(well.parquet_dir, tmp_path / "own")  # the link is followed: own files
        version = well.parquet_dir.resolve()
        shutil.rmtree(version)
        (tmp_path / "own").rename(version)
    harm(well)
    workspace = well
    if kind == "no landing folder":
        workspace = replace(well, landing=type(well.landing)("/nowhere"))
    if kind == "settings with a mistake":
        write(tmp_path / "settings.yml", "lapse_ruel: fixed")
        workspace = replace(well, settings_file=tmp_path / "settings.yml")
    if kind == "other packages":
        found = doctor.importlib.metadata.version
        monkeypatch.setattr(
            doctor.importlib.metadata, "version",
            lambda name: "9.9" if name == "dagster" else found(name),
        )  # fmt: skip
    if kind == "a full disk":
        usage = shutil.disk_usage(tmp_path)._replace(free=1000)
        monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _: usage)
    findings, text = look(workspace)
    bad = [finding for finding in findings if finding.level == doctor.BAD]
    assert [f for f in bad if said in f.text and advice in f.advice], text
    # one thing broken is not told five times
    assert len(bad) <= (2 if kind == "no warehouse" else 1), text
    assert "see BAD above." in text


def test_what_is_only_worth_knowing_is_no_alarm(well):
    """An exit code of 1 for a report of yesterday would call somebody at night."""
    write(well.warehouse / "report" / ".refresh_id", "earlier\n")
    limited = well.warehouse.with_name("settings.yml")
    write(limited, "max_data_age_days: 5")
    findings, text = look(replace(well, settings_file=limited), hours=60)
    assert not [f for f in findings if f.level == doctor.BAD], text
    for words in (
        "note  the report is of an earlier refresh", "at most 5 are allowed",
        "at most 26 hours are allowed to be behind",
    ):  # fmt: skip
        assert words in text, words


def test_a_program_that_holds_the_marts_is_named(well):
    """DuckDB's own word for it says nothing of what to do."""
    write(well.marts_db, well.marts_db.read_bytes())
    with held_by_another(well):
        findings, text = look(well)
    assert [f for f in findings if f.level == doctor.BAD and "does not open" in f.text], text


def test_a_running_refresh_is_no_trouble_and_is_not_disturbed(well):
    """Asked at four in the morning, it would take the lock from the refresh, or cry wolf."""
    write_outcomes(well, replace(read_outcomes(well), last=Outcome("running", started_at="2026")))
    write(well.lock_file, "")
    with writer_lock(well.lock_file, 0):
        findings, text = look(well)
        assert not [f for f in findings if f.level == doctor.BAD], text
        assert f"one is running since 2026 UTC (process {os.getpid()}, since 20" in text
        write(well.marts_db, "half")
        assert "they are being published just now" in look(well)[1]
    # killed: its name stays in the file, the lock does not
    write(well.lock_file, f'{{"pid": {os.getpid()}, "since": "2026"}}')
    assert doctor.lock_holder(well) is None


def test_it_ends_with_a_code_for_programs(tmp_path, monkeypatch, capsys):
    """A monitor could not ask it."""
    monkeypatch.setenv("HOLDFAST_WAREHOUSE", str(tmp_path / "none"))
    monkeypatch.setenv("HOLDFAST_LANDING", str(tmp_path))
    assert doctor.main() == 1
    assert "make refresh" in capsys.readouterr().out
    assert not (tmp_path / "none").exists()
    monkeypatch.setenv("HOLDFAST_LANDING", "/nowhere")
    assert doctor.main() == 1
    assert capsys.readouterr().out.startswith("BAD   LANDING is /nowhere")
