"""Who used the time of dbt's step: each model, the tests, or dbt itself.

dbt runs two nodes at once in one process, so no clock belongs to a node alone. Each stretch between
two looks at the process is shared evenly by the nodes that ran in it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any, NamedTuple

from orchestration.process_tree import Sample

MODELS, TESTS, DBT = "models", "tests", "dbt itself"


class Span(NamedTuple):
    """A stretch of time, in seconds since the epoch."""

    begin: float
    end: float


@dataclass(frozen=True)
class ModelCost:
    """What a model or seed cost and holds.

    Attributes:
        name: schema.name.
        seconds: How long it ran, as dbt says; two run at once.
        cpu_seconds: Its share of the process's time; None = the system does not tell.
        peak_bytes: The most memory of all processes while it ran.
        rows: Rows it holds; None for a view.
    """

    name: str
    seconds: float
    cpu_seconds: float | None
    peak_bytes: int | None
    rows: int | None = None


@dataclass(frozen=True)
class Parts:
    """The step taken apart: seconds, CPU seconds, peak of each kind; and the models."""

    kinds: dict[str, tuple[float, float, int | None]]
    models: list[ModelCost]


@dataclass
class _Used:
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    peak_bytes: int = 0

    def take(self, seconds: float, cpu_seconds: float, resident_bytes: int) -> None:
        """Add a share of a stretch."""
        self.seconds += seconds
        self.cpu_seconds += cpu_seconds
        self.peak_bytes = max(self.peak_bytes, resident_bytes)


def split(
    step: Span,
    samples: Sequence[Sample],
    results: Sequence[Mapping[str, Any]],
    relations: Mapping[str, str],
    cpu_seconds: float,
) -> Parts:
    """Share the time of dbt's step among what ran in it.

    Args:
        step: When the step ran.
        samples: What the processes used, oldest first; may reach beyond the step.
        results: `results` of dbt's run_results.json.
        relations: Id of each node that builds one to schema.name of its relation.
        cpu_seconds: What the step used in all, exactly; the shares are made to add up to it.

    Returns:
        The seconds, CPU seconds and peak of models, tests and dbt itself, which add up to those of
        the step, and the cost of each model.
    """
    spans = {result["unique_id"]: _span(result) for result in results if result["timing"]}
    used: dict[str, _Used] = {name: _Used() for name in (DBT, *spans)}
    for begin, end, cpu, resident in _stretches(step, samples):
        _share(Span(begin, end), cpu, resident, spans, used)
    seen = sum(one.cpu_seconds for one in used.values())
    scale = cpu_seconds / seen if seen else 0.0
    kinds = {kind: _Used() for kind in (MODELS, TESTS, DBT)}
    for name, one in used.items():
        kinds[_kind(name)].take(one.seconds, one.cpu_seconds * scale, one.peak_bytes)
    if not seen:  # nothing is known but the time the whole took
        kinds[DBT].cpu_seconds = cpu_seconds
    models = [
        ModelCost(
            relations[result["unique_id"]],
            round(result["execution_time"], 3),
            round(used[result["unique_id"]].cpu_seconds * scale, 3) if seen else None,
            used[result["unique_id"]].peak_bytes or None,
        )
        for result in results
        if result["unique_id"] in spans and result["unique_id"] in relations
    ]
    return Parts(
        {
            kind: (one.seconds, one.cpu_seconds, one.peak_bytes or None)
            for kind, one in kinds.items()
        },
        models,
    )


def _span(result: Mapping[str, Any]) -> Span:
    """When a node ran: from the compilation of its SQL to the end of its execution."""
    times = [
        datetime.fromisoformat(timing[edge]).timestamp()
        for timing in result["timing"]
        for edge in ("started_at", "completed_at")
        if timing[edge]
    ]
    return Span(min(times), max(times))


def _stretches(step: Span, samples: Sequence[Sample]) -> list[tuple[float, float, float, int]]:
    """Begin, end, CPU seconds and memory of what lies between two looks within the step."""
    if len(samples) < 2:
        return [(step.begin, step.end, 0.0, 0)]
    stretches = []
    # a process that ends while one looks may be missed, so that the sum seems to fall
    most = 0.0
    for left, right in pairwise(samples):
        most = max(most, left.cpu_seconds)
        begin, end = max(left.at, step.begin), min(right.at, step.end)
        if end <= begin:
            continue
        part = (end - begin) / (right.at - left.at)
        cpu = max(0.0, right.cpu_seconds - most) * part
        stretches.append((begin, end, cpu, max(left.resident_bytes, right.resident_bytes)))
    return stretches


def _share(
    stretch: Span,
    cpu: float,
    resident: int,
    spans: Mapping[str, Span],
    used: Mapping[str, _Used],
) -> None:
    """Share one stretch among the nodes that ran in it; what no node ran in is dbt's own."""
    running = {
        name: span
        for name, span in spans.items()
        if span.begin < stretch.end and span.end > stretch.begin
    }
    edges = sorted(
        {
            stretch.begin,
            stretch.end,
            *(
                edge
                for span in running.values()
                for edge in span
                if stretch.begin < edge < stretch.end
            ),
        }
    )
    length = stretch.end - stretch.begin
    for begin, end in pairwise(edges):
        owners = [
            name for name, span in running.items() if span.begin <= begin and span.end >= end
        ] or [DBT]
        for name in owners:
            seconds = (end - begin) / len(owners)
            used[name].take(seconds, cpu * seconds / length, resident)


def _kind(name: str) -> str:
    if name == DBT:
        return DBT
    return TESTS if name.startswith("test.") else MODELS
