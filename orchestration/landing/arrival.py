"""Whether a delivery is whole: what the landing sensor, the schedule and a refresh ask before.

Three conventions, each enough for whoever delivers: a file gets its name only once it is whole
(`landing/folder.py` leaves the names alone that programs give before); a marker such as `_SUCCESS`
is written last; or nothing more comes, which only the sensor can see, by looking twice.
"""

import contextlib
import hashlib
import os
from pathlib import Path

from orchestration.landing.folder import Entry, entries
from orchestration.settings import SettingsError
from orchestration.showing import showable_name

VARIABLE = "HOLDFAST_LANDING_MARKER"
# What Spark and Hadoop write last into a folder.
DEFAULT_MARKER = "_SUCCESS"
_SHOWN = 3


class IncompleteError(SettingsError):
    """A delivery is not closed by the marker that is asked for; says what is waited for."""


def required_marker() -> str | None:
    """Return the marker every delivery has to end with, HOLDFAST_LANDING_MARKER; None = none.

    Raises:
        SettingsError: When it is no plain file name.
    """
    name = os.environ.get(VARIABLE, "").strip()
    if name and (name in {".", ".."} or "/" in name or "\0" in name):
        raise SettingsError(f"{VARIABLE} must be the name of a file, such as _SUCCESS; not a path.")
    return name or None


def listing(landing: Path) -> str:
    """Hash names, sizes and times of the delivered files; '' when there are none.

    Args:
        landing: Folder with the delivered files.

    Returns:
        A hash that changes when a file comes, goes or grows.
    """
    lines = []
    marker = required_marker()
    for entry in _delivered(landing):
        if entry.path.name == marker:
            continue
        with contextlib.suppress(FileNotFoundError):  # gone since: the next look tells
            state = entry.path.lstat()
            lines.append(f"{entry.name} {state.st_size} {state.st_mtime_ns}")
    return hashlib.sha256("\n".join(lines).encode()).hexdigest() if lines else ""


def waiting_for(landing: Path) -> str | None:
    """Say which marker a delivery still waits for.

    A file is closed by a marker in its folder or in one above, up to the landing folder, that was
    written later than it. Compared is when each last changed on this machine (ctime): unlike the
    time of modification no copying program sets it back. `_SUCCESS` is honoured where it lies; with
    HOLDFAST_LANDING_MARKER every file needs a marker.

    Args:
        landing: Folder with the delivered files.

    Returns:
        What is waited for, as a person reads it; None when every file is closed.
    """
    required = required_marker()
    marker = required or DEFAULT_MARKER
    root = landing.resolve()
    written: dict[Path, int | None] = {}
    unmarked, reopened = [], []
    for entry in _delivered(landing):
        changed = _changed_at(entry.path)
        if changed is None or entry.path.name == marker:
            continue
        marks = []
        for folder in (entry.path.parent, *entry.path.parent.parents):
            if folder not in written:
                written[folder] = _changed_at(folder / marker)
            if (at := written[folder]) is not None:
                marks.append(at)
            if folder == root:
                break
        if not marks and required:
            unmarked.append(entry.name)
        elif marks and max(marks) < changed:
            reopened.append(entry.name)
    shown = showable_name(marker)
    if unmarked:
        return f"No {shown} was written for {_some(unmarked)} yet."
    if reopened:
        return f"Changed after {shown} was written: {_some(reopened)}. Waiting for a newer {shown}."
    return None


def require_complete(landing: Path) -> None:
    """Refuse to load a delivery whose required marker is missing, whoever asks.

    Args:
        landing: Folder with the delivered files.

    Raises:
        IncompleteError: When HOLDFAST_LANDING_MARKER is set and the delivery is not closed by it.
    """
    if required_marker() and (reason := waiting_for(landing)):
        raise IncompleteError(
            f"The delivery in {landing} is not whole. {reason} Write the marker once all files are "
            f"there, or unset {VARIABLE}."
        )


def _delivered(landing: Path) -> list[Entry]:
    return entries(landing) if landing.is_dir() else []


def _changed_at(path: Path) -> int | None:
    """Return when a file last changed on this machine, in nanoseconds; None = there is none."""
    try:
        return path.lstat().st_ctime_ns
    except OSError:
        return None


def _some(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
