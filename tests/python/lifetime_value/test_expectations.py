"""The table to look up: what is expected of people alive, and between which ends."""

import numpy as np
import pytest

from orchestration.lifetime_value.expectations import expectation_table, spend_quantiles
from orchestration.lifetime_value.purchases import expected_if_alive

PURCHASE = np.array([0.8, 5.0, 0.8, 2.5])
SPEND = np.array([6.25, 3.74, 15.44])


def texts(*values):
    """A column of text as dbt's relations give it."""
    return np.array(values, dtype=object)


def parameters(q=3.74, *, is_converged=True):
    """The table of parameters of one fit."""
    values = {
        "bg_nbd": dict(zip(["r", "alpha", "a", "b"], PURCHASE, strict=True)),
        "gamma_gamma": {"p": 6.25, "q": q, "gamma": 15.44},
    }
    rows = [(model, name, one) for model, by in values.items() for name, one in by.items()]
    return {
        "fit": texts(*["current"] * 7),
        "model": texts(*(model for model, _, _ in rows)),
        "parameter": texts(*(name for _, name, _ in rows)),
        "estimate": np.array([one for _, _, one in rows]),
        "is_converged": np.full(7, is_converged),
    }


FITS = {
    "fit": texts("current"),
    "horizon_days": np.array([273]),
    "discount_rate": np.array([0.1]),
}
KEYS = {
    "fit": texts("current", "backtest", "current"),
    "frequency": np.array([3, 1, 0]),
    "age_days": np.array([200, 7, 30]),
}


def test_expectations_are_those_of_the_model_discounted_by_the_week():
    """A slip by a week, or a rate by the day, would move every value."""
    found = expectation_table(FITS, parameters(), KEYS)
    assert found[["frequency", "age_days"]].to_numpy().tolist() == [[0, 30], [3, 200]]
    path = [
        float(expected_if_alive(PURCHASE, 3.0, 200 / 7, week, drops_at_first=False))
        for week in range(53)
    ]
    row = found.iloc[1]
    assert row["expected_13w"] == pytest.approx(path[13])
    assert row["expected_26w"] == pytest.approx(path[26])
    assert row["expected_52w"] == pytest.approx(path[52])
    assert row["expected_horizon"] == pytest.approx(path[39])
    assert row["discounted_52w"] == pytest.approx(
        sum((path[k] - path[k - 1]) * 1.1 ** (-k / 52) for k in range(1, 53))
    )


def test_a_spend_model_without_a_mean_leaves_the_counts():
    """q up to 1: no expected spend, so no interval of money; purchase days stand."""
    found = expectation_table(FITS, parameters(q=0.9), KEYS)
    assert found["expected_52w"].notna().all()
    assert found["upper_10"].isna().all()


def test_a_fit_that_did_not_converge_expects_nothing():
    """Typed and empty, as on an empty warehouse."""
    found = expectation_table(FITS, parameters(is_converged=False), KEYS)
    assert len(found) == 0
    assert found.dtypes.astype(str)["frequency"] == "int64"
    assert set(found.dtypes.astype(str).iloc[3:]) == {"float64"}


def test_the_ends_are_the_quantiles_of_what_simulated_people_spend():
    """The formula against chance itself: 10 % beyond each end, for the alive and for the rest."""
    rng = np.random.default_rng(3)
    people, x, age, horizon = 200_000, 4.0, 30.5, 52.0
    r, alpha, a, b = PURCHASE
    p, q, gamma = SPEND
    pace = rng.gamma(r + x, 1 / (alpha + age), people)
    chance = rng.beta(a, b + x, people)
    days, now, alive = np.zeros(people), np.zeros(people), np.ones(people, dtype=bool)
    while alive.any():
        now = now + rng.exponential(1, people) / pace
        alive &= now <= horizon
        days += alive
        alive &= rng.random(people) >= chance
    # somebody whose 4 days were worth 20 each
    level = rng.gamma(p * x + q, 1 / (gamma + 80), people)
    spent = np.where(days > 0, rng.gamma(np.maximum(p * days, 1e-9)) / level, 0)
    expected = p * (gamma + 80) / (p * x + q - 1)
    ends = spend_quantiles(PURCHASE, SPEND, np.array([x]), np.array([age]), horizon)[0]
    for place, p_alive in ((8, 1.0), (3, 0.5), (0, 0.2)):
        above = p_alive * np.mean(spent > ends[place] * expected)
        assert above == pytest.approx(0.1, abs=0.004)
    for place, p_alive in ((18, 1.0), (13, 0.95)):
        below = (1 - p_alive) + p_alive * np.mean(spent < ends[place] * expected)
        assert below <= 0.105
