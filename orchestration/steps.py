"""What each step of a refresh cost: one line of JSON per step in $WAREHOUSE/.steps.jsonl.

A line is written when its step ends, so that a refresh that fails or is killed leaves those of the
steps that ended.
"""

import contextlib
import json
import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from orchestration.process_tree import Watch


@dataclass(frozen=True)
class StepCost:
    """What one step cost.

    Attributes:
        refresh_id: The refresh; None for a step before it has an id (parse), or without one (a
            model built from the web page).
        step: Name of the step.
        started_at: UTC instant of its start, ISO 8601.
        seconds: How long it took.
        cpu_seconds: User and system time of this process and of the children that ended in it.
        peak_bytes: The most memory that this process and its children held at once; None where
            the system does not tell (see `process_tree`).
        is_done: Whether it ended without an error.
        rows: Rows it went through, by input or published table, where it counts them.
    """

    refresh_id: str | None
    step: str
    started_at: str
    seconds: float
    cpu_seconds: float
    peak_bytes: int | None
    is_done: bool
    rows: dict[str, int] = field(default_factory=dict)


@dataclass
class Meter:
    """The time of a step while it runs.

    Attributes:
        refresh_id: To be set once it is known.
        seconds: How long it took; 0 while it runs.
        rows: Rows it goes through, by input or table; to be filled by the step.
    """

    refresh_id: str | None = None
    seconds: float = 0.0
    rows: dict[str, int] = field(default_factory=dict)


@contextlib.contextmanager
def metered(log: Path, step: str) -> Iterator[Meter]:
    """Measure a step of this process and write down what it cost.

    Args:
        log: File to write to; made with its folder when missing.
        step: Name of the step.

    Yields:
        The meter, whose `seconds` are known after the block.
    """
    meter = Meter()
    started_at = datetime.now(UTC)
    started, cpu_before = time.monotonic(), _cpu_seconds()
    is_done = False
    watch = Watch(os.getpid())
    try:
        with watch:
            yield meter
        is_done = True
    finally:
        meter.seconds = time.monotonic() - started
        cost = StepCost(
            refresh_id=meter.refresh_id,
            step=step,
            started_at=started_at.isoformat(),
            seconds=round(meter.seconds, 3),
            cpu_seconds=round(_cpu_seconds() - cpu_before, 3),
            peak_bytes=watch.peak_bytes,
            is_done=is_done,
            rows=meter.rows,
        )
        # a step that worked has not failed because its cost could not be written down, and one
        # that failed has another reason to tell
        with contextlib.suppress(OSError):
            log.parent.mkdir(parents=True, exist_ok=True)
            with log.open("a", encoding="utf-8") as file:
                # begins a line of its own where a dead process left half of one
                file.write(f"{_line_end(log)}{json.dumps(asdict(cost))}\n")


def read_steps(log: Path) -> list[StepCost]:
    """Read what the steps cost, oldest first.

    Args:
        log: The file `metered` wrote; may be missing.

    Returns:
        One entry per step that ended.
    """
    if not log.is_file():
        return []
    costs = []
    for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
        # half a line of a process that died is no reason to lose the others
        with contextlib.suppress(ValueError, TypeError):
            costs.append(StepCost(**json.loads(line)))
    return costs


def _line_end(log: Path) -> str:
    """Return what ends the last line of a file, where that is cut off."""
    with log.open("rb") as file:
        if file.seek(0, os.SEEK_END) == 0:
            return ""
        file.seek(-1, os.SEEK_END)
        return "" if file.read(1) == b"\n" else "\n"


def _cpu_seconds() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system
