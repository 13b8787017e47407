"""`make bench`, lifetime value: fit and score of generated people, without a delivery around them.

Summaries of so many people stand in a scratch work database; dbt builds the models from the cells
to the scores on them, as in a refresh. What dbt takes to start and parse is told apart.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from orchestration.dbt_manifest import dbt_executable
from orchestration.lifetime_value.truth import PURCHASES, SPEND
from orchestration.quiet import telemetry_switches
from orchestration.settings import PROJECT

_MODELS = (
    "int_purchase_cells",
    "int_spend_cells",
    "int_value_parameters",
    "int_value_keys",
    "int_value_expectations",
    "int_customer_predictions",
)
# the last of those that fit; the others score
_FITTED = "int_value_parameters"
_CHUNK = 500_000
_THROUGH = "2026-10-31"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure each size and print one line for it.

    Args:
        arguments: Of the command line; the process's own by default.

    Returns:
        0 when every size was fitted and scored.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("people", type=int, nargs="+", help="how many people, per size")
    for people in parser.parse_args(arguments).people:
        with tempfile.TemporaryDirectory(prefix="holdfast-bench-") as folder:
            sys.stdout.write(f"{measure(people, Path(folder))}\n")
            sys.stdout.flush()
    return 0


def measure(people: int, folder: Path) -> str:
    """Generate, fit and score; return what it took, in words.

    Args:
        people: How many.
        folder: Scratch folder.

    Returns:
        Seconds of fitting and of scoring; seconds, CPU seconds and peak memory of all of dbt.

    Raises:
        RuntimeError: When a model could not be built or somebody has no score.
    """
    work_db = folder / "work.duckdb"
    generate(people, work_db)
    environment = (
        os.environ
        | telemetry_switches()
        | {"HOLDFAST_WORK_DB": str(work_db), "DBT_TARGET_PATH": str(folder / "target")}
    )
    command = [str(dbt_executable()), "--quiet", "run", "--project-dir", str(PROJECT)]
    command += ["--profiles-dir", str(PROJECT), "--log-path", str(folder), "--select", *_MODELS]
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    seconds = time.monotonic() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if ended.returncode:
        raise RuntimeError(ended.stdout + ended.stderr)
    with duckdb.connect(str(work_db), read_only=True) as con:
        scored, cells, keys = con.execute(
            "select (select count(expected_spend) from intermediate.int_customer_predictions), "
            "(select count(*) from intermediate.int_purchase_cells), "
            "(select count(*) from intermediate.int_value_keys)"
        ).fetchall()[0]
    if scored != people:
        raise RuntimeError(f"{scored:,} of {people:,} people have a score.")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    results = json.loads((folder / "target" / "run_results.json").read_bytes())["results"]
    took = {result["unique_id"].split(".")[-1]: result["execution_time"] for result in results}
    fit = sum(took[model] for model in _MODELS[: _MODELS.index(_FITTED) + 1])
    score = sum(took.values()) - fit
    return (
        f"lifetime value of {people:,} people ({cells:,} cells, {keys:,} keys): "
        f"fit {fit:.0f} s, score {score:.0f} s; with dbt's start and parse {seconds:.0f} s, "
        f"{cpu:.0f} CPU s, peak {after.ru_maxrss / 2**20:.1f} GiB"
    )


def generate(people: int, work_db: Path) -> None:
    """Write what the models from int_purchase_summaries on read.

    Args:
        people: How many.
        work_db: A new database.
    """
    with duckdb.connect(str(work_db)) as con:
        con.execute("create schema intermediate")
        con.execute(
            "create table intermediate.int_value_fits as select 'current' as fit, "
            f"date '{_THROUGH}' as fitted_through, 364 as horizon_days, 0.1::double as "
            f"discount_rate, {people} as buyers, null::varchar as reason"
        )
        con.execute(
            "create table intermediate.int_renewal_cells (segment varchar, period integer, "
            "at_risk bigint, lost bigint, people bigint)"
        )
        con.execute(
            "create table intermediate.int_lost_purchases (frequency bigint, age_days bigint)"
        )
        con.execute(
            "create table intermediate.int_purchase_summaries (fit varchar, customer_id varchar, "
            "frequency bigint, recency_days bigint, age_days bigint, repeat_revenue decimal(18, 2))"
        )
        for start in range(0, people, _CHUNK):
            frame = _chunk(np.random.default_rng([1, start]), min(_CHUNK, people - start))
            con.register("chunk", frame)
            con.execute(
                "insert into intermediate.int_purchase_summaries select 'current', 'C' || "
                f"(row_number() over () + {start}), * from chunk"
            )
            con.unregister("chunk")


def _chunk(rng: np.random.Generator, people: int) -> pd.DataFrame:
    """Draw people who came within two years, in whole days."""
    r, alpha, a, b = PURCHASES
    p, q, gamma = SPEND
    age = rng.integers(0, 730, people)
    pace, chance = rng.gamma(r, 1 / alpha, people) / 7, rng.beta(a, b, people)
    x, recency, now = np.zeros(people, dtype=int), np.zeros(people, dtype=int), np.zeros(people)
    going = np.arange(people)
    while len(going):
        now[going] += rng.exponential(1, len(going)) / pace[going]
        going = going[now[going] <= age[going]]
        days = np.floor(now[going]).astype(int)
        # two purchases on one day are one
        x[going] += days > recency[going]
        recency[going] = days
        going = going[rng.random(len(going)) >= chance[going]]
    level = rng.gamma(q, 1 / gamma, people)
    money = rng.gamma(np.maximum(p * x, 1e-9)) / level
    return pd.DataFrame(
        {
            "frequency": x,
            "recency_days": recency,
            "age_days": age,
            "repeat_revenue": np.where(x > 0, np.round(money, 2), 0),
        }
    )


if __name__ == "__main__":
    sys.exit(main())
