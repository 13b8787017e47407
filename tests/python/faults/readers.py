"""Four readers beside whatever happens to a warehouse."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

READER = Path(__file__).with_name("reader.py")
KINDS = ("query", "held", "long", "parquet")


@dataclass
class Seen:
    """What the readers report once they are stopped.

    Attributes:
        reads: Looks of all of them.
        versions: What each refresh held, as each kind of reader saw it.
        problems: Errors and mixed versions.
    """

    reads: int = 0
    versions: dict[str, dict[str, list]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


@contextmanager
def readers(warehouse: Path, stop: Path, pause: float = 0.005) -> Iterator[Seen]:
    """Let four processes read all through the block.

    Args:
        warehouse: Its marts and Parquet files are read.
        stop: A file that is made to stop them.
        pause: Seconds between two looks of one.

    Yields:
        What they saw, filled when the block ends.
    """
    stop.unlink(missing_ok=True)
    started = {
        kind: subprocess.Popen(
            [sys.executable, str(READER), kind, str(warehouse), str(stop), str(pause)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for kind in KINDS
    }
    seen = Seen()
    try:
        yield seen
    finally:
        stop.touch()
        for kind, process in started.items():
            out, err = process.communicate(timeout=120)
            report = json.loads(out or "{}") or {"problems": [err], "reads": 0, "seen": {}}
            seen.reads += report["reads"]
            seen.versions[kind] = report["seen"]
            seen.problems += [f"{kind}: {problem}" for problem in report["problems"]]
    for kind, versions in seen.versions.items():
        for refresh_id, facts in versions.items():
            others = [found.get(refresh_id, facts) for found in seen.versions.values()]
            if any(other != facts for other in others):
                seen.problems.append(f"{kind}: {refresh_id} looks otherwise to another reader")
