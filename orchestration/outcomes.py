"""How the refreshes of a warehouse went, in a small file beside it: $WAREHOUSE/.outcomes.json.

ops.refreshes tells the same of every refresh, but stands in the work database, which a running
refresh holds, a full disk may leave damaged, and which is not there before the first. What watches
over the refreshes (notices, the landing sensor, `make doctor`) reads this file.
"""

import contextlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, datetime
from typing import Any

from orchestration.workspace import Workspace

# What a program may act on; the messages are for people.
PUBLISHED, STOPPED, FAILED, INTERRUPTED, RUNNING = (
    "published",
    "stopped",
    "failed",
    "interrupted",
    "running",
)


@dataclass(frozen=True)
class Outcome:
    """How one refresh ended, or that it runs.

    Attributes:
        result: published, stopped (a guard said no), failed, interrupted (it died) or running.
        refresh_id: The refresh; None where it failed before it began.
        reason: One word of ours: checks, models, time_limit, busy, locked, disk_full, input_output,
            settings, killed, by_hand or fault; None while nothing went wrong.
        step: The step that failed.
        details: Names of checks, models or tests that said no. No delivered value.
        message: What a person is told.
        may_help_again: Whether the same refresh may succeed when it is tried again.
        started_at: UTC instant, ISO 8601.
        ended_at: UTC instant, ISO 8601; None while it runs or where it died.
        pid: Its process.
    """

    result: str
    refresh_id: str | None = None
    reason: str | None = None
    step: str | None = None
    details: tuple[str, ...] = ()
    message: str | None = None
    may_help_again: bool = False
    started_at: str = ""
    ended_at: str | None = None
    pid: int = 0

    @property
    def seconds(self) -> float | None:
        """How long it took; None where that is not known."""
        if self.ended_at is None:
            return None
        return (_read(self.ended_at) - _read(self.started_at)).total_seconds()


@dataclass(frozen=True)
class Outcomes:
    """What is remembered of a warehouse.

    Attributes:
        last: The latest refresh.
        failures: How many failed since the last one that was published.
        failing_since: When the first of them ended, UTC, ISO 8601.
        newest: Newest day of the inputs that everything hangs on, by input, as last published.
    """

    last: Outcome | None = None
    failures: int = 0
    failing_since: str | None = None
    newest: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_failing(self) -> bool:
        """Whether nothing was published since something failed."""
        return self.failures > 0


def read_outcomes(workspace: Workspace) -> Outcomes:
    """Return what is remembered; nothing where there is no file, or none that can be read."""
    try:
        kept = json.loads(workspace.outcomes_file.read_text(encoding="utf-8"))
        last = kept.get("last")
        return Outcomes(
            last=_outcome(last) if last else None,
            failures=int(kept.get("failures", 0)),
            failing_since=kept.get("failing_since"),
            newest=dict(kept.get("newest") or {}),
        )
    except (OSError, ValueError, TypeError, AttributeError):
        return Outcomes()


def write_outcomes(workspace: Workspace, outcomes: Outcomes) -> None:
    """Remember; where that cannot be written down, the refresh ends as it did all the same."""
    file = workspace.outcomes_file
    # one name: what a killed process left there is written over
    aside = file.with_name(f"{file.name}.new")
    with contextlib.suppress(OSError):
        workspace.warehouse.mkdir(parents=True, exist_ok=True)
        aside.write_text(json.dumps(asdict(outcomes), indent=1) + "\n", encoding="utf-8")
        aside.replace(file)


def after(outcomes: Outcomes, outcome: Outcome) -> Outcomes:
    """Return what is remembered once a refresh ended so, or began.

    Args:
        outcomes: What was remembered before.
        outcome: How it ended.
    """
    if outcome.result == RUNNING:
        return replace(outcomes, last=outcome)
    if outcome.result == PUBLISHED:
        return replace(outcomes, last=outcome, failures=0, failing_since=None)
    return replace(
        # another refresh holds the lock: what it does is its own to tell
        outcomes if outcome.reason == "busy" else replace(outcomes, last=outcome),
        failures=outcomes.failures + 1,
        failing_since=outcomes.failing_since or outcome.ended_at or instant(),
    )


def instant() -> str:
    """Return this instant as the file has it: UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _read(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def _outcome(kept: Mapping[str, Any]) -> Outcome:
    known = {name.name for name in fields(Outcome)}
    values = {name: value for name, value in kept.items() if name in known}
    return Outcome(**(values | {"details": tuple(values.get("details") or ())}))
