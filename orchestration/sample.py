"""The sample that stands in for a business's files, and that never mixes with them."""

import shutil
import subprocess
import sys
import time
from pathlib import Path

from orchestration.contract import load_contract
from orchestration.fingerprint import sample_hash
from orchestration.landing.tables import create_tables
from orchestration.lock import writer_lock
from orchestration.records import connect
from orchestration.session import lock_timeout, say
from orchestration.settings import SettingsError
from orchestration.workspace import Workspace, wal_of

SAMPLE_ARGUMENTS = ("--customers", "5000", "--seed", "1", "--until", "2026-10-31")


class SampleError(RuntimeError):
    """The sample's generator failed; the message is what it says."""


def make_sample(workspace: Workspace) -> None:
    """Make the sample's files unless they are there, made by the generator as it is now.

    Args:
        workspace: The workspace whose landing folder is the sample's.

    Raises:
        SampleError: When the generator fails.
    """
    folder = workspace.landing.parent
    stamp = folder / "made_by.txt"
    made_by = _made_by(workspace)
    with writer_lock(folder / ".lock", lock_timeout()):
        if stamp.is_file() and stamp.read_text(encoding="utf-8") == made_by:
            return
        say(f"{'sample':<10}making sample data, as no LANDING is given ...")
        started = time.monotonic()
        stamp.unlink(missing_ok=True)
        # another generator may name its files otherwise, and all that lies there is loaded
        shutil.rmtree(workspace.landing, ignore_errors=True)
        ended = subprocess.run(
            [
                sys.executable,
                "-m",
                "orchestration.sample_data",
                *SAMPLE_ARGUMENTS,
                "--out",
                str(folder),
            ],
            cwd=workspace.project,
            capture_output=True,
            text=True,
            check=False,
        )
        if ended.returncode != 0:
            raise SampleError(f"The sample could not be made:\n{ended.stderr.strip()}")
        stamp.write_text(made_by, encoding="utf-8")
        say(f"{'':<10}{workspace.landing} ({time.monotonic() - started:.1f} s)")


def keep_sample_apart(workspace: Workspace) -> None:
    """Let no warehouse hold the sample and a business's own rows, or two samples, at once.

    The sample can be made again, so it gives way: the work database starts anew, while the
    published marts stand until new ones replace them. A business's rows never give way.
    The caller holds the writer lock.

    Args:
        workspace: The workspace to be refreshed.

    Raises:
        SettingsError: When the sample is asked for where other rows are.
    """
    stamp, held, wanted = _stamps(workspace)
    if held == wanted:
        return
    if held is None and workspace.work_db.is_file():
        raise SettingsError(
            f"{workspace.warehouse} holds other rows than the sample, which is what a refresh "
            "without LANDING loads. Name your LANDING, or another WAREHOUSE for the sample."
        )
    if held is not None:
        say(f"{'sample':<10}the sample's rows leave this warehouse; it starts anew")
        for left in (workspace.work_db, wal_of(workspace.work_db)):
            left.unlink(missing_ok=True)
        # before the stamp goes: marts without a work database would pass for a damaged one
        with connect(workspace) as con:
            create_tables(con, load_contract(extensions=workspace.extensions))
    if wanted is None:
        stamp.unlink()
    else:
        workspace.warehouse.mkdir(parents=True, exist_ok=True)
        stamp.write_text(wanted, encoding="utf-8")


def is_sample_to_go(workspace: Workspace) -> bool:
    """Whether `keep_sample_apart` would begin this warehouse anew, so that nothing is missed."""
    _, held, wanted = _stamps(workspace)
    return held is not None and held != wanted


def _stamps(workspace: Workspace) -> tuple[Path, str | None, str | None]:
    """Return the file that says of which sample a warehouse is, what it says, what it should."""
    stamp = workspace.warehouse / ".sample"
    held = stamp.read_text(encoding="utf-8") if stamp.is_file() else None
    return stamp, held, _made_by(workspace) if workspace.is_sample else None


def _made_by(workspace: Workspace) -> str:
    """Say what makes the sample: the generator's code and what it is asked for."""
    return f"{sample_hash(workspace.project)} {' '.join(SAMPLE_ARGUMENTS)}\n"
