"""The figures as a person reads them: Markdown made of what the runs measured."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from statistics import median
from typing import Any

from orchestration.bench.runs import Cost, FloorRun, RefreshRun
from orchestration.bench.split import ModelCost

# what is asked of 10,000,000 orders on two cores, and of ten times the rows
LARGE_ORDERS = 10_000_000
LARGE_SECONDS = 480
LARGE_BYTES = 8 << 30
MOST_FLOORS = 3.0
MOST_GROWTH_PER_TENFOLD = 11.0
# two deliveries of one process differ a little in everything that is counted
_TOLERANCE = 1.03
_UNKNOWN = "–"  # noqa: RUF001 - a dash, as in a table


@dataclass
class SizeRuns:
    """All that was run of one size.

    Attributes:
        orders: Orders asked for.
        files: Files of the landing folder.
        bytes: Their size.
        refreshes: A full refresh of a fresh warehouse per repetition.
        floors: The floor of each of them, or of the first ones alone.
        second: Another full refresh of the first one's warehouse, with AS_OF stated.
    """

    orders: int
    files: int
    bytes: int
    refreshes: list[RefreshRun] = field(default_factory=list)
    floors: list[FloorRun] = field(default_factory=list)
    second: RefreshRun | None = None

    @property
    def name(self) -> str:
        """The size as a heading says it."""
        return f"{self.orders:,}"

    def typical(self, cost: Callable[[RefreshRun], float]) -> float:
        """The median of a figure over the repetitions."""
        return median(cost(run) for run in self.refreshes)

    def row_count(self, *inputs: str) -> int:
        """Rows that stand in some inputs."""
        rows = self.refreshes[-1].inputs
        return sum(rows.get(name, 0) for name in inputs)

    @property
    def rest(self) -> int:
        """Rows that stand in all inputs but the three large ones."""
        rows = self.refreshes[-1].inputs
        return sum(rows.values()) - self.row_count("orders", "order_items", "customers")

    @property
    def floor_ratio(self) -> float:
        """CPU seconds of the refresh over those of its floor, the median of those that have one."""
        return median(
            refresh.total.cpu_seconds / floor.total.cpu_seconds
            for refresh, floor in zip(self.refreshes, self.floors, strict=False)
        )


def as_data(machine: Mapping[str, str], sizes: Sequence[SizeRuns]) -> dict[str, Any]:
    """Return all that was measured as plain data, for JSON.

    Args:
        machine: What it was measured on.
        sizes: What was run.
    """
    return {"machine": dict(machine), "sizes": [asdict(size) for size in sizes]}


def as_markdown(machine: Mapping[str, str], sizes: Sequence[SizeRuns], *, most_models: int) -> str:
    """Return the report.

    Args:
        machine: What it was measured on.
        sizes: What was run, the smallest first.
        most_models: How many of the models to list, the costliest first.
    """
    parts = [
        _line(machine, sizes),
        _summary(sizes),
        _goals(sizes),
        *_section("Steps", _steps(sizes)),
        *_section("A second refresh of the same warehouse", _second(sizes)),
        *_section("Models", _models(sizes, most_models)),
        *_section("The floor", _floor(sizes)),
        *_section("The floor's marts against the published ones", _marts(sizes)),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _section(title: str, body: str) -> list[str]:
    return [f"### {title}", body] if body else []


def _line(machine: Mapping[str, str], sizes: Sequence[SizeRuns]) -> str:
    runs = len(sizes[0].refreshes)
    times = "one run" if runs == 1 else f"{runs} runs: median (least to most)"
    return "; ".join([*(f"{name} {value}" for name, value in machine.items()), times]) + "."


def _summary(sizes: Sequence[SizeRuns]) -> str:
    rows = [
        [
            size.name,
            f"{size.row_count('orders'):,}",
            f"{size.row_count('order_items'):,}",
            f"{size.row_count('customers'):,}",
            f"{size.rest:,}",
            _spread(run.total.seconds for run in size.refreshes),
            _spread(run.total.cpu_seconds for run in size.refreshes),
            _gib(_highest(run.total.peak_bytes for run in size.refreshes)),
            _spread(floor.total.cpu_seconds for floor in size.floors),
            f"{size.floor_ratio:.2f}",
        ]
        for size in sizes
    ]
    heads = "size|orders|items|customers|rest|seconds|CPU s|peak GiB|floor's CPU s|CPU ÷ floor"
    return _table(heads.split("|"), rows)


def _goals(sizes: Sequence[SizeRuns]) -> str:
    """Say of each goal that these sizes can tell whether it is reached."""
    lines = []
    for size in sizes:
        if size.orders >= LARGE_ORDERS:
            seconds = size.typical(lambda run: run.total.seconds)
            lines.append(_goal(f"{size.name} in {LARGE_SECONDS} s", seconds, LARGE_SECONDS, " s"))
            peak = _highest(run.total.peak_bytes for run in size.refreshes)
            if peak is not None:
                gib = 1 << 30
                lines.append(
                    _goal(f"{size.name} below {_gib(LARGE_BYTES)} GiB", peak / gib,
                          LARGE_BYTES / gib, " GiB")
                )  # fmt: skip
            floors = f"{size.name} at most {MOST_FLOORS:g} floors of CPU"
            lines.append(_goal(floors, size.floor_ratio, MOST_FLOORS, " floors"))
    for small, large in pairwise(sizes):
        rows = large.row_count("orders") / small.row_count("orders")
        seconds = large.typical(_seconds) / small.typical(_seconds)
        most = rows * MOST_GROWTH_PER_TENFOLD / 10
        name = f"{small.name} → {large.name}, {rows:.1f} times the orders: at most {most:.1f} times"
        lines.append(_goal(f"{name} the time", seconds, most, " times"))
    return "\n".join(lines)


def _goal(name: str, found: float, most: float, unit: str) -> str:
    return f"- {name}: {'reached' if found <= most else '**missed**'} ({found:.4g}{unit})"


def _seconds(run: RefreshRun) -> float:
    return run.total.seconds


def _steps(sizes: Sequence[SizeRuns]) -> str:
    names = list(dict.fromkeys(name for size in sizes for name in size.refreshes[-1].steps))
    heads = ["step"]
    for size in sizes:
        heads += [f"{size.name}: s", "CPU s", "GiB"]
    heads += [f"growth of s to {large.name}" for large in sizes[1:]]
    heads += [f"of CPU to {large.name}" for large in sizes[1:]]
    rows = []
    for name in [*names, "total"]:
        row = [name]
        for size in sizes:
            costs = [_step(run, name) for run in size.refreshes]
            row += [
                _spread(cost.seconds for cost in costs),
                _spread(cost.cpu_seconds for cost in costs),
                _gib(_highest(cost.peak_bytes for cost in costs)),
            ]
        for figure in ("seconds", "cpu_seconds"):
            typical = [median(getattr(_step(r, name), figure) for r in s.refreshes) for s in sizes]
            row += [_times(after, before) for before, after in pairwise(typical)]
        rows.append(row)
    return _table(heads, rows)


def _step(run: RefreshRun, name: str) -> Cost:
    if name == "total":
        return run.total
    return run.steps.get(name, Cost(0.0, 0.0, None))


def _second(sizes: Sequence[SizeRuns]) -> str:
    rows = []
    for size in sizes:
        if size.second is None:
            continue
        first = size.refreshes[0]
        for name in [*first.steps, "total"]:
            one, two = _step(first, name), _step(size.second, name)
            rows.append(
                [
                    size.name,
                    name,
                    *(f"{cost.seconds:.1f}" for cost in (one, two)),
                    *(_gib(cost.peak_bytes) for cost in (one, two)),
                ]
            )
        rows.append(
            [size.name, "warehouse on disk", "", "",
             *(_gib(run.bytes_written) for run in (first, size.second))]
        )  # fmt: skip
    heads = ["size", "step", "first s", "second s", "first GiB", "second GiB"]
    return _table(heads, rows) if rows else ""


def _models(sizes: Sequence[SizeRuns], most: int) -> str:
    found = [{model.name: model for model in size.refreshes[-1].models} for size in sizes]
    last = sorted(
        found[-1].values(), key=lambda model: model.cpu_seconds or model.seconds, reverse=True
    )
    heads = ["model"]
    for size in sizes:
        heads += [f"{size.name}: rows", "per order", "per customer", "s", "CPU s"]
    heads += [f"growth of rows to {large.name}" for large in sizes[1:]]
    heads += [f"of CPU to {large.name}" for large in sizes[1:]]
    rows = []
    for model in last[:most]:
        row = [model.name]
        for size, models in zip(sizes, found, strict=True):
            row += _model_cells(models.get(model.name), size)
        for figure in ("rows", "cpu_seconds"):
            values = [getattr(models.get(model.name), figure, None) for models in found]
            row += [_times(after, before) for before, after in pairwise(values)]
        rows.append(row)
    return "\n\n".join([*_outgrowing_lines(sizes), _table(heads, rows)])


def outgrowing(small: SizeRuns, large: SizeRuns) -> list[str]:
    """List the models whose rows grow faster than the orders do.

    Args:
        small: A size.
        large: A larger one.

    Returns:
        Names of tables; nothing in the warehouse should be there.
    """
    orders = large.row_count("orders") / small.row_count("orders")
    before = {model.name: model.rows for model in small.refreshes[-1].models}
    return [
        model.name
        for model in large.refreshes[-1].models
        if model.rows and model.rows > _TOLERANCE * orders * (before.get(model.name) or 0)
    ]


def _outgrowing_lines(sizes: Sequence[SizeRuns]) -> list[str]:
    return [
        f"Rows that grow faster than the orders from {small.name} to {large.name}: "
        f"{', '.join(outgrowing(small, large)) or 'none'}."
        for small, large in pairwise(sizes)
    ]


def _model_cells(model: ModelCost | None, size: SizeRuns) -> list[str]:
    if model is None:
        return [_UNKNOWN] * 5
    orders, customers = size.row_count("orders"), size.row_count("customers")
    per_order, per_customer = (
        _UNKNOWN if model.rows is None or not base else f"{model.rows / base:.2f}"
        for base in (orders, customers)
    )
    return [
        "view" if model.rows is None else f"{model.rows:,}",
        per_order,
        per_customer,
        f"{model.seconds:.1f}",
        _UNKNOWN if model.cpu_seconds is None else f"{model.cpu_seconds:.1f}",
    ]


def _floor(sizes: Sequence[SizeRuns]) -> str:
    rows = []
    for size in sizes:
        for name, chosen in (
            ("read inputs that marts use", ("read", True)),
            ("read the other inputs", ("read", False)),
            ("models", ("model", True)),
        ):
            tasks = [
                [task for task in floor.tasks if (task.kind, task.is_needed) == chosen]
                for floor in size.floors
            ]
            rows.append(
                [
                    size.name,
                    name,
                    _spread(sum(task.seconds for task in run) for run in tasks),
                    _spread(sum(task.cpu_seconds for task in run) for run in tasks),
                    "",
                ]
            )
        rows.append(
            [
                size.name,
                "total",
                _spread(floor.total.seconds for floor in size.floors),
                _spread(floor.total.cpu_seconds for floor in size.floors),
                _gib(_highest(floor.total.peak_bytes for floor in size.floors)),
            ]
        )
    return _table(["size", "of the floor", "s", "CPU s", "GiB"], rows)


def _marts(sizes: Sequence[SizeRuns]) -> str:
    heads = ["mart"]
    for size in sizes:
        heads += [f"{size.name}: rows", "floor's rows", "same rows"]
    rows = []
    for place, mart in enumerate(sizes[-1].floors[-1].marts):
        row = [mart.mart]
        for size in sizes:
            found = size.floors[-1].marts[place]
            share = found.same_rows / found.rows if found.rows else 1.0
            same = "all" if found.is_same else f"{share:.1%}"
            row += [f"{found.rows:,}", f"{found.floor_rows:,}", same]
        rows.append(row)
    return _table(heads, rows)


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---", *["--:"] * (len(heads) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _spread(values: Iterable[float]) -> str:
    found = sorted(values)
    middle = f"{median(found):.1f}"
    return middle if len(found) == 1 else f"{middle} ({found[0]:.1f} to {found[-1]:.1f})"


def _times(after: float | None, before: float | None) -> str:
    """How many times as much; nothing is said of what is too small to be measured."""
    if after is None or before is None or before < 0.05:
        return _UNKNOWN
    return f"{after / before:.1f}"


def _gib(found: int | None) -> str:
    return _UNKNOWN if found is None else f"{found / (1 << 30):.2f}"


def _highest(values: Iterable[int | None]) -> int | None:
    return max((value for value in values if value is not None), default=None)
