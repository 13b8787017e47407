"""Gamma-Gamma: the papers' numbers, and what must hold for any shop."""

import numpy as np
import pytest

from orchestration.lifetime_value.likelihood import FitError
from orchestration.lifetime_value.spend import expected_spend, fit_spend, log_likelihood


def test_cdnow_gives_the_parameters_of_the_paper(cdnow_1997):
    """Fader, Hardie (2013): p 6.25, q 3.74, gamma 15.44 on 946 customers."""
    fit = fit_spend(cdnow_1997.x, cdnow_1997.spend, cdnow_1997.people)
    assert fit.estimates == pytest.approx([6.25, 3.74, 15.44], abs=6e-3)
    assert fit.log_likelihood == pytest.approx(-4055.92, abs=0.05)
    assert fit.customers == 946
    assert fit.identified.all()


def test_the_gradient_is_that_of_the_likelihood():
    """A wrong gradient ends the search beside the top."""
    x, total, people = np.array([1.0, 3, 3]), np.array([20.0, 90, 15]), np.array([4.0, 2, 1])
    point = np.array([4.0, 3.0, 12.0])
    _, slope = log_likelihood(point, x, total, people)
    for place in range(3):
        step = np.zeros(3)
        step[place] = 1e-6
        above, below = (
            log_likelihood(point + sign * step, x, total, people)[0] for sign in (1, -1)
        )
        assert slope[place] == pytest.approx((above - below) / 2e-6, rel=1e-6)


def test_another_currency_changes_gamma_alone(cdnow_1997):
    """In cents p and q are the same, gamma a hundredfold: a shop in yen has the same customers."""
    plain = fit_spend(cdnow_1997.x, cdnow_1997.spend, cdnow_1997.people)
    cents = fit_spend(cdnow_1997.x, cdnow_1997.spend * 100, cdnow_1997.people)
    assert cents.estimates == pytest.approx(plain.estimates * [1, 1, 100], rel=1e-6)
    assert cents.log_likelihood == pytest.approx(plain.log_likelihood - 946 * np.log(100))


def test_who_brought_nothing_is_outside_the_support():
    """A logarithm of 0 would make every parameter nan."""
    with pytest.raises(FitError, match="worth more than 0"):
        fit_spend(np.array([1, 2, 0]), np.array([0.0, -5.0, 9.0]), np.array([3, 3, 3]))


def test_few_days_count_less_than_many():
    """Shrinkage: one dear day says less of a person than ten; without any the mean of all."""
    found = expected_spend((6.25, 3.74, 15.44), np.array([0, 1, 10]), np.array([0, 100.0, 100.0]))
    assert found == pytest.approx([35.22, 80.26, 97.28], abs=0.02)
    assert found[0] < found[1] < found[2] < 100
