"""What a purchase day is worth: Gamma-Gamma.

Fader, Hardie (2013), The Gamma-Gamma Model of Monetary Value, brucehardie.com/notes/025. A
person's days are worth Gamma(p, rate v), v Gamma(q, rate gamma) over people, whatever the number
of days. Only people with repeat days worth more than 0 are fitted.
"""

import numpy as np
from scipy.special import digamma, gammaln

from orchestration.lifetime_value.likelihood import Fit, FitError, Floats, maximise

NAMES = ("p", "q", "gamma")
_BOUNDS = [(1e-3, 1e4), (1e-3, 1e4), (1e-6, 1e6)]


def log_likelihood(
    parameters: Floats, x: Floats, total: Floats, people: Floats
) -> tuple[float, Floats]:
    """Log-likelihood of the mean values and its gradient.

    Args:
        parameters: p, q, gamma, shape (3,), all above 0.
        x: Repeat purchase days, shape (n,), at least 1.
        total: What these days brought together, shape (n,), above 0, in money.
        people: People of each cell, shape (n,).

    Returns:
        The sum over people, and its derivatives by p, q, gamma, shape (3,).
    """
    p, q, gamma = parameters
    shapes, at = np.unique(x, return_inverse=True)
    days = p * shapes
    logs = np.log(gamma + total)
    shares = np.log(total) - logs
    value = float(
        people
        @ (
            (gammaln(days + q) - gammaln(days) - gammaln(q) + q * np.log(gamma))[at]
            + days[at] * shares
            - q * logs
            - np.log(total / x)
        )
    )
    more = digamma(days + q)
    slope = np.array(
        [
            (people * x) @ ((more - digamma(days))[at] + shares),
            people @ (more[at] - digamma(q) + np.log(gamma) - logs),
            people @ (q / gamma - (days[at] + q) / (gamma + total)),
        ]
    )
    return value, slope


def fit_spend(x: np.ndarray, total: np.ndarray, people: np.ndarray) -> Fit:
    """Fit Gamma-Gamma by maximum likelihood.

    Args:
        x: Repeat purchase days, shape (n,).
        total: What these days brought together, shape (n,), in money; at 0 or below a cell is
            outside the model's support and left out.
        people: People of each cell, shape (n,).

    Returns:
        The fit of p, q and gamma, gamma in money.

    Raises:
        FitError: When nobody is within the support.
    """
    columns = [np.asarray(one, dtype=float) for one in (x, total, people)]
    order = np.lexsort(columns[::-1])
    x, total, people = (one[order] for one in columns)
    usable = (x > 0) & (total > 0)
    x, total, people = x[usable], total[usable], people[usable]
    customers = float(people.sum())
    if not customers:
        raise FitError("Nobody has repeat purchases worth more than 0.")
    # in units of the mean day, so that cents or thousands make no difference to the search
    unit = float(people @ total) / float(people @ x)
    fit = maximise(
        lambda parameters: log_likelihood(parameters, x, total / unit, people),
        NAMES,
        [(2.0, 3.0, 1.0), (6.0, 4.0, 0.5)],
        _BOUNDS,
        customers,
    )
    return Fit(
        names=fit.names,
        estimates=fit.estimates * np.array([1.0, 1.0, unit]),
        log_errors=fit.log_errors,
        log_likelihood=fit.log_likelihood - customers * float(np.log(unit)),
        customers=fit.customers,
        is_converged=fit.is_converged,
        at_bound=fit.at_bound,
    )


def expected_spend(parameters: Floats, x: Floats, mean: Floats) -> Floats:
    """Expected value of a purchase day (the SQL has the same closed form).

    Args:
        parameters: p, q, gamma; p x + q above 1.
        x: Repeat purchase days.
        mean: Mean value of these days, of the shape of x; anything where x is 0.

    Returns:
        Money, of the shape of x; the mean of all people where x is 0.
    """
    p, q, gamma = parameters
    return p * (gamma + x * np.where(x > 0, mean, 0)) / (p * x + q - 1)
