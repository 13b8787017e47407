"""Shifted beta-geometric: the paper's two segments, and what must hold for any."""

import csv

import numpy as np
import pytest

from orchestration.lifetime_value.likelihood import FitError
from orchestration.lifetime_value.renewals import fit_renewals, log_likelihood, survival
from tests.python.lifetime_value.conftest import shared


def active(segment: str) -> np.ndarray:
    """Share still active in years 0 to 12."""
    with shared("sbg_fader_hardie_2007.csv").open(encoding="utf-8", newline="") as file:
        return np.array([float(row[f"{segment}_pct_active"]) for row in csv.DictReader(file)])


@pytest.mark.parametrize(
    ("segment", "published", "log_likelihood_of", "error"),
    [("high_end", [0.668, 3.806], -1611.2, 0.030), ("regular", [0.704, 1.182], -1680.27, 0.017)],
)
def test_both_segments_give_the_numbers_of_the_paper(segment, published, log_likelihood_of, error):
    """Fader, Hardie (2007): fitted on years 1 to 7 of 1,000 customers, years 8 to 12 foretold."""
    left = active(segment) * 10
    fit = fit_renewals(np.arange(1, 8), left[:7], left[:7] - left[1:8], 1000)
    assert fit.estimates == pytest.approx(published, abs=6e-4)
    assert fit.log_likelihood == pytest.approx(log_likelihood_of, abs=0.05)
    foretold = survival(fit.estimates, 12)[8:] * 1000
    assert np.mean(np.abs(foretold / left[8:13] - 1)) <= error


def test_the_gradient_is_that_of_the_likelihood():
    """A wrong gradient ends the search beside the top."""
    columns = np.arange(1.0, 4), np.array([100.0, 60, 40]), np.array([40.0, 10, 3])
    point = np.array([0.8, 1.5])
    _, slope = log_likelihood(point, *columns)
    for place in range(2):
        step = np.zeros(2)
        step[place] = 1e-6
        above, below = (log_likelihood(point + sign * step, *columns)[0] for sign in (1, -1))
        assert slope[place] == pytest.approx((above - below) / 2e-6, rel=1e-6)


def test_churn_that_rises_with_tenure_runs_to_the_bound():
    """There is no such beta distribution; the caller must see it and take a constant rate."""
    fit = fit_renewals(
        np.arange(1, 5), np.array([1000, 950, 850, 700]), np.array([50, 100, 150, 200]), 1000
    )
    assert fit.at_bound.any()


def test_nobody_lost_cannot_be_fitted():
    """alpha would run to 0 and everybody would stay for ever."""
    with pytest.raises(FitError):
        fit_renewals(np.arange(1, 4), np.array([9, 9, 9]), np.zeros(3), 9)
