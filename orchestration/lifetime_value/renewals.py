"""How many subscribers are left after n periods: shifted beta-geometric.

Fader, Hardie (2007), How to Project Customer Retention, Journal of Interactive Marketing 21(1).
Everybody leaves at each renewal with their own chance, Beta(alpha, beta) over people; so the share
that leaves falls with tenure. Where it does not fall, alpha and beta run off together, and a
constant share stands in.
"""

import numpy as np

from orchestration.lifetime_value.likelihood import Fit, FitError, Floats, maximise

NAMES = ("alpha", "beta")
_BOUNDS = [(1e-4, 1e4), (1e-4, 1e5)]


def log_likelihood(
    parameters: Floats, period: Floats, at_risk: Floats, lost: Floats
) -> tuple[float, Floats]:
    """Log-likelihood of who left at which renewal and its gradient.

    Args:
        parameters: alpha, beta, shape (2,).
        period: Renewal, 1 for the first, shape (n,).
        at_risk: People who came to it, shape (n,).
        lost: Those of them who left at it, shape (n,).

    Returns:
        The sum over people, and its derivatives by alpha and beta, shape (2,).
    """
    alpha, beta = parameters
    whole = alpha + beta + period - 1
    kept = at_risk - lost
    value = float(
        lost @ (np.log(alpha) - np.log(whole)) + kept @ (np.log(beta + period - 1) - np.log(whole))
    )
    slope = np.array(
        [
            lost.sum() / alpha - at_risk @ (1 / whole),
            kept @ (1 / (beta + period - 1)) - at_risk @ (1 / whole),
        ]
    )
    return value, slope


def fit_renewals(
    period: np.ndarray, at_risk: np.ndarray, lost: np.ndarray, customers: float
) -> Fit:
    """Fit the shifted beta-geometric by maximum likelihood.

    Args:
        period: Renewal, 1 for the first, shape (n,).
        at_risk: People who came to it, shape (n,); pooled over cohorts, whoever is not observed at
            it being out.
        lost: Those of them who left at it, shape (n,).
        customers: People, by whom the fit is scaled and counted.

    Returns:
        The fit of alpha and beta.

    Raises:
        FitError: When nobody came to a renewal or nobody left.
    """
    columns = [np.asarray(one, dtype=float) for one in (period, at_risk, lost)]
    order = np.argsort(columns[0], kind="stable")
    period, at_risk, lost = (one[order] for one in columns)
    if not lost.sum():
        raise FitError("Nobody has left yet.")
    share = lost.sum() / at_risk.sum()
    return maximise(
        lambda parameters: log_likelihood(parameters, period, at_risk, lost),
        NAMES,
        [(1.0, 1.0), (1.0, (1 - share) / share)],
        _BOUNDS,
        customers,
    )


def survival(parameters: Floats, periods: int) -> Floats:
    """Share of all subscribers left after 0, 1 ... periods.

    Args:
        parameters: alpha, beta.
        periods: The last period.

    Returns:
        Shares, shape (periods + 1,), the first one 1.
    """
    alpha, beta = parameters
    period = np.arange(1, periods + 1, dtype=float)
    return np.concatenate([[1.0], np.cumprod((beta + period - 1) / (alpha + beta + period - 1))])
