"""Dagster's records of runs that are damaged: set aside, and begun anew.

They tell of past runs and nothing hangs on them; one that cannot be read would end every refresh.
"""

import contextlib
import shutil
import sqlite3
from pathlib import Path

from orchestration.session import say
from orchestration.workspace import Workspace

# Folders of Dagster's home, with what it opens in each at every run. A run's own file is opened
# by who looks at that run only.
_OPENED = {
    "history": ("history/runs.db", "history/runs/index.db"),
    "schedules": ("schedules/schedules.db",),
}


def mend_run_records(workspace: Workspace) -> None:
    """Set aside what Dagster could not read; it makes new files by itself.

    The caller holds the writer lock, and Dagster is not started in this process.

    Args:
        workspace: The workspace to be refreshed.
    """
    home = workspace.dagster_home
    for folder, files in _OPENED.items():
        damages = [found for name in files if (found := _damage(home / name)) is not None]
        if damages:
            aside = home / f"{folder}.damaged"
            shutil.rmtree(aside, ignore_errors=True)
            (home / folder).rename(aside)
            say(f"{'records':<10}Dagster's {folder} is damaged and begun anew; it lies as {aside}")
            say(f"{'':<10}{damages[0]}")


def _damage(database: Path) -> str | None:
    """Say what is wrong with one SQLite file; None = nothing that shows, or it is not there."""
    if not database.is_file():
        return None
    try:
        # closing() closes; a connection's own `with` only commits
        with contextlib.closing(sqlite3.connect(database)) as con:
            found = con.execute("pragma quick_check(1)").fetchall()[0][0]
    except sqlite3.OperationalError:
        # locked or not allowed: no damage
        return None
    except sqlite3.DatabaseError as error:
        return f"{database.name}: {error}"
    return None if found == "ok" else f"{database.name}: {found}"
