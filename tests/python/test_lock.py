"""The writer lock: one writer over processes, given back however its holder ends."""

import os
import signal
import subprocess
import sys
import time

import pytest

from orchestration.lock import WriterBusyError, writer_lock
from orchestration.settings import PROJECT

HOLD = """
import sys, time
from pathlib import Path
from orchestration.lock import writer_lock
with writer_lock(Path(sys.argv[1]), 0):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path):
    """Another process that holds the lock of tmp_path/lock."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / "lock")],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()


def test_second_process_is_told_who_holds_the_lock(holder, tmp_path):
    """Two refreshes would write one database, or the second would hang without a word."""
    with (
        pytest.raises(WriterBusyError, match=rf"process {holder.pid}, since 20"),
        writer_lock(tmp_path / "lock", timeout=0),
    ):
        pytest.fail("two processes hold the lock")


def test_killed_holder_gives_the_lock_back(holder, tmp_path):
    """A refresh killed by the machine would block every later one for ever."""
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    with writer_lock(tmp_path / "lock", timeout=0):
        pass


def test_waiting_says_so_once_and_ends_when_the_other_does(holder, tmp_path):
    """A waiting refresh would look as if it hung."""
    told = []

    def on_wait(who):
        told.append(who)
        holder.kill()

    started = time.monotonic()
    with writer_lock(tmp_path / "lock", timeout=30, on_wait=on_wait):
        pass
    assert time.monotonic() - started < 10
    assert len(told) == 1
    assert f"process {holder.pid}" in told[0]


def test_same_process_may_enter_twice_and_leaves_once(tmp_path):
    """The job inside `make refresh` would wait for itself, or give the lock away half way."""
    script = HOLD.replace("time.sleep(60)", "")

    def try_elsewhere():
        return subprocess.run(
            [sys.executable, "-c", script, str(tmp_path / "lock")],
            cwd=PROJECT,
            capture_output=True,
            check=False,
        ).returncode

    with writer_lock(tmp_path / "lock", timeout=0):
        with writer_lock(tmp_path / "lock", timeout=0):
            pass
        assert try_elsewhere() == 1
    assert try_elsewhere() == 0


def test_child_that_outlives_its_parent_does_not_keep_the_lock(tmp_path):
    """dbt or a browser started by a killed refresh would block the next one."""
    script = HOLD.replace(
        "time.sleep(60)",
        "import os, subprocess\n"
        "    child = subprocess.Popen(['sleep', '30'], stdout=-3, stderr=-3)\n"
        "    print(child.pid, flush=True)\n"
        "    os._exit(9)",
    )
    ended = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "lock")],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    child = int(ended.stdout.split()[1])
    try:
        with writer_lock(tmp_path / "lock", timeout=0):
            pass
    finally:
        os.kill(child, signal.SIGTERM)
