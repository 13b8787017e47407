"""A refresh when files have arrived and nobody writes them any more."""

import contextlib
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import dagster as dg

from orchestration.jobs import refresh_job
from orchestration.landing.folder import entries
from orchestration.workspace import Workspace


@dataclass(frozen=True)
class Watch:
    """What the sensor remembers between two looks.

    Attributes:
        seen: Listing at the last look.
        fired: Listing for which a refresh was last asked for.
    """

    seen: str = ""
    fired: str = ""


def list_landing(landing: Path) -> str:
    """Hash names, sizes and times of the delivered files; '' when there are none.

    Args:
        landing: Folder with the delivered files; hidden files do not count.

    Returns:
        A hash that changes when a file comes, goes or grows.
    """
    lines = []
    for entry in entries(landing, hidden=(".",)) if landing.is_dir() else []:
        with contextlib.suppress(FileNotFoundError):  # gone since: the next look tells
            state = entry.path.lstat()
            lines.append(f"{entry.name} {state.st_size} {state.st_mtime_ns}")
    return hashlib.sha256("\n".join(lines).encode()).hexdigest() if lines else ""


def look(watch: Watch, listing: str) -> tuple[Watch, str | None]:
    """Decide whether to refresh: the listing is new, and the same as at the last look.

    Args:
        watch: What is remembered.
        listing: The listing now.

    Returns:
        What to remember, and why nothing is asked for (None = refresh).
    """
    remembered = Watch(seen=listing, fired=watch.fired)
    if not listing:
        return remembered, "There are no files."
    if listing == watch.fired:
        return remembered, "No file came since the last refresh was asked for."
    if listing != watch.seen:
        return remembered, "Files are coming; waiting until they stay as they are."
    return Watch(seen=listing, fired=listing), None


@dg.sensor(job=refresh_job, minimum_interval_seconds=60)
def landing_files(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
    """Ask for a refresh once new files have stayed the same over two looks."""
    watch = Watch(**json.loads(context.cursor)) if context.cursor else Watch()
    watch, reason = look(watch, list_landing(Workspace.from_environment().landing))
    context.update_cursor(json.dumps({"seen": watch.seen, "fired": watch.fired}))
    if reason is not None:
        return dg.SkipReason(reason)
    return dg.SensorResult(run_requests=[dg.RunRequest(run_key=watch.fired)])
