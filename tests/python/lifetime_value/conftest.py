"""The papers' CDNOW customers, where the shared data is present; a simulated shop everywhere."""

import csv
import os
from collections import defaultdict
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from orchestration.lifetime_value.truth import simulate_purchases, simulate_spend

SHARED_DATA = Path(
    os.environ.get("HOLDFAST_SHARED_DATA", Path(__file__).resolve().parents[4] / "shared" / "data")
)


def shared(name: str) -> Path:
    """A file of the shared data; the test is skipped, by its name, where it is absent."""
    path = SHARED_DATA / name
    if not path.exists():
        pytest.skip(f"{path} is not here")
    return path


def cdnow(through: date) -> SimpleNamespace:
    """x, t_x, T in weeks and repeat spend of the 2,357 customers, as the papers count them."""
    days = defaultdict(lambda: defaultdict(float))
    later = defaultdict(set)
    with shared("cdnow_sample_orders.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            day = date.fromisoformat(row["ordered_at"][:10])
            if day <= through:
                days[row["customer_id"]][day] += float(row["amount"])
            else:
                later[row["customer_id"]].add(day)
    people = [(sorted(by_day), by_day, later[one]) for one, by_day in days.items()]
    return SimpleNamespace(
        x=np.array([len(bought) - 1 for bought, _, _ in people], dtype=float),
        recency=np.array([(bought[-1] - bought[0]).days / 7 for bought, _, _ in people]),
        age=np.array([(through - bought[0]).days / 7 for bought, _, _ in people]),
        spend=np.array([sum(by_day[day] for day in bought[1:]) for bought, by_day, _ in people]),
        later=np.array([len(after) for _, _, after in people], dtype=float),
        people=np.ones(len(people)),
    )


@pytest.fixture(scope="session")
def cdnow_1997() -> SimpleNamespace:
    """CDNOW as of 1997-09-30, 39 weeks."""
    return cdnow(date(1997, 9, 30))


@pytest.fixture(scope="session")
def shop() -> SimpleNamespace:
    """3,000 simulated people in whole days, with their repeat spend."""
    rng = np.random.default_rng(5)
    x, recency, age = simulate_purchases(rng, 3_000, drops_at_first=False)
    days = np.floor(age * 7)
    return SimpleNamespace(
        frequency=x.astype(np.int64),
        recency_days=np.minimum(np.floor(recency * 7), days).astype(np.int64),
        age_days=days.astype(np.int64),
        repeat_revenue=np.round(simulate_spend(rng, x), 2),
        people=np.ones(3_000, dtype=np.int64),
    )
