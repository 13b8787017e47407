"""How often people buy until they drop out: BG/NBD and MBG/NBD.

Fader, Hardie, Lee (2005), "Counting Your Customers" the Easy Way: An Alternative to the Pareto/NBD
Model, Marketing Science 24(2). Batislam, Denizel, Filiztekin (2007), Empirical Validation and
Comparison of Models for Customer Base Analysis, IJRM 24(3) (MBG/NBD).

Everybody buys at their own rate, Gamma(r, rate alpha) over people, and drops out with their own
chance p, Beta(a, b) over people, after each repeat purchase (BG) or after each purchase, the first
one too (MBG). Time is in weeks. x = repeat purchase days, t_x = last - first, T = end - first.
MBG is BG with one more chance to drop out: b + x there is b + x + 1 here.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import betainc, betaln, digamma, expit, gammaln

from orchestration.lifetime_value.likelihood import Fit, FitError, Floats, maximise

NAMES = ("r", "alpha", "a", "b")
_BOUNDS = [(1e-4, 1e4), (1e-4, 1e5), (1e-4, 1e4), (1e-4, 1e4)]
_SERIES_TERMS = 200_000
_SERIES_END = 1e-15
# the series alternates where r is above a + b - 1; its terms may outgrow the sum by e to this power
_CANCELLATION = 15
# twice the log-likelihood that two parameters may add by chance alone, 5 % (a on its bound)
_DROPOUT_GAIN = 2.71
_CHUNK = 200_000


@dataclass(frozen=True)
class Counts:
    """People counted by what they did, in the form the likelihood reads fast.

    Logarithms are taken once per distinct x, t_x and T, of which there are thousands, not once per
    cell, of which there may be millions.

    Attributes:
        x: Distinct repeat purchase days, shape (i,).
        recency: Distinct t_x in weeks, shape (j,).
        age: Distinct T in weeks, shape (k,).
        at_x: Index into x of each cell, shape (n,).
        at_recency: Index into recency, shape (n,).
        at_age: Index into age, shape (n,).
        people: People of each cell, shape (n,).
        people_by_x: People of each distinct x, shape (i,).
    """

    x: Floats
    recency: Floats
    age: Floats
    at_x: np.ndarray
    at_recency: np.ndarray
    at_age: np.ndarray
    people: Floats
    people_by_x: Floats

    @classmethod
    def of(
        cls, x: np.ndarray, recency: np.ndarray, age: np.ndarray, people: np.ndarray
    ) -> "Counts":
        """Count cells.

        Args:
            x: Repeat purchase days, shape (n,), at least 0.
            recency: t_x in weeks, shape (n,); 0 where x is 0.
            age: T in weeks, shape (n,), at least t_x.
            people: How many people are in each cell, shape (n,).

        Returns:
            The same, sorted, so that the order of rows moves nothing.

        Raises:
            FitError: When shapes differ or a cell contradicts itself.
        """
        columns = [np.asarray(one, dtype=float) for one in (x, recency, age, people)]
        if len({one.shape for one in columns}) != 1 or columns[0].ndim != 1:
            raise FitError("x, recency, age and people must be columns of one length.")
        order = np.lexsort(columns[::-1])
        x, recency, age, people = (one[order] for one in columns)
        if not all(np.isfinite(one).all() for one in columns):
            raise FitError("There is a cell with something unknown.")
        if (x < 0).any() or (recency > age).any() or (recency < 0).any() or (people <= 0).any():
            raise FitError("There is a cell with x < 0, recency > age or nobody in it.")
        distinct_x, at_x = np.unique(x, return_inverse=True)
        distinct_recency, at_recency = np.unique(recency, return_inverse=True)
        distinct_age, at_age = np.unique(age, return_inverse=True)
        return cls(
            distinct_x,
            distinct_recency,
            distinct_age,
            at_x,
            at_recency,
            at_age,
            people,
            np.bincount(at_x, weights=people, minlength=len(distinct_x)),
        )

    @property
    def total(self) -> float:
        """How many people there are."""
        return float(self.people.sum())


def log_likelihood(
    parameters: Floats, counts: Counts, *, drops_at_first: bool
) -> tuple[float, Floats]:
    """Log-likelihood of all people and its gradient.

    Args:
        parameters: r, alpha, a, b, shape (4,), all above 0.
        counts: The people.
        drops_at_first: MBG/NBD; else BG/NBD.

    Returns:
        The sum over people, and its derivatives by r, alpha, a, b, shape (4,).
    """
    r, alpha, a, b = parameters
    chances = counts.x + drops_at_first
    log_age, log_recency = np.log(alpha + counts.age), np.log(alpha + counts.recency)
    with np.errstate(divide="ignore"):
        log_lost = np.where(
            chances > 0, np.log(a) - np.log(np.where(chances > 0, b + chances - 1, 1)), -np.inf
        )
    quiet = log_age[counts.at_age] - log_recency[counts.at_recency]
    rate = (r + counts.x)[counts.at_x]
    odds = log_lost[counts.at_x] + rate * quiet
    lost = expit(odds) * counts.people
    value = float(
        counts.people @ (np.logaddexp(0, odds) - rate * log_age[counts.at_age])
        + counts.people_by_x
        @ (
            gammaln(r + counts.x)
            - gammaln(r)
            + r * np.log(alpha)
            + gammaln(a + b)
            - gammaln(b)
            + gammaln(b + chances)
            - gammaln(a + b + chances)
        )
    )
    lost_by_x = np.bincount(counts.at_x, weights=lost, minlength=len(counts.x))
    by_a = digamma(a + b) - digamma(a + b + chances)
    with np.errstate(divide="ignore", invalid="ignore"):
        lost_by_b = np.where(lost_by_x > 0, lost_by_x / (b + chances - 1), 0.0)
    slope = np.array(
        [
            counts.people_by_x @ (digamma(r + counts.x) - digamma(r) + np.log(alpha))
            + lost @ quiet
            - counts.people @ log_age[counts.at_age],
            counts.total * r / alpha
            - (rate * (counts.people - lost)) @ (1 / (alpha + counts.age))[counts.at_age]
            - (rate * lost) @ (1 / (alpha + counts.recency))[counts.at_recency],
            counts.people_by_x @ by_a + lost_by_x.sum() / a,
            counts.people_by_x @ (by_a + digamma(b + chances) - digamma(b)) - lost_by_b.sum(),
        ]
    )
    return value, slope


def fit_purchases(counts: Counts, *, drops_at_first: bool) -> Fit:
    """Fit BG/NBD or MBG/NBD by maximum likelihood.

    Args:
        counts: The people.
        drops_at_first: MBG/NBD; else BG/NBD.

    Returns:
        The fit of r, alpha, a, b; whether it can be used stands in it.

    Raises:
        FitError: When there is nobody.
    """
    start = max(float(counts.people @ counts.age[counts.at_age]) / max(counts.total, 1), 1)
    return maximise(
        lambda parameters: log_likelihood(parameters, counts, drops_at_first=drops_at_first),
        NAMES,
        [(0.5, start / 4, 1.0, 2.5), (1.0, start, 0.1, 5.0)],
        _BOUNDS,
        counts.total,
    )


def has_dropout(fit: Fit, counts: Counts, *, drops_at_first: bool) -> bool:
    """Whether the data show that anybody drops out at all.

    Without dropout both models are one NBD. They must be likelier than it by more than chance.

    Args:
        fit: A fit of `fit_purchases` to the same counts.
        counts: The people.
        drops_at_first: As of the fit.
    """
    never = 1e-9

    def without(parameters: Floats) -> tuple[float, Floats]:
        value, slope = log_likelihood(
            np.array([*parameters, never, 1.0]), counts, drops_at_first=drops_at_first
        )
        return value, slope[:2]

    nbd = maximise(
        without, NAMES[:2], [(fit.value("r"), fit.value("alpha"))], _BOUNDS[:2], counts.total
    )
    return 2 * (fit.log_likelihood - nbd.log_likelihood) > _DROPOUT_GAIN


def alive_probability(
    parameters: Floats, x: Floats, recency: Floats, age: Floats, *, drops_at_first: bool
) -> Floats:
    """Chance that somebody has not dropped out by the end (the SQL has the same closed form).

    Args:
        parameters: r, alpha, a, b.
        x: Repeat purchase days.
        recency: t_x in weeks, of the shape of x.
        age: T in weeks, of the shape of x.
        drops_at_first: MBG/NBD; else BG/NBD, in which who never came back is alive for sure.

    Returns:
        Probabilities, of the shape of x.
    """
    r, alpha, a, b = parameters
    chances = np.asarray(x, dtype=float) + drops_at_first
    odds = np.log(a) - np.log(np.where(chances > 0, b + chances - 1, 1))
    odds = odds + (r + x) * (np.log(alpha + age) - np.log(alpha + recency))
    return np.where(chances > 0, expit(-odds), 1.0)


def expected_if_alive(
    parameters: Floats, x: Floats, age: Floats, weeks: Floats, *, drops_at_first: bool
) -> Floats:
    """Expected purchase days in the coming weeks of who is alive now.

    It depends on x and T alone. The Gaussian hypergeometric function of the paper is written as a
    series of positive z that stays finite at a = 1 and for large x (lifetime_value.md, section 2).
    Where people buy often and much alike (r far above a + b), its terms alternate and cancel to
    nothing; there the expectation is summed over how often somebody would buy without dropping out.

    Args:
        parameters: r, alpha, a, b.
        x: Repeat purchase days; shapes of x, age, weeks broadcast.
        age: T in weeks.
        weeks: How far ahead, in weeks.
        drops_at_first: MBG/NBD; else BG/NBD.

    Returns:
        Expectations, of the common shape.
    """
    r, alpha, a, b = parameters
    b = b + drops_at_first
    x, age, weeks = (
        np.asarray(one, dtype=float) for one in np.broadcast_arrays(x, age, np.asarray(weeks))
    )
    z = weeks / (alpha + age + weeks)
    cancels = (r + 1 - a - b) * -np.log1p(-z) > _CANCELLATION
    found = np.empty(z.shape)
    found[~cancels] = _by_series(r, a, b, x[~cancels], z[~cancels])
    found[cancels] = _by_counts(r, a, b, x[cancels], z[cancels])
    return found


def _by_series(r: float, a: float, b: float, x: Floats, z: Floats) -> Floats:
    """Return the expectation as the stable form of lifetime_value.md, section 2."""
    log_left = np.log1p(-z)
    if abs(a - 1) < 1e-12:
        first = -(a + b + x - 1) * log_left
    else:
        first = -(a + b + x - 1) * np.expm1((a - 1) * log_left) / (a - 1)
    return first - np.exp((a - 1) * log_left) * _series(r, a, b, x, z)


def _series(r: float, a: float, b: float, x: Floats, z: Floats) -> Floats:
    """Sum the series; what has converged is summed no further."""
    total = np.zeros_like(z)
    term = (a + b - 1 - r) * z
    going = np.arange(len(z))
    for k in range(1, _SERIES_TERMS):
        total[going] += term
        term = (
            term * (a + k - 1) * (a + b - 1 - r + k) * z[going]
            / ((a + b + x[going] + k - 1) * (k + 1))
        )  # fmt: skip
        is_going = np.abs(term) > _SERIES_END * np.abs(total[going])
        if not is_going.all():
            going, term = going[is_going], term[is_going]
            if not len(going):
                break
    return total


def _by_counts(r: float, a: float, b: float, x: Floats, z: Floats) -> Floats:
    """Sum, over n purchase days without dropout, their chance times how many are lived to see.

    The chance is negative binomial; of n days the k-th is seen by who dropped out at none of the
    k - 1 before it: B(a, b + x + k - 1) / B(a, b + x). All terms are positive.
    """
    total, seen, log_chance = np.zeros_like(z), np.zeros_like(z), (r + x) * np.log1p(-z)
    stays = np.ones_like(z)
    going = np.arange(len(z))
    for n in range(1, _SERIES_TERMS):
        if not len(going):
            break
        at_x, at_z = x[going], z[going]
        log_chance = log_chance + np.log((r + at_x + n - 1) / n * at_z)
        seen = seen + stays
        term = np.exp(log_chance) * seen
        total[going] += term
        stays = stays * (b + at_x + n - 1) / (a + b + at_x + n - 1)
        # past the mode every term is smaller than z' times the one before
        is_going = ((r + at_x + n) * at_z > n + 1) | (
            term > _SERIES_END * (1 - at_z) * total[going]
        )
        going = going[is_going]
        log_chance, seen, stays = log_chance[is_going], seen[is_going], stays[is_going]
    return total


def count_distribution(
    parameters: Floats, x: Floats, age: Floats, weeks: float, most: int, *, drops_at_first: bool
) -> Floats:
    """Chances of 0, 1, 2 ... purchase days in the coming weeks of who is alive now.

    Equation 8 of Fader, Hardie, Lee (2005) with the posterior of who is alive in the place of the
    prior.

    Args:
        parameters: r, alpha, a, b.
        x: Repeat purchase days, shape (n,).
        age: T in weeks, shape (n,).
        weeks: How far ahead, in weeks.
        most: Highest count; more count as this many.
        drops_at_first: MBG/NBD; else BG/NBD.

    Returns:
        Probabilities, shape (n, most + 1); rows sum to 1.
    """
    r, alpha, a, b = parameters
    shape, stay = (r + x)[:, None], (b + drops_at_first + x)[:, None]
    y = np.arange(most + 1, dtype=float)[None, :]
    share = weeks / (alpha + age + weeks)
    log_share, log_rest = np.log(share)[:, None], np.log1p(-share)[:, None]
    ordinary = np.exp(
        gammaln(shape + y) - gammaln(shape) - gammaln(y + 1) + shape * log_rest + y * log_share
    )
    base = betaln(a, stay)
    kept = np.exp(betaln(a, stay + y) - base) * ordinary
    after = np.exp(betaln(a + 1, stay + np.maximum(y, 1) - 1) - base)
    # P(N >= y) of the negative binomial, without the loss of 1 - sum
    at_least = np.where(y > 0, betainc(np.maximum(y, 1), shape, share[:, None]), 0.0)
    chances = kept + np.where(y > 0, after * at_least, 0.0)
    chances[:, -1] += np.maximum(1 - chances.sum(axis=1), 0)
    return chances / chances.sum(axis=1, keepdims=True)
