"""Simulated shops whose parameters are known: do the fits find them, with honest errors?

`make truth` draws many such shops, fits each, and says how far the mean estimate is from the truth
and how often a 95 % interval holds it. Time runs continuously here: whole days, as delivered, move
r and alpha by some percent, which is of the data and not of the fit.
"""

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from orchestration.lifetime_value.likelihood import Fit, Floats
from orchestration.lifetime_value.purchases import Counts, fit_purchases
from orchestration.lifetime_value.renewals import fit_renewals
from orchestration.lifetime_value.spend import fit_spend

PURCHASES = np.array([0.8, 5.0, 0.8, 2.5])
SPEND = np.array([6.25, 3.74, 15.44])
RENEWALS = np.array([0.7, 3.8])
_MOST_PURCHASES = 400
_RENEWALS_SEEN = 12


@dataclass(frozen=True)
class Verdict:
    """How well one parameter was found over all shops.

    Attributes:
        model: Which model.
        parameter: Which of its parameters.
        truth: What it is.
        shift: Mean of (log estimate - log truth) ÷ standard error of one estimate.
        coverage: Share of 95 % intervals that hold the truth.
        fits: Fits that converged.
    """

    model: str
    parameter: str
    truth: float
    shift: float
    coverage: float
    fits: int


def simulate_purchases(
    rng: np.random.Generator, people: int, *, drops_at_first: bool
) -> tuple[Floats, Floats, Floats]:
    """Draw people as BG/NBD or MBG/NBD has them.

    Args:
        rng: Source of chance.
        people: How many.
        drops_at_first: MBG/NBD.

    Returns:
        x, t_x and T in weeks, each of shape (people,).
    """
    r, alpha, a, b = PURCHASES
    age = rng.uniform(26, 104, people)
    rate = rng.gamma(r, 1 / alpha, people)
    chance = rng.beta(a, b, people)
    x, recency, now = np.zeros(people), np.zeros(people), np.zeros(people)
    alive = rng.random(people) >= chance if drops_at_first else np.ones(people, dtype=bool)
    for _ in range(_MOST_PURCHASES):
        now = now + rng.exponential(1, people) / rate
        bought = alive & (now <= age)
        x += bought
        recency = np.where(bought, now, recency)
        alive = bought & (rng.random(people) >= chance)
        if not alive.any():
            break
    return x, recency, age


def simulate_spend(rng: np.random.Generator, x: Floats) -> Floats:
    """Draw what the repeat days of people brought together.

    Args:
        rng: Source of chance.
        x: Repeat days of each, shape (n,).

    Returns:
        Money, shape (n,), 0 where there is no repeat day.
    """
    p, q, gamma = SPEND
    level = rng.gamma(q, 1 / gamma, len(x))
    return np.where(x > 0, rng.gamma(np.maximum(p * x, 1e-9)) / level, 0)


def simulate_renewals(rng: np.random.Generator, people: int) -> tuple[Floats, Floats, Floats]:
    """Draw subscribers seen for up to 12 renewals.

    Args:
        rng: Source of chance.
        people: How many.

    Returns:
        Renewal, people who came to it, those who left at it; each of shape (12,).
    """
    left_at = rng.geometric(rng.beta(*RENEWALS, people))
    seen = rng.integers(1, _RENEWALS_SEEN + 1, people)
    period = np.arange(1, _RENEWALS_SEEN + 1)
    at_risk = ((seen >= period[:, None]) & (left_at >= period[:, None])).sum(axis=1)
    lost = ((seen >= period[:, None]) & (left_at == period[:, None])).sum(axis=1)
    return period.astype(float), at_risk.astype(float), lost.astype(float)


def _fit_bg(rng: np.random.Generator, people: int) -> Fit:
    return _fit_counts(rng, people, drops_at_first=False)


def _fit_mbg(rng: np.random.Generator, people: int) -> Fit:
    return _fit_counts(rng, people, drops_at_first=True)


def _fit_counts(rng: np.random.Generator, people: int, *, drops_at_first: bool) -> Fit:
    x, recency, age = simulate_purchases(rng, people, drops_at_first=drops_at_first)
    counts = Counts.of(x, recency, age, np.ones(people))
    return fit_purchases(counts, drops_at_first=drops_at_first)


def _fit_gamma_gamma(rng: np.random.Generator, people: int) -> Fit:
    x, _, _ = simulate_purchases(rng, people, drops_at_first=False)
    return fit_spend(x, simulate_spend(rng, x), np.ones(people))


def _fit_sbg(rng: np.random.Generator, people: int) -> Fit:
    return fit_renewals(*simulate_renewals(rng, people), people)


MODELS: dict[str, tuple[Callable[[np.random.Generator, int], Fit], Floats]] = {
    "bg_nbd": (_fit_bg, PURCHASES),
    "mbg_nbd": (_fit_mbg, PURCHASES),
    "gamma_gamma": (_fit_gamma_gamma, SPEND),
    "sbg": (_fit_sbg, RENEWALS),
}


def judge(model: str, shops: int, people: int, seed: int = 1) -> list[Verdict]:
    """Fit a model to many simulated shops and compare with the truth.

    Args:
        model: A name in MODELS.
        shops: How many shops.
        people: People of each.
        seed: Where chance starts.

    Returns:
        One verdict per parameter.
    """
    fit_one, truth = MODELS[model]
    fits = [fit_one(np.random.default_rng([seed, shop]), people) for shop in range(shops)]
    fits = [fit for fit in fits if fit.is_converged and not fit.at_bound.any()]
    misses = np.array([np.log(fit.estimates) - np.log(truth) for fit in fits])
    errors = np.array([fit.log_errors for fit in fits])
    return [
        Verdict(
            model=model,
            parameter=name,
            truth=float(truth[place]),
            shift=float(misses[:, place].mean() / errors[:, place].mean()),
            coverage=float(np.mean(np.abs(misses[:, place]) <= 1.96 * errors[:, place])),
            fits=len(fits),
        )
        for place, name in enumerate(fits[0].names)
    ]


def main(arguments: list[str] | None = None) -> int:
    """Judge every model and print the verdicts.

    Args:
        arguments: Of the command line; the process's own by default.

    Returns:
        0 when every mean is within half an error of the truth and 90 to 99 % of the intervals hold
        it, else 1.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shops", type=int, default=200)
    parser.add_argument("--people", type=int, default=5_000)
    given = parser.parse_args(arguments)
    is_good = True
    for model in MODELS:
        for verdict in judge(model, given.shops, given.people):
            holds = abs(verdict.shift) <= 0.5 and 0.90 <= verdict.coverage <= 0.99
            is_good = is_good and holds and verdict.fits == given.shops
            sys.stdout.write(
                f"{verdict.model:<12}{verdict.parameter:<7}truth {verdict.truth:<8g}"
                f"shift {verdict.shift:+.2f} errors   95 % interval holds "
                f"{verdict.coverage:.1%}   {verdict.fits} fits{'' if holds else '   NOT GOOD'}\n"
            )
            sys.stdout.flush()
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
