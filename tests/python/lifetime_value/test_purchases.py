"""BG/NBD and MBG/NBD: the papers' numbers, and what must hold for any shop."""

import csv
from datetime import date

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import beta

from orchestration.lifetime_value import purchases
from orchestration.lifetime_value.likelihood import FitError
from orchestration.lifetime_value.purchases import (
    Counts,
    alive_probability,
    count_distribution,
    expected_if_alive,
    fit_purchases,
    has_dropout,
    log_likelihood,
)
from tests.python.lifetime_value.conftest import cdnow, shared

PAPER = np.array([0.243, 4.414, 0.793, 2.426])


def counts_of(data) -> Counts:
    """The people of the CDNOW fixtures."""
    return Counts.of(data.x, data.recency, data.age, data.people)


def test_cdnow_gives_the_bg_nbd_parameters_of_the_paper(cdnow_1997):
    """Fader, Hardie, Lee (2005), table 2: another likelihood or clock would give other numbers."""
    fit = fit_purchases(counts_of(cdnow_1997), drops_at_first=False)
    assert fit.estimates == pytest.approx([0.243, 4.414, 0.793, 2.426], abs=6e-4)
    assert fit.log_likelihood == pytest.approx(-9582.4, abs=0.05)
    assert fit.standard_errors == pytest.approx([0.0126, 0.378, 0.186, 0.705], rel=0.01)
    assert fit.customers == 2357
    assert fit.is_converged
    assert fit.identified.all()
    assert has_dropout(fit, counts_of(cdnow_1997), drops_at_first=False)


def test_the_papers_own_statistics_give_the_same(cdnow_1997):
    """Their file is rounded to 2 decimals of a week; counted from days, ours must be the same."""
    with shared("cdnow_sample_cbs_published.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    x, recency, age = (
        np.array([float(row[name]) for row in rows]) for name in published_names(rows[0])
    )
    fit = fit_purchases(Counts.of(x, recency, age, np.ones(len(x))), drops_at_first=False)
    assert fit.estimates == pytest.approx([0.24259, 4.41353, 0.79289, 2.42575], abs=2e-4)
    assert np.sort(x).tolist() == np.sort(cdnow_1997.x).tolist()


def published_names(row: dict) -> list[str]:
    """The file's names for x, t_x and T."""
    return [next(name for name in row if name.lower() == one) for one in ("x", "t_x", "t")]


def test_cdnow_gives_the_mbg_nbd_parameters(cdnow_1997):
    """Batislam and others: dropout after the first purchase too."""
    fit = fit_purchases(counts_of(cdnow_1997), drops_at_first=True)
    assert fit.estimates == pytest.approx([0.525, 6.183, 0.891, 1.614], abs=6e-4)
    assert fit.log_likelihood == pytest.approx(-9582.14, abs=0.01)


def test_the_papers_customer_expects_what_the_paper_says():
    """Fader, Hardie, Lee (2005), section 5 and the spreadsheet: E[Y(39)] = 1.226, E[X(t)]."""
    x, recency, age = np.array([2.0]), np.array([30.43]), np.array([38.86])
    alive = alive_probability(PAPER, x, recency, age, drops_at_first=False)
    assert alive == pytest.approx(0.72658, abs=1e-5)
    expected = alive * expected_if_alive(PAPER, x, age, 39.0, drops_at_first=False)
    assert expected == pytest.approx(1.226, abs=5e-4)
    weeks = np.array([0.1429, 1, 3, 31.8571, 32, 78])
    fitted = np.array([0.24259, 4.41360, 0.79292, 2.42591])
    assert expected_if_alive(fitted, 0, 0, weeks, drops_at_first=False) == pytest.approx(
        [0.0078, 0.0532, 0.1506, 1.0405, 1.0437, 1.8576], abs=5e-4
    )


def test_cdnow_is_predicted_as_well_as_in_the_paper(cdnow_1997):
    """39 weeks ahead: the errors of lifetime_value.md, section 5, beside the guesses."""
    held_out = cdnow(date(1997, 9, 30))
    fit = fit_purchases(counts_of(cdnow_1997), drops_at_first=False)
    predicted = alive_probability(
        fit.estimates, held_out.x, held_out.recency, held_out.age, drops_at_first=False
    ) * expected_if_alive(fit.estimates, held_out.x, held_out.age, 39.0, drops_at_first=False)

    def rmse(guess) -> float:
        return float(np.sqrt(np.mean((guess - held_out.later) ** 2)))

    assert held_out.later.sum() == 1882
    assert rmse(predicted) <= 1.62
    assert rmse(predicted) <= 0.75 * rmse(held_out.x / held_out.age * 39)
    assert rmse(predicted) <= 0.73 * rmse(0)
    assert np.corrcoef(predicted, held_out.later)[0, 1] >= 0.62
    assert abs(predicted.sum() / 1882 - 1) <= 0.13


@pytest.mark.parametrize("drops_at_first", [False, True])
def test_the_gradient_is_that_of_the_likelihood(drops_at_first):
    """A wrong gradient ends the search beside the top, with errors that look fine."""
    counts = Counts.of([0, 0, 1, 4], [0, 0, 3, 20], [2, 9, 9, 21], [5, 3, 2, 1])
    point = np.array([0.6, 5.0, 0.7, 2.0])
    _, slope = log_likelihood(point, counts, drops_at_first=drops_at_first)
    for place in range(4):
        step = np.zeros(4)
        step[place] = 1e-6
        above, below = (
            log_likelihood(point + sign * step, counts, drops_at_first=drops_at_first)[0]
            for sign in (1, -1)
        )
        assert slope[place] == pytest.approx((above - below) / 2e-6, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("drops_at_first", [False, True])
@pytest.mark.parametrize("a", [0.4, 1.0, 2.2])
def test_expectation_is_that_of_the_definition(drops_at_first, a):
    """The series is the integral it stands for, also at a = 1 where the paper's form breaks."""
    r, alpha, b, x, age, weeks = 0.7, 6.0, 2.5, 3.0, 20.0, 40.0
    chance = beta(a, b + x + drops_at_first)

    # the rate is integrated out by hand: E[exp(-rate p weeks)] is a ratio of powers
    def bought(p: float) -> float:
        return -np.expm1((r + x) * -np.log1p(p * weeks / (alpha + age))) / p * chance.pdf(p)

    integral = quad(bought, 0, 0.01)[0] + quad(bought, 0.01, 1)[0]
    found = expected_if_alive(
        np.array([r, alpha, a, b]), x, age, weeks, drops_at_first=drops_at_first
    )
    assert found == pytest.approx(integral, rel=1e-6)


@pytest.mark.parametrize("drops_at_first", [False, True])
def test_counts_have_the_expectation_as_their_mean(drops_at_first):
    """Two formulas of one model: they agree, or one of them is wrong."""
    x, age = np.array([0.0, 2, 9]), np.array([5.0, 38, 40])
    chances = count_distribution(PAPER, x, age, 52.0, 120, drops_at_first=drops_at_first)
    assert chances.sum(axis=1) == pytest.approx(1)
    assert (chances >= 0).all()
    assert chances @ np.arange(121) == pytest.approx(
        expected_if_alive(PAPER, x, age, np.full(3, 52.0), drops_at_first=drops_at_first), rel=1e-6
    )


@pytest.mark.parametrize("drops_at_first", [False, True])
@pytest.mark.parametrize(
    ("point", "x", "days"),
    [
        ((10_000, 10_240, 0.448, 1.984), 0, 4),
        ((10_000, 10_240, 0.448, 1.984), 1, 3),
        ((10_000, 10_240, 0.448, 1.984), 40, 285),
        ((10_000, 1_429, 0.505, 2.204), 0, 0),
        ((10_000, 1_429, 1.0, 2.204), 250, 260),
        ((45, 45, 0.45, 2.0), 5, 167),
        ((16, 0.5, 0.9, 3.0), 0, 0),
    ],
)
def test_people_who_buy_often_and_alike_are_expected_to_go_on(point, x, days, drops_at_first):
    """The series alternates there: it gave -24.9 and 1e124 for 17.85 and 49, and no refresh ran."""
    r, alpha, a, b = point
    chance = beta(a, b + x + drops_at_first)

    # as in the test above, by the logarithm of p
    def bought(log_p: float, weeks: float) -> float:
        p = np.exp(log_p)
        return -np.expm1((r + x) * -np.log1p(p * weeks / (alpha + days / 7))) * chance.pdf(p)

    found = expected_if_alive(
        np.array(point), x, days / 7, np.array([13.0, 26, 52]), drops_at_first=drops_at_first
    )
    for weeks, value in zip((13.0, 26.0, 52.0), found, strict=True):
        parts = [
            quad(bought, low, high, args=(weeks,), epsabs=0, epsrel=1e-10, limit=200)[0]
            for low, high in ((-60, -12), (-12, -5), (-5, -1), (-1, -0.1), (-0.1, 0))
        ]
        assert value == pytest.approx(sum(parts), rel=1e-7)
    assert (np.diff(found) > 0).all()


def test_both_sums_are_one_expectation():
    """People of one shop are on both sides of the line between them; CDNOW's must not notice it."""
    x, age, weeks = np.array([0.0, 2, 9]), np.array([5.0, 38.86, 40]), 39.0
    r, alpha, a, b = PAPER
    counted = purchases._by_counts(r, a, b, x, weeks / (alpha + age + weeks))
    series = expected_if_alive(PAPER, x, age, weeks, drops_at_first=False)
    assert counted == pytest.approx(series, rel=1e-12)
    assert counted[1] == pytest.approx(1.68740, abs=1e-5)


def test_many_purchases_and_young_people_stay_finite():
    """The textbook form is no number at x 2,000; z near 1 needs a long series."""
    found = expected_if_alive(
        np.array([0.243, 1.0, 0.793, 2.426]),
        np.array([2000.0, 0.0]),
        np.array([100.0, 0.0]),
        np.array([260.0, 260.0]),
        drops_at_first=False,
    )
    assert np.isfinite(found).all()
    assert (found > 0).all()


def test_one_time_buyers_alone_identify_nothing():
    """A fit that returns numbers for them with no warning is believed."""
    age = np.arange(1, 400) / 7
    fit = fit_purchases(
        Counts.of(np.zeros(399), np.zeros(399), age, np.full(399, 3)), drops_at_first=False
    )
    assert not fit.identified.all()
    assert fit.at_bound.any() or not fit.is_converged or np.isnan(fit.log_errors).any()


def test_a_shop_nobody_leaves_has_no_dropout():
    """There both models are one NBD, and P(alive) says nothing."""
    rng = np.random.default_rng(2)
    age = rng.uniform(20, 60, 800)
    pace = rng.gamma(1.5, 0.2, 800)
    x = rng.poisson(pace * age)
    recency = np.where(x > 0, age * rng.random(800) ** (1 / np.maximum(x, 1)), 0)
    counts = Counts.of(x, recency, age, np.ones(800))
    fit = fit_purchases(counts, drops_at_first=False)
    assert not has_dropout(fit, counts, drops_at_first=False)


@pytest.mark.parametrize(
    "cell",
    [([-1], [0], [5], [1]), ([1], [6], [5], [1]), ([1], [np.nan], [5], [1]), ([1], [1], [5], [0])],
)
def test_a_cell_that_contradicts_itself_is_refused(cell):
    """It would be fitted in silence and move everybody's numbers."""
    with pytest.raises(FitError):
        Counts.of(*(np.array(one, dtype=float) for one in cell))
