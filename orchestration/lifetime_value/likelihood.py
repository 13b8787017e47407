"""Maximum likelihood of positive parameters, with errors, and with the signs that it failed.

All models here have few parameters, all of them positive, and an analytic gradient. They are
fitted on the logarithms of their parameters, from fixed starts, and polished by Newton steps, so
that a second run gives the same numbers.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

Floats = NDArray[np.float64]
# Returns the log-likelihood and its gradient by the parameters themselves (not their logarithms).
Objective = Callable[[Floats], tuple[float, Floats]]

_STEP = 1e-4
_NEWTON_STEPS = 6
_CONVERGED = 1e-6
_BOUND_MARGIN = 1e-3
_STILL = 1e-7


class FitError(ValueError):
    """The data cannot be fitted at all; the message says why."""


@dataclass(frozen=True)
class Fit:
    """What a maximum likelihood fit found.

    Attributes:
        names: Names of the parameters, in order.
        estimates: The estimates, shape (k,).
        log_errors: Standard errors of the logarithms, shape (k,); nan at a bound or unconverged.
        log_likelihood: Of all observations together, at the estimates.
        customers: Observations.
        is_converged: Whether the gradient is 0 in every direction that is free.
        at_bound: For each parameter, whether it ran to an end of its range, shape (k,).
    """

    names: tuple[str, ...]
    estimates: Floats
    log_errors: Floats
    log_likelihood: float
    customers: int
    is_converged: bool
    at_bound: NDArray[np.bool_]

    @property
    def standard_errors(self) -> Floats:
        """Standard errors of the estimates themselves (delta method), shape (k,)."""
        return self.estimates * self.log_errors

    @property
    def identified(self) -> NDArray[np.bool_]:
        """For each parameter, whether its error is at most the estimate itself, shape (k,)."""
        known = np.isfinite(self.log_errors) & ~self.at_bound
        return known & (np.nan_to_num(self.log_errors, nan=np.inf) <= 1) & self.is_converged

    def value(self, name: str) -> float:
        """Return one estimate by its name.

        Raises:
            ValueError: When there is no such parameter.
        """
        return float(self.estimates[self.names.index(name)])


def maximise(
    objective: Objective,
    names: Sequence[str],
    starts: Sequence[Sequence[float]],
    bounds: Sequence[tuple[float, float]],
    customers: float,
) -> Fit:
    """Find the parameters under which the observations are likeliest.

    Args:
        objective: Log-likelihood and gradient by the parameters, both sums over observations.
        names: Names of the k parameters.
        starts: Starting points, each of k positive numbers; the next is tried where one runs to a
            bound, and the best end counts.
        bounds: Lowest and highest value of each parameter, above 0.
        customers: Observations, by which the likelihood is scaled.

    Returns:
        The fit; whether it may be trusted stands in it.

    Raises:
        FitError: When there is no observation, or no start has a finite likelihood.
    """
    if customers <= 0:
        raise FitError("There is nobody to fit on.")
    logs = np.log(np.asarray(bounds, dtype=float))

    def scaled(point: Floats) -> tuple[float, Floats]:
        parameters = np.exp(point)
        value, slope = objective(parameters)
        if not np.isfinite(value):
            return np.inf, np.zeros_like(point)
        return -value / customers, -slope * parameters / customers

    ends = []
    for start in starts:
        end = minimize(
            scaled,
            np.clip(np.log(np.asarray(start, dtype=float)), logs[:, 0], logs[:, 1]),
            jac=True,
            method="L-BFGS-B",
            bounds=logs,
            options={"maxiter": 500, "ftol": 1e-12, "gtol": 1e-7},
        )
        if np.isfinite(end.fun):
            ends.append(end)
            if _is_free(end.x, logs).all():
                break
    if not ends:
        raise FitError("The likelihood is finite at no start.")
    point = min(ends, key=lambda end: end.fun).x
    point, slope, curvature, free = _polished(scaled, point, logs)
    value, _ = scaled(point)
    is_converged = bool(np.all(np.abs(slope[free]) < _CONVERGED))
    log_errors = np.full(len(point), np.nan)
    if is_converged and free.any():
        log_errors[free] = _errors(curvature[np.ix_(free, free)], customers)
    return Fit(
        names=tuple(names),
        estimates=np.exp(point),
        log_errors=log_errors,
        log_likelihood=-value * customers,
        customers=round(customers),
        is_converged=is_converged,
        at_bound=~free,
    )


def _polished(
    scaled: Callable[[Floats], tuple[float, Floats]], point: Floats, logs: Floats
) -> tuple[Floats, Floats, Floats, NDArray[np.bool_]]:
    """Take Newton steps to the very top; return point, slope, curvature, and what is free."""
    for _ in range(_NEWTON_STEPS):
        value, slope = scaled(point)
        curvature = _curvature(scaled, point)
        free = _is_free(point, logs)
        if not free.any():
            break
        block = curvature[np.ix_(free, free)]
        if np.linalg.eigvalsh(block).min() <= 0:
            break
        step = np.zeros_like(point)
        step[free] = -np.linalg.solve(block, slope[free])
        trial = np.clip(point + step, logs[:, 0], logs[:, 1])
        if np.max(np.abs(step)) > 1 or not scaled(trial)[0] <= value + 1e-13:
            break
        point = trial
        if np.max(np.abs(step)) < _STILL:
            break
    value, slope = scaled(point)
    free = _is_free(point, logs)
    return point, slope, curvature, free


def _is_free(point: Floats, logs: Floats) -> NDArray[np.bool_]:
    """Say which parameters are not at an end of their range."""
    return (point - logs[:, 0] > _BOUND_MARGIN) & (logs[:, 1] - point > _BOUND_MARGIN)


def _curvature(scaled: Callable[[Floats], tuple[float, Floats]], point: Floats) -> Floats:
    """Return second derivatives: central differences of the analytic gradient."""
    rows = []
    for place in range(len(point)):
        step = np.zeros_like(point)
        step[place] = _STEP
        rows.append((scaled(point + step)[1] - scaled(point - step)[1]) / (2 * _STEP))
    matrix = np.array(rows)
    return (matrix + matrix.T) / 2


def _errors(curvature: Floats, customers: float) -> Floats:
    """Return standard errors from the curvature of the mean; nan where it is no maximum."""
    try:
        variances = np.diag(np.linalg.inv(curvature)) / customers
    except np.linalg.LinAlgError:
        return np.full(len(curvature), np.nan)
    if np.linalg.eigvalsh(curvature).min() <= 0:
        return np.full(len(curvature), np.nan)
    return np.sqrt(variances)
