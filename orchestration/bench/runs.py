"""One refresh or one floor as a child process, watched from outside."""

import dataclasses
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from orchestration.bench.compare import MartComparison, compare_marts
from orchestration.bench.floor import NOT_IN_FLOOR, TaskCost, write_plan
from orchestration.bench.split import ModelCost, Span, split
from orchestration.landing.sql import quoted
from orchestration.process_tree import Sample, Watch
from orchestration.publishing.marts import read_marts
from orchestration.quiet import telemetry_switches
from orchestration.settings import Settings
from orchestration.steps import read_steps
from orchestration.workspace import Workspace


class BenchError(RuntimeError):
    """What was to be measured did not work; the message is what it said."""


@dataclass(frozen=True)
class Cost:
    """What something cost.

    Attributes:
        seconds: By the clock.
        cpu_seconds: User and system time of all processes.
        peak_bytes: The most memory all processes held at once; None = the system does not tell.
    """

    seconds: float
    cpu_seconds: float
    peak_bytes: int | None


@dataclass(frozen=True)
class RefreshRun:
    """One refresh.

    Attributes:
        total: All of it, from the start of the process to its end.
        largest_process_bytes: The peak of its largest process, as the kernel knows it exactly.
        steps: Cost of each step, in order; models and tests apart, then what is left of the total.
        models: What each model and seed cost and holds.
        inputs: Rows that stand in each landing table.
        bytes_written: Size of the warehouse afterwards.
    """

    total: Cost
    largest_process_bytes: int
    steps: dict[str, Cost]
    models: list[ModelCost]
    inputs: dict[str, int]
    bytes_written: int


@dataclass(frozen=True)
class FloorRun:
    """One floor: its cost, what each thing in it cost, and how its marts compare."""

    total: Cost
    tasks: list[TaskCost]
    marts: list[MartComparison]


@dataclass(frozen=True)
class _Watched:
    cost: Cost
    largest_process_bytes: int
    samples: list[Sample]
    output: str


def run_refresh(workspace: Workspace, log: Path) -> RefreshRun:
    """Refresh a warehouse as `make refresh` does and say what it cost.

    Args:
        workspace: What to refresh, and where.
        log: File for what the refresh prints.

    Returns:
        What it cost.

    Raises:
        BenchError: It did not publish.
    """
    before = len(read_steps(workspace.step_log))
    command = [sys.executable, "-m", "orchestration.refresh"]
    watched = _run(command, workspace.project, workspace.environment(), log)
    steps = read_steps(workspace.step_log)[before:]
    recorded = [(step.step, _cost_of(step.seconds, step.cpu_seconds, step)) for step in steps]
    (built,) = (step for step in steps if step.step == "models")
    began = datetime.fromisoformat(built.started_at).timestamp()
    parts = split(
        Span(began, began + built.seconds),
        watched.samples,
        _artifact(workspace, "run_results")["results"],
        {
            name: f"{node['schema']}.{node['alias']}"
            for name, node in _artifact(workspace, "manifest")["nodes"].items()
            if node["resource_type"] in ("model", "seed")
        },
        built.cpu_seconds,
    )
    costs: dict[str, Cost] = {}
    for name, cost in recorded:
        if name == "models":
            costs |= {
                part: Cost(seconds, cpu, peak) for part, (seconds, cpu, peak) in parts.kinds.items()
            }
        else:
            costs[name] = cost
    rest_seconds = watched.cost.seconds - sum(cost.seconds for cost in costs.values())
    rest_cpu = watched.cost.cpu_seconds - sum(cost.cpu_seconds for cost in costs.values())
    costs["start, records, end"] = Cost(rest_seconds, rest_cpu, None)
    rows, inputs = _rows(workspace)
    return RefreshRun(
        total=watched.cost,
        largest_process_bytes=watched.largest_process_bytes,
        steps=costs,
        models=[dataclasses.replace(model, rows=rows.get(model.name)) for model in parts.models],
        inputs=inputs,
        bytes_written=sum(
            path.stat().st_size
            for path in workspace.warehouse.rglob("*")
            if path.is_file() and not path.is_symlink()
        ),
    )


def run_floor(workspace: Workspace, settings: Settings, folder: Path) -> FloorRun:
    """Run the floor for a refreshed warehouse and compare its marts.

    Args:
        workspace: The warehouse as it was refreshed.
        settings: The settings it was refreshed with.
        folder: Folder for the floor's database; emptied before.

    Returns:
        What it cost and came to.

    Raises:
        BenchError: It broke.
    """
    shutil.rmtree(folder, ignore_errors=True)
    plan = write_plan(workspace, settings, folder)
    command = [sys.executable, "-m", "orchestration.bench.floor", str(plan)]
    watched = _run(command, workspace.project, {}, folder / "floor.txt")
    marts = [
        (mart.schema, mart.name)
        for mart in read_marts(workspace.dbt_target / "manifest.json")
        if mart.schema != NOT_IN_FLOOR
    ]
    return FloorRun(
        total=watched.cost,
        tasks=[TaskCost(**task) for task in json.loads(watched.output)],
        marts=compare_marts(workspace.marts_db, folder / "work.duckdb", marts),
    )


def _run(command: Sequence[str], folder: Path, environment: dict[str, str], log: Path) -> _Watched:
    """Run a child to its end, watching it and all it starts."""
    log.parent.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    with log.open("w+", encoding="utf-8") as output:
        child = subprocess.Popen(
            command,
            cwd=folder,
            env=os.environ | telemetry_switches() | environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        with Watch(child.pid) as watch:
            _, status, used = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
            seconds = time.monotonic() - started
        output.seek(0)
        said = output.read()
    if child.returncode != 0:
        tail = "\n".join(said.strip().splitlines()[-25:])
        raise BenchError(f"{' '.join(command[1:])} ended with code {child.returncode}:\n{tail}")
    # the kernel counts in KiB on Linux, in bytes on macOS
    unit = 1 if sys.platform == "darwin" else 1024
    return _Watched(
        Cost(seconds, used.ru_utime + used.ru_stime, watch.peak_bytes),
        used.ru_maxrss * unit,
        watch.samples,
        said,
    )


def _cost_of(seconds: float, cpu_seconds: float, step: Any) -> Cost:  # noqa: ANN401
    return Cost(seconds, cpu_seconds, step.peak_bytes)


def _artifact(workspace: Workspace, name: str) -> dict[str, Any]:
    """Read what dbt wrote of its last run."""
    return json.loads((workspace.dbt_target / f"{name}.json").read_text(encoding="utf-8"))


def _rows(workspace: Workspace) -> tuple[dict[str, int], dict[str, int]]:
    """Count the rows of every table of the work database: models by schema.name, inputs."""
    with duckdb.connect(str(workspace.work_db), read_only=True) as con:
        tables = con.execute(
            "select schema_name, table_name from duckdb_tables()"
            " where schema_name not in ('incoming', 'ops')"
        ).fetchall()
        rows = {
            (schema, name): con.execute(
                f"select count(*) from {quoted(schema)}.{quoted(name)}"
            ).fetchall()[0][0]
            for schema, name in tables
        }
    inputs = {name: count for (schema, name), count in rows.items() if schema == "landing"}
    return {f"{schema}.{name}": count for (schema, name), count in rows.items()}, inputs
