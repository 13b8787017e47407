"""`make soak`: real refreshes of about 200 customers, killed at random, read all along.

    python -m tests.python.faults.soak [--kills 60] [--refreshes 40] [--shops 3] [--folder DIR]

The kills and refreshes are shared out among shops that run at the same time, each a warehouse of
its own, as a refresh of so few customers leaves one of two cores idle. Each refresh brings a new
day of orders. Before it, its share of the kills: the very same refresh, started and killed with all
that it started not knowing of it, at a moment drawn at random between its start and the time the
last whole one took. Then it is left alone, and has to publish what a second warehouse publishes
that got the same deliveries and was never disturbed (its models run by DuckDB without dbt, at a
fifth of the cost). Four readers look at each shop all the time. Ends with a table of figures, and
with exit code 1, its folder kept, where anything was breached.
"""

import argparse
import contextlib
import io
import multiprocessing
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import duckdb

from orchestration.publishing.publish import is_whole, read_manifest
from orchestration.settings import PROJECT
from orchestration.steps import read_steps
from orchestration.workspace import Workspace

# a shop's process finds here what the first has parsed
if "HOLDFAST_TESTS_SHARED" not in os.environ:
    os.environ["HOLDFAST_TESTS_SHARED"] = tempfile.mkdtemp(prefix="holdfast-soak-shared-")
# a warehouse and its undisturbed twin hash alike
os.environ["HOLDFAST_HASH_KEY"] = "soak"

from tests.python.faults import shop
from tests.python.faults.readers import Seen, readers
from tests.python.shared import copy_parsed, refreshed_straight

CUSTOMERS, UNTIL, YEARS, SEED = 200, date(2026, 10, 31), 2, 1
# Two hundred people spread over weekly cohorts of two years are a million cells that nobody reads.
SETTINGS = "max_age_weeks: 13\nmax_age_months: 12\nmax_age_quarters: 4\nmax_age_years: 2\n"
# Tables that tell of refreshes themselves, and columns that do in others.
_OF_REFRESHES = {"refreshes", "input_checks", "model_timings"}
_INSTANTS = {"refresh_id", "loaded_at", "refused_at", "healed_at", "restated_at"}
# Beside the marts: what a refresh may leave in the warehouse.
_EXPECTED = {
    ".dagster", ".dbt", ".hash_key", ".parquet", ".steps.jsonl", ".writer.lock", "checks.html",
    "manifest.json", "marts.duckdb", "parquet", "report", "work.duckdb", ".tmp", ".outcomes.json",
    "notices.jsonl",
}  # fmt: skip


@dataclass
class Figures:
    """What is counted."""

    refreshes: int = 0
    seconds: list[float] = field(default_factory=list)
    kills: Counter[str] = field(default_factory=Counter)
    healed: int = 0
    compared: int = 0
    peak_bytes: int = 0
    reads: int = 0
    versions: int = 0
    problems: int = 0
    breaches: list[str] = field(default_factory=list)

    def add(self, other: "Figures") -> None:
        """Count what another shop counted as well."""
        self.refreshes += other.refreshes
        self.seconds += other.seconds
        self.kills += other.kills
        self.healed += other.healed
        self.compared += other.compared
        self.peak_bytes = max(self.peak_bytes, other.peak_bytes)
        self.reads += other.reads
        self.versions += other.versions
        self.problems += other.problems
        self.breaches += other.breaches


class Soak:
    """One shop and its undisturbed twin."""

    def __init__(self, folder: Path, kills: int, refreshes: int, seed: int) -> None:
        self.workspace = Workspace(
            PROJECT, folder / "landing", folder / "warehouse", settings_file=folder / "settings.yml"
        )
        self.twin = folder / "twin"
        self.kills, self.refreshes = kills, refreshes
        self.chance = random.Random(seed)  # noqa: S311 - nothing secret
        self.figures = Figures()
        self.folder = folder

    def run(self) -> Figures:
        """Go through all of it; returns what was counted."""
        self._first_delivery()
        copy_parsed(self.workspace.read_settings(), self.workspace)
        if not self._refresh():
            return self._counted(Seen())
        self._compare()
        with readers(self.workspace.warehouse, self.folder / "stop", pause=3.0) as seen:
            for number in range(1, self.refreshes + 1):
                self._deliver(number)
                before = self._published()
                kills = share(self.kills, self.refreshes, number - 1)
                for _ in range(kills):
                    self._kill(before)
                if self._refresh():
                    self.figures.healed += kills
                    self._compare()
                print(
                    f"{self.folder.name}: refresh {number} of {self.refreshes}, "
                    f"{kills} kills before it, "
                    f"{self.figures.seconds[-1]:.0f} s, {len(self.figures.breaches)} breaches",
                    flush=True,
                )
        return self._counted(seen)

    def _first_delivery(self) -> None:
        (self.folder / "settings.yml").write_text(SETTINGS, encoding="utf-8")
        subprocess.run(
            [
                sys.executable, "-m", "orchestration.sample_data", "--customers", str(CUSTOMERS),
                "--seed", str(SEED), "--until", UNTIL.isoformat(), "--years", str(YEARS),
                "--out", str(self.folder),
            ],
            cwd=PROJECT, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def _deliver(self, number: int) -> None:
        """A day's orders of some customers with a line each, and one order corrected."""
        day = UNTIL - timedelta(days=number % 60)
        amounts = {f"soak-{number}-{line}": 10 + self.chance.randrange(90) for line in range(8)}
        orders = [
            [order, f"soak-{line}", day, "paid", f"{amount}.00", "EUR"]
            for line, (order, amount) in enumerate(amounts.items())
        ]
        if number > 1:
            orders.append([f"soak-{number - 1}-0", "soak-0", day, "paid", "99.00", "EUR"])
        items = [[f"{order}-1", order, "1", f"{amount}.00"] for order, amount in amounts.items()]
        landing = self.workspace.landing
        # the lines first: an order without one would be held back
        shop.write(
            landing / "order_items" / f"day_{number:03}.csv",
            [["order_item_id", "order_id", "quantity", "unit_price"], *items],
        )
        shop.write(landing / "orders" / f"day_{number:03}.csv", [shop.ORDER_HEADER, *orders])

    def _start(self) -> subprocess.Popen:
        with (self.folder / "refresh.log").open("w", encoding="utf-8") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "orchestration.refresh"],
                cwd=PROJECT,
                env=os.environ | self.workspace.environment(),
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def _refresh(self) -> bool:
        """Refresh and let it end; it has to publish, and leave nothing lying about."""
        began = time.monotonic()
        ended = self._start().wait()
        self.figures.refreshes += 1
        if ended != 0:
            log = (self.folder / "refresh.log").read_text(encoding="utf-8")
            return self._breach(f"a refresh ended with {ended}: {log[-1500:]}")
        self.figures.seconds.append(time.monotonic() - began)
        left = {path.name for path in self.workspace.warehouse.iterdir()} - _EXPECTED
        left |= {path.name for path in self.workspace.parquet_versions.glob("*building*")}
        left |= {path.name for path in self.workspace.warehouse.glob("*.wal")}
        if left:
            self._breach(f"left lying: {sorted(left)}")
        self._check_parquet()
        return True

    def _kill(self, before: dict[str, tuple]) -> None:
        """Kill a refresh at random; the marts are those of before, or wholly new ones."""
        process = self._start()
        # those that found their marts published already took no time
        typical = sorted(self.figures.seconds)[len(self.figures.seconds) // 2]
        time.sleep(self.chance.uniform(0.5, typical))
        if process.poll() is not None:
            self.figures.kills["(had ended)"] += 1
            return
        process.send_signal(signal.SIGKILL)
        process.wait()
        self.figures.kills[self._step_killed()] += 1
        named = read_manifest(self.workspace)
        found = self._published()
        if found != before and _instant(found) <= _instant(before):
            self._breach(f"after a kill the marts are neither those before nor new: {named}")
        self._check_parquet()

    def _step_killed(self) -> str:
        """The step that a killed refresh was at, by what it said last."""
        lines = (self.folder / "refresh.log").read_text(encoding="utf-8").splitlines()
        said = [line.split(maxsplit=1)[0] for line in lines if line and not line.startswith(" ")]
        steps = {"parse", "load", "guard", "accept", "models", "publish", "report", "lock", "work"}
        return next((word for word in reversed(said) if word in steps), "start")

    def _check_parquet(self) -> None:
        manifest = read_manifest(self.workspace) or {"tables": []}
        for table in manifest["tables"]:
            if not is_whole(self.workspace.warehouse / table["parquet"], table):
                self._breach(f"{table['parquet']} is not whole")
        if not manifest["tables"]:
            self._breach("manifest.json cannot be read")

    def _published(self) -> dict[str, tuple]:
        """What a reader sees now, by table."""
        return content(self.workspace.marts_db)

    def _compare(self) -> None:
        """Compare with a warehouse that got the same and was never disturbed."""
        with contextlib.redirect_stdout(io.StringIO()):
            undisturbed = refreshed_straight(
                self.workspace.landing, self.twin, self.workspace.settings_file, with_tests=False
            )
        found, expected = self._published(), content(undisturbed.marts_db)
        different = sorted(
            name
            for name in expected.keys() | found.keys()
            if name != "refreshes" and found.get(name) != expected.get(name)
        )
        self.figures.compared += 1
        if different:
            self._breach(f"other than undisturbed: {different}")

    def _breach(self, what: str) -> bool:
        self.figures.breaches.append(what)
        print(f"{self.folder.name}: BREACH {what}", flush=True)
        return False

    def _counted(self, seen: Seen) -> Figures:
        figures = self.figures
        figures.breaches += [f"reader: {problem}" for problem in seen.problems]
        figures.problems = len(seen.problems)
        figures.reads = seen.reads
        figures.versions = max(map(len, seen.versions.values()), default=0)
        figures.peak_bytes = max(
            (c.peak_bytes or 0 for c in read_steps(self.workspace.step_log)), default=0
        )
        return figures


def soak(folder: Path, kills: int, refreshes: int, seed: int) -> Figures:
    """Run one shop: what a process of its own is started for."""
    folder.mkdir(parents=True, exist_ok=True)
    return Soak(folder, kills, refreshes, seed).run()


def share(total: int, parts: int, part: int) -> int:
    """Return one of the equal parts, counted from 0, whose sum is the total."""
    return total * (part + 1) // parts - total * part // parts


def _print(figures: Figures, shops: int) -> None:
    steps = ", ".join(f"{step} {count}" for step, count in sorted(figures.kills.items()))
    took = sorted(figures.seconds) or [0.0]
    rows = [
        ("shops at the same time", f"{shops}"),
        ("refreshes that published", f"{len(figures.seconds)} of {figures.refreshes}"),
        ("seconds each", f"{took[0]:.0f} to {took[-1]:.0f}, median {took[len(took) // 2]:.0f}"),
        ("most memory of a step", f"{figures.peak_bytes / 1e6:,.0f} MB"),
        ("kills", f"{sum(figures.kills.values())} ({steps or 'none'})"),
        ("kills healed", f"{figures.healed}"),
        ("compared with undisturbed", f"{figures.compared}"),
        ("looks, four readers a shop", f"{figures.reads:,}"),
        ("versions they saw", f"{figures.versions}"),
        ("errors and mixed versions", f"{figures.problems}"),
        ("breaches", f"{len(figures.breaches)}"),
    ]
    for name, value in rows:
        print(f"{name:<28}{value}")
    for breach in figures.breaches[:10]:
        print(f"  {breach}")


def content(marts: Path) -> dict[str, tuple]:
    """Hash every table of published marts, without ids and instants of refreshes."""
    found: dict[str, tuple] = {}
    with duckdb.connect(str(marts), read_only=True) as con:
        for schema, name in con.execute(
            "select schema_name, table_name from duckdb_tables() order by 1, 2"
        ).fetchall():
            if schema == "quality" and name in _OF_REFRESHES:
                continue
            columns = [
                column
                for (column,) in con.execute(
                    "select column_name from duckdb_columns() where schema_name = ? "
                    "and table_name = ? order by column_index",
                    [schema, name],
                ).fetchall()
                if not (schema == "quality" and column in _INSTANTS)
            ]
            listed = ", ".join(f'"{column}"' for column in columns)
            found[f"{schema}.{name}"] = con.execute(
                f"select count(*), coalesce(sum(hash({listed})::hugeint), 0) "
                f'from "{schema}"."{name}"'
            ).fetchall()[0]
        found["refreshes"] = con.execute(
            "select max(refresh_id) from quality.refreshes where result = 'published'"
        ).fetchall()[0]
    return found


def _instant(found: dict[str, tuple]) -> str:
    return found["refreshes"][0]


def main() -> int:
    """Run it as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=60)
    parser.add_argument("--refreshes", type=int, default=40)
    parser.add_argument("--shops", type=int, default=3)
    parser.add_argument("--seed", type=int, default=9)
    parser.add_argument(
        "--folder", type=Path, help="kept; else a scratch folder, kept after a breach"
    )
    options = parser.parse_args()
    began = time.monotonic()
    folder = (options.folder or Path(tempfile.mkdtemp(prefix="holdfast-soak-"))).resolve()
    figures = Figures()
    shops = max(1, min(options.shops, options.refreshes))
    print(f"in {folder}", flush=True)
    # spawned, not forked: each shop forks processes and takes signals, as a process of its own does
    spawning = multiprocessing.get_context("spawn")
    try:
        with ProcessPoolExecutor(shops, mp_context=spawning) as pool:
            running = [
                pool.submit(
                    soak,
                    folder / f"shop_{number + 1}",
                    share(options.kills, shops, number),
                    share(options.refreshes, shops, number),
                    options.seed + number,
                )
                for number in range(shops)
            ]
            for shop_run in running:
                figures.add(shop_run.result())
    finally:
        shutil.rmtree(os.environ["HOLDFAST_TESTS_SHARED"], ignore_errors=True)
    _print(figures, shops)
    if figures.breaches:
        print(f"what it left is kept in {folder}")
    elif options.folder is None:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{'minutes':<28}{(time.monotonic() - began) / 60:.0f}")
    return 1 if figures.breaches else 0


if __name__ == "__main__":
    sys.exit(main())
