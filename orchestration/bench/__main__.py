"""`make bench`: a full refresh of generated deliveries, measured by step and model.

For each size: a landing folder (made once), a refresh of it in a fresh warehouse, the floor of the
same marts, and a second refresh of the warehouse. docs/bench.md says how to read the figures.
"""

import argparse
import dataclasses
import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from orchestration.bench.landing import UNTIL, make_landing
from orchestration.bench.report import SizeRuns, as_data, as_markdown
from orchestration.bench.runs import BenchError, RefreshRun, run_floor, run_refresh
from orchestration.memory import memory_limit
from orchestration.quiet import be_quiet
from orchestration.settings import PROJECT, load_settings
from orchestration.workspace import Workspace

_BEGIN, _END = "<!-- figures -->", "<!-- end of figures -->"
_MODELS_ON_THE_PAGE = 25


def main(arguments: list[str] | None = None) -> int:
    """Measure as asked for; print the report, and write it as bench.json and bench.md.

    Args:
        arguments: Command line; None = the process's own.

    Returns:
        0 when everything ran, whatever it took; 1 when something did not.
    """
    be_quiet()
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("sizes", type=int, nargs="+", help="orders")
    parser.add_argument("--runs", type=int, default=1, help="repetitions, for the noise")
    parser.add_argument("--floors", type=int, help="in how many of them the floor runs; all")
    parser.add_argument("--folder", type=Path, required=True, help="landings, scratch and reports")
    parser.add_argument("--page", type=Path, help="page whose figures are to be replaced")
    options = parser.parse_args(arguments)
    floors = options.runs if options.floors is None else options.floors
    if min(options.runs, floors) < 1:
        parser.error("RUNS and FLOORS are at least 1: without a floor there is nothing to compare")
    folder = options.folder.resolve()
    machine = describe_machine()
    try:
        # written as it grows: what was measured in hours is not lost with what comes after it
        for sizes in measure(sorted(options.sizes), options.runs, folder, floors=floors):
            write_report(machine, sizes, folder)
    except BenchError as error:
        print(f"\nThe benchmark ended.\n{error}", file=sys.stderr)
        return 1
    short = as_markdown(machine, sizes, most_models=_MODELS_ON_THE_PAGE)
    print(f"\n{short}\nAll models: {folder / 'bench.md'}; every figure: {folder / 'bench.json'}")
    if options.page:
        write_page(options.page, short)
    return 0


def measure(orders: list[int], runs: int, folder: Path, *, floors: int) -> Iterator[list[SizeRuns]]:
    """Run everything.

    Args:
        orders: Sizes, the smallest first.
        runs: Repetitions.
        folder: Where landings are kept and warehouses stand while they are measured.
        floors: In how many of the repetitions, from the first on, the floor runs too; at least 1.

    Yields:
        The sizes of which something was run so far, each time one has more.

    Raises:
        BenchError: A refresh or a floor did not end well.
    """
    sizes = []
    for count in orders:
        landing = make_landing(count, folder / str(count), _say)
        files = [path for path in landing.rglob("*") if path.is_file()]
        sizes.append(SizeRuns(count, len(files), sum(path.stat().st_size for path in files)))
    # one repetition of all sizes after the other, so that a slow hour of the machine hits all alike
    for number in range(1, runs + 1):
        for size in sizes:
            _say(f"{size.name} orders, run {number} of {runs}")
            for _ in _measure_once(size, folder / str(size.orders), floors=floors):
                yield [one for one in sizes if one.floors]


def _measure_once(size: SizeRuns, folder: Path, *, floors: int) -> Iterator[None]:
    """Refresh a fresh warehouse and run its floor; the first time, refresh it once more."""
    scratch = folder / "scratch"
    shutil.rmtree(scratch, ignore_errors=True)
    workspace = Workspace(PROJECT, folder / "landing", scratch / "warehouse")
    refresh = run_refresh(workspace, folder / "refresh.txt")
    _say_cost("refresh", refresh)
    size.refreshes.append(refresh)
    if len(size.floors) < floors:
        floor = run_floor(workspace, load_settings(), scratch / "floor")
        _say(f"  floor    {floor.total.seconds:.1f} s, {floor.total.cpu_seconds:.1f} CPU s")
        shutil.rmtree(scratch / "floor")
        size.floors.append(floor)
    yield
    if size.second is None:
        # what AS_OF says is the cutoff already, so that the same rows come out; but it is another
        # setting, so that all is built anew
        again = dataclasses.replace(workspace, as_of=UNTIL)
        size.second = run_refresh(again, folder / "second_refresh.txt")
        _say_cost("again", size.second)
        yield
    shutil.rmtree(scratch)


def describe_machine() -> dict[str, str]:
    """Say what was measured on: processor, cores, memory, versions, commit, day."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"],  # noqa: S607 - any git will do
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
    return {
        "processor": names[0] if names else platform.processor() or platform.machine(),
        "cores": str(os.cpu_count()),
        "memory": f"{memory / (1 << 30):.0f} GiB",
        "memory limit of DuckDB": memory_limit(),
        "Python": platform.python_version(),
        "DuckDB": duckdb.__version__,
        "commit": commit or "unknown",
        "on": f"{datetime.now(UTC):%Y-%m-%d}",
    }


def write_report(machine: Mapping[str, str], sizes: Sequence[SizeRuns], folder: Path) -> None:
    """Write bench.md, with every model, and bench.json, with every figure of every run.

    Args:
        machine: What was measured on.
        sizes: What was run.
        folder: Where to.
    """
    report = as_markdown(machine, sizes, most_models=sys.maxsize)
    (folder / "bench.md").write_text(report, encoding="utf-8")
    data = json.dumps(as_data(machine, sizes), indent=1)
    (folder / "bench.json").write_text(f"{data}\n", encoding="utf-8")


def write_page(page: Path, report: str) -> None:
    """Replace the figures of a page.

    Args:
        page: A page with the marks between which the figures stand.
        report: The new figures.

    Raises:
        ValueError: The page has no such marks.
    """
    text = page.read_text(encoding="utf-8")
    before, begin, rest = text.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not begin or not end:
        raise ValueError(f"{page} has no {_BEGIN} … {_END} to put the figures in")
    page.write_text(f"{before}{begin}\n\n{report}\n{end}{after}", encoding="utf-8")


def _say_cost(name: str, run: RefreshRun) -> None:
    peak = run.total.peak_bytes
    memory = f", {peak / (1 << 30):.2f} GiB" if peak else ""
    _say(f"  {name:<8} {run.total.seconds:.1f} s, {run.total.cpu_seconds:.1f} CPU s{memory}")


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
