"""A second try where other programs or a full disk were in the way, and nowhere else."""

import errno
import os
import shutil
import subprocess
import sys
from dataclasses import replace

import duckdb
import pytest

from orchestration.guard import GuardError
from orchestration.lock import WriterBusyError
from orchestration.retries import Attempts, all_worth_retrying, worth_retrying
from orchestration.settings import PROJECT, SettingsError, load_settings

LOCKED = 'IO Error: Could not set lock on file "/w/work.duckdb": Conflicting lock is held (PID 7).'
FULL = 'IO Error: Could not write file "/w/.tmp/x": No space left on device'


def caused(error, cause):
    """Chain two errors, as `raise ... from` does."""
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (WriterBusyError("Another refresh is writing"), "busy"),
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), "disk_full"),
        (OSError(errno.EIO, os.strerror(errno.EIO)), "input_output"),
        (duckdb.IOException(LOCKED), "locked"),
        (duckdb.IOException(FULL), "disk_full"),
        (caused(RuntimeError("step failed"), OSError(errno.EMFILE, "many")), "input_output"),
        (GuardError(f"The guards ended with code 1:\n_duckdb.IOException: {LOCKED}"), "locked"),
        (
            GuardError("ended with code 1:\nOSError: [Errno 28] No space left on device"),
            "disk_full",
        ),
        # the same again, however often
        (PermissionError(errno.EACCES, os.strerror(errno.EACCES)), None),
        (FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT)), None),
        (OSError(errno.EROFS, os.strerror(errno.EROFS)), None),
        (duckdb.IOException("IO Error: The file is not a valid DuckDB database file!"), None),
        (duckdb.OutOfMemoryException("Out of Memory Error: failed to allocate 16 MiB"), None),
        (caused(SettingsError("no such setting"), OSError(errno.EIO, "x")), None),
        (ValueError("a value"), None),
        # a delivered text that says so is none of an engine
        (ValueError("cannot read 'No space left on device'"), None),
    ],
)
def test_what_may_pass_is_told_from_what_comes_again(error, reason):
    """A bad delivery would be tried all night, or a full disk cost the night."""
    assert worth_retrying(error) == reason


def test_dbt_is_tried_again_only_when_nothing_else_failed():
    """A failing test beside a full disk would be run again and again."""
    full, no = f"- orders (models/orders.sql)\n  {FULL}", "- unique (x.yml)\n  Got 3 results"
    assert all_worth_retrying([full, full]) == "disk_full"
    assert all_worth_retrying([full, no]) is None
    assert all_worth_retrying([]) is None


def test_waits_grow_and_end(monkeypatch):
    """A database that another program keeps would be asked for every second, or for ever."""
    monkeypatch.delenv("HOLDFAST_RETRIES")
    attempts = Attempts()
    assert [attempts.next_wait(reason) for reason in ("locked", None, "busy", "busy")] == [
        30, None, 120, None,
    ]  # fmt: skip
    monkeypatch.setenv("HOLDFAST_RETRIES", "many")
    with pytest.raises(SettingsError, match="HOLDFAST_RETRIES must be a number"):
        Attempts()


WAIT_THEN_PUBLISH = """
import sys, time
from pathlib import Path
from orchestration.lock import writer_lock
warehouse = Path(sys.argv[1])
with writer_lock(warehouse / ".writer.lock", 0):
    (warehouse / "manifest.json").rename(warehouse / "aside")
    print("held", flush=True)
    sys.stdin.readline()
    (warehouse / "aside").rename(warehouse / "manifest.json")
"""


def test_a_second_process_waits_and_finds_its_work_done(sample_warehouse, tmp_path):
    """Schedule, sensor and a person at once: the same delivery would be refreshed three times."""
    own = replace(sample_warehouse, warehouse=tmp_path / "w")
    shutil.copytree(sample_warehouse.warehouse, own.warehouse, symlinks=True)
    environment = os.environ | own.environment()
    first = subprocess.Popen(
        [sys.executable, "-c", WAIT_THEN_PUBLISH, str(own.warehouse)],
        cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert first.stdout.readline() == "held\n"
    second = subprocess.Popen(
        [sys.executable, "-m", "orchestration.refresh"],
        cwd=PROJECT, env=environment, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert second.stdout.readline().startswith(
        f"lock      waiting for another refresh to end (process {first.pid}, since "
    )
    assert second.poll() is None
    first.communicate("publish\n")
    told, _ = second.communicate(timeout=120)
    assert second.returncode == 0
    assert told.startswith("Nothing new: ")
    with duckdb.connect(str(own.work_db), read_only=True) as con:
        assert con.execute("select count(*) from ops.refreshes").fetchall() == [(1,)]


def test_who_waited_does_what_is_left_to_do(workspace, monkeypatch, capsys):
    """What came while another refresh ran would wait for the next night."""
    from orchestration import refresh
    from orchestration.lock import writer_lock

    (workspace.landing / "orders.csv").write_text("order_id\n")
    workspace.warehouse.mkdir()
    held = subprocess.Popen(
        [sys.executable, "-c", WAIT_THEN_PUBLISH.replace("    (warehouse", "    # (warehouse"),
         str(workspace.warehouse)],
        cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert held.stdout.readline() == "held\n"
    done = []

    def run(*_):
        with writer_lock(workspace.lock_file, 0):
            done.append(held.poll())
        return True

    def let_go(_):
        held.communicate("go\n")

    monkeypatch.setattr(refresh, "_run", run)
    monkeypatch.setenv("HOLDFAST_RETRIES", "1")
    monkeypatch.setenv("HOLDFAST_LOCK_TIMEOUT", "0")
    monkeypatch.setattr("orchestration.session.time.sleep", let_go)
    assert refresh.run_refresh(workspace, load_settings())
    assert done == [0], "it ran while another held the warehouse, or not at all"
    assert "this may pass: trying again in 30 s" in capsys.readouterr().out
