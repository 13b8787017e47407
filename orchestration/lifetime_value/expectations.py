"""What to expect of somebody alive, by repeat purchase days and age: a table to look up in SQL.

Given that a person is alive, BG/NBD expects the same of everybody with the same x and T; millions
of people share some ten thousand such pairs. What differs per person, the chance to be alive and
the spend, has closed forms and stands in SQL.
"""

import numpy as np
import pandas as pd
from scipy.special import betainc, nbdtrik

from orchestration.lifetime_value.likelihood import Floats
from orchestration.lifetime_value.parameters import Columns
from orchestration.lifetime_value.purchases import count_distribution, expected_if_alive

WEEKS = 52
# An 80 % interval leaves this much on either side.
_TAIL = 0.1
# P(alive), in tenths, for which the upper end is told; in hundredths for the lower.
UPPER_TENTHS = tuple(range(2, 11))
LOWER_HUNDREDTHS = tuple(range(91, 101))
_CHUNK = 2_000
_MOST = 2_000
_GRID = 60


def expectation_table(fits: Columns, parameters: Columns, keys: Columns) -> pd.DataFrame:
    """Work out what is expected of everybody alive, per fit, x and T.

    Args:
        fits: fit, horizon_days, discount_rate (a year).
        parameters: What `parameter_table` returned: fit, model, parameter, estimate, is_converged.
        keys: fit, frequency, age_days: the distinct pairs that are needed.

    Returns:
        fit, frequency, age_days; expected_13w, _26w, _52w, _horizon: purchase days in so many weeks
        and within the fit's own horizon; discounted_52w: those of 52 weeks, each discounted from
        the end of its week; upper_2 ... upper_10: the 90 % quantile of spend within the horizon, in
        expected purchase days' worth, of who is alive with a chance of 0.2 ... 1; lower_91 ...
        lower_100: the 10 % quantile for 0.91 ... 1. Those are null where there is no spend model.
        Fits without parameters have no rows. Sorted, with types, also when empty.
    """
    frames = [
        _of_fit(
            name,
            float(np.ma.getdata(fits["horizon_days"])[place]) / 7,
            float(np.ma.getdata(fits["discount_rate"])[place]),
            parameters,
            keys,
        )
        for place, name in enumerate(str(one) for one in fits["fit"])
    ]
    known = [frame for frame in frames if len(frame)]
    if not known:
        return _empty()
    return pd.concat(known, ignore_index=True).sort_values(
        ["fit", "frequency", "age_days"], ignore_index=True
    )


def _columns() -> list[str]:
    return [
        *(f"expected_{weeks}w" for weeks in (13, 26, 52)),
        "expected_horizon",
        "discounted_52w",
        *(f"upper_{tenths}" for tenths in UPPER_TENTHS),
        *(f"lower_{hundredths}" for hundredths in LOWER_HUNDREDTHS),
    ]


def _empty() -> pd.DataFrame:
    """Return the table without rows, typed."""
    kinds = {"fit": "str", "frequency": "int64", "age_days": "int64"}
    kinds |= dict.fromkeys(_columns(), "float64")
    return pd.DataFrame({name: pd.Series([], dtype=kind) for name, kind in kinds.items()})


def _of_fit(
    name: str, horizon: float, discount_rate: float, parameters: Columns, keys: Columns
) -> pd.DataFrame:
    """Return the rows of one fit."""
    purchase = usable(parameters, name, "bg_nbd", ("r", "alpha", "a", "b"))
    spend = usable(parameters, name, "gamma_gamma", ("p", "q", "gamma"))
    wanted = np.array([str(one) == name for one in keys["fit"]], dtype=bool)
    if purchase is None or not wanted.any():
        return _empty()
    x = np.ma.getdata(keys["frequency"])[wanted].astype(np.int64)
    days = np.ma.getdata(keys["age_days"])[wanted].astype(np.int64)
    order = np.lexsort((days, x))
    x, days = x[order], days[order]
    table = {"fit": np.full(len(x), name, dtype=object), "frequency": x, "age_days": days}
    parts = [
        _expected(purchase, x[at : at + _CHUNK], days[at : at + _CHUNK] / 7, horizon, discount_rate)
        for at in range(0, len(x), _CHUNK)
    ]
    table |= {column: np.concatenate([part[column] for part in parts]) for column in parts[0]}
    table |= _quantiles(purchase, spend, x, days, horizon)
    frame = pd.DataFrame(table)
    frame["fit"] = frame["fit"].astype("str")
    return frame[["fit", "frequency", "age_days", *_columns()]]


def usable(parameters: Columns, fit: str, model: str, names: tuple[str, ...]) -> Floats | None:
    """Return a model's parameters in order; None where it was not fitted or did not converge.

    A spend model without a finite mean (q up to 1) is of no use either.
    """
    found: dict[str, float] = {}
    rows = zip(
        parameters["fit"],
        parameters["model"],
        parameters["parameter"],
        np.ma.filled(np.ma.asarray(parameters["estimate"]).astype(float), np.nan),
        parameters["is_converged"],
        strict=True,
    )
    for of_fit, of_model, parameter, estimate, is_converged in rows:
        if (str(of_fit), str(of_model)) == (fit, model) and is_converged:
            found[str(parameter)] = float(estimate)
    values = np.array([found.get(name, np.nan) for name in names])
    if not np.isfinite(values).all() or found.get("q", np.inf) <= 1:
        return None
    return values


def _expected(
    purchase: Floats, x: np.ndarray, age: Floats, horizon: float, discount_rate: float
) -> dict[str, Floats]:
    """Return the expectations of one chunk: every week of 52, and the horizon."""
    weeks = np.arange(1, WEEKS + 1, dtype=float)
    path = expected_if_alive(
        purchase, x[:, None], age[:, None], weeks[None, :], drops_at_first=False
    )
    by_week = np.diff(path, axis=1, prepend=0)
    return {
        "expected_13w": path[:, 12],
        "expected_26w": path[:, 25],
        "expected_52w": path[:, 51],
        "expected_horizon": expected_if_alive(
            purchase, x, age, np.full(len(x), horizon), drops_at_first=False
        ),
        "discounted_52w": by_week @ (1 + discount_rate) ** (-weeks / WEEKS),
    }


def _quantiles(
    purchase: Floats, spend: Floats | None, x: np.ndarray, days: np.ndarray, horizon: float
) -> dict[str, Floats]:
    """Return both ends of the interval, worked out per x and week of age: days make no odds."""
    names = [
        *(f"upper_{tenths}" for tenths in UPPER_TENTHS),
        *(f"lower_{hundredths}" for hundredths in LOWER_HUNDREDTHS),
    ]
    if spend is None:
        return {name: np.full(len(x), np.nan) for name in names}
    pairs, at = np.unique(np.stack([x, days // 7]), axis=1, return_inverse=True)
    ends = np.empty((pairs.shape[1], len(names)))
    for start in range(0, pairs.shape[1], 256):
        chunk = slice(start, start + 256)
        ends[chunk] = spend_quantiles(
            purchase, spend, pairs[0, chunk].astype(float), pairs[1, chunk] + 0.5, horizon
        )
    return {name: ends[at.ravel(), place] for place, name in enumerate(names)}


def spend_quantiles(
    purchase: Floats, spend: Floats, x: Floats, age: Floats, horizon: float
) -> Floats:
    """Quantiles of what people alive spend, in units of their expected spend a day.

    Given y days, that is (p x + q - 1) / p times the ratio of a Gamma(p y) to a Gamma(p x + q):
    what is not known of the person's own level is in it, and so does not depend on the level.

    Args:
        purchase: r, alpha, a, b of BG/NBD.
        spend: p, q, gamma of Gamma-Gamma, q above 1.
        x: Repeat purchase days, shape (n,), sorted for speed.
        age: T in weeks, shape (n,).
        horizon: Weeks ahead.

    Returns:
        Shape (n, 19): the upper end for P(alive) 0.2 ... 1, the lower end for 0.91 ... 1; an
        upper end leaves 10 % above and a lower one 10 % below, of alive and dropped out together.
    """
    p, q, _ = spend
    r, alpha, _, _ = purchase
    # as many as the most loyal would buy without dropping out
    likely = nbdtrik(1 - 1e-4, r + x, (alpha + age) / (alpha + age + horizon))
    most = int(min(np.nan_to_num(likely, nan=_MOST).max() + 2, _MOST))
    chances = count_distribution(purchase, x, age, horizon, most, drops_at_first=False)
    days = np.arange(1, most + 1, dtype=float)
    level = p * x + q
    top = np.maximum(2.0, 4 * np.sqrt(days @ chances[:, 1:].T + 1) + 2 * (days @ chances[:, 1:].T))
    grid = np.geomspace(0.02, 1, _GRID)[None, :] * top[:, None]
    share = grid * p / (level - 1)[:, None]
    share = share / (1 + share)
    below = np.repeat(chances[:, :1], _GRID, axis=1)
    for count in range(1, most + 1):
        if not (weight := chances[:, count]).max() > 1e-7:
            break
        at = weight > 1e-7
        below[at] += weight[at, None] * betainc(p * count, level[at, None], share[at])
    return np.array(
        [
            [_quantile(values, line, none, end) for end in _ends()]
            for values, line, none in zip(grid, below, chances[:, 0], strict=True)
        ]
    )


def _ends() -> list[float]:
    """Return the quantiles of who is alive that make both ends, by P(alive)."""
    upper = [1 - _TAIL / (tenths / 10) for tenths in UPPER_TENTHS]
    lower = [(_TAIL - 1 + one / 100) / (one / 100) for one in LOWER_HUNDREDTHS]
    return [*upper, *lower]


def _quantile(values: Floats, below: Floats, none: float, end: float) -> float:
    """Return where a distribution function with a lump at 0 passes a level."""
    if none >= end:
        return 0.0
    return float(np.interp(end, np.concatenate([[none], below]), np.concatenate([[0.0], values])))
