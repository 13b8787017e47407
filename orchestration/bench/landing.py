"""The landing folders the benchmark refreshes: by the number of orders, the same every time.

They are the sample's files with other parameters: two items per order, a fifth as many customers,
and of the other inputs what every fifth file of people holds, so that ten million orders come with
some five million rows of the rest.
"""

import datetime as dt
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from orchestration.fingerprint import sample_hash
from orchestration.sample_data.generate import generate
from orchestration.sample_data.parameters import Parameters
from orchestration.sample_data.world import BLOCK_SIZE
from orchestration.settings import PROJECT

UNTIL = dt.date(2026, 10, 31)
# what every order has, or is: all files of these are kept
WHOLE = ("customers", "orders", "order_items", "refunds")
_RECIPE = 3
_ORDERS_PER_PERSON = 5.18
_REST_EVERY = 5
_FILES = 10
_LARGEST_FILE = 20_000


def people_for(orders: int) -> int:
    """Return how many people place that many orders that stand, and a few more."""
    return max(1, round(orders / _ORDERS_PER_PERSON))


def make_landing(
    orders: int, folder: Path, progress: Callable[[str], None] = lambda _: None
) -> Path:
    """Make the landing folder of one size, unless it stands, made by the same code.

    Args:
        orders: Orders that are to stand in it; from 100,000 on at least so many do.
        folder: Folder of this size; what the benchmark left there before is replaced.
        progress: Told what is done, line by line.

    Returns:
        The landing folder.
    """
    landing, stamp = folder / "landing", folder / "made_by.txt"
    made_by = f"{sample_hash(PROJECT)} {orders} {_RECIPE}\n"
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == made_by:
        return landing
    people = people_for(orders)
    progress(f"making {orders:,} orders of {people:,} people in {landing} ...")
    shutil.rmtree(folder, ignore_errors=True)
    generate(
        parameters_for(people),
        folder,
        people_per_file=people_per_file(people),
        workers=os.cpu_count() or 1,
    )
    shutil.rmtree(folder / "truth")
    _thin(landing)
    stamp.write_text(made_by, encoding="utf-8")
    return landing


def people_per_file(people: int) -> int:
    """Return how many people share a file: whole blocks, in ten files where there are enough."""
    blocks = -(-people // (_FILES * BLOCK_SIZE))
    return min(_LARGEST_FILE, blocks * BLOCK_SIZE)


def parameters_for(people: int) -> Parameters:
    """Return the process: the sample's, with more orders and less of all else per person."""
    return Parameters(
        customers=people,
        seed=7,
        until=UNTIL,
        years=3,
        alpha=15,
        usage_share=0.01,
        usage_days_per_week=0.2,
        subscriber_share=0.02,
    )


def _thin(landing: Path) -> None:
    """Keep the rest's files of every fifth part of the people."""
    for path in sorted(landing.rglob("*_*_*.*")):
        name, _, part = path.name.partition(".")[0].rpartition("_")
        is_whole = name.rpartition("_")[0] in WHOLE
        if part.isdigit() and not is_whole and int(part) % _REST_EVERY:
            path.unlink()
