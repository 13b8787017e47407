"""Small estimators of the sample's parameters, written for these tests alone.

None is shared with the warehouse: what both find agrees because it is there.
"""

import numpy as np
from scipy.optimize import minimize
from scipy.special import betaln, gammaln

from tests.python.sample_data.delivered import Delivered

WEEK = 7 * 86_400.0

PURCHASES = """
select customer_id as person, epoch(cast(ordered_at as timestamp)) as stamp,
    cast(gross_amount as double) - coalesce(cast(discount_amount as double), 0)
        - coalesce(cast(tax_amount as double), 0)
        - coalesce(cast(shipping_amount as double), 0) as net
from orders where customer_id is not null
order by person, stamp
"""


def _first_of_group(keys: np.ndarray) -> np.ndarray:
    """Positions at which a new key begins."""
    return np.flatnonzero(np.append(True, keys[1:] != keys[:-1]))


def end_of(sample: Delivered) -> float:
    """The instant at which the history ends, seconds."""
    until = np.datetime64(sample.truth["parameters"]["until"]) + 1
    return float(until.astype("datetime64[s]").astype(np.int64))


def purchases(sample: Delivered) -> dict[str, np.ndarray]:
    """Purchases by person and time, with their number (0 = the first) and the gap to the next."""
    rows = sample.query(PURCHASES, "orders")
    starts = _first_of_group(rows["person"])
    sizes = np.diff(np.append(starts, len(rows["stamp"])))
    rows["number"] = np.arange(len(rows["stamp"])) - np.repeat(starts, sizes)
    gap = np.append(rows["stamp"][1:] - rows["stamp"][:-1], np.inf)
    gap[np.append(starts[1:], len(gap)) - 1] = np.inf
    rows["gap"] = gap
    return rows


def fit_bgnbd(sample: Delivered) -> dict[str, float]:
    """Maximum likelihood of BG/NBD in continuous time (weeks)."""
    rows = purchases(sample)
    starts = _first_of_group(rows["person"])
    x = np.diff(np.append(starts, len(rows["stamp"]))) - 1.0
    first = rows["stamp"][starts]
    last = rows["stamp"][np.append(starts[1:], len(rows["stamp"])) - 1]
    t_x, t_end = (last - first) / WEEK, (end_of(sample) - first) / WEEK

    def loss(logs: np.ndarray) -> float:
        r, alpha, a, b = np.exp(logs)
        base = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
        base += betaln(a, b + x) - betaln(a, b)
        alive = -(r + x) * np.log(alpha + t_end)
        gone = np.log(a) - np.log(b + np.maximum(x, 1) - 1) - (r + x) * np.log(alpha + t_x)
        return -float(np.mean(base + np.logaddexp(alive, np.where(x > 0, gone, -np.inf))))

    found = minimize(loss, np.log([1.0, 4.0, 1.0, 5.0]), method="L-BFGS-B")
    return dict(zip(("r", "alpha", "a", "b"), np.exp(found.x), strict=True))


def fit_spend(sample: Delivered) -> dict[str, float]:
    """Maximum likelihood of Gamma-Gamma on every single purchase, and the mean it implies.

    Single purchases tell p apart far better than the persons' means, which the papers use.
    """
    rows = purchases(sample)
    _, owner = np.unique(rows["person"], return_inverse=True)
    x = np.bincount(owner).astype(float)
    total = np.bincount(owner, rows["net"])
    logs_of_net = np.bincount(owner, np.log(rows["net"]))

    def loss(logs: np.ndarray) -> float:
        p, q, gamma = np.exp(logs)
        each = gammaln(p * x + q) - x * gammaln(p) - gammaln(q) + q * np.log(gamma)
        each += (p - 1) * logs_of_net - (p * x + q) * np.log(gamma + total)
        return -float(np.mean(each))

    p, q, gamma = np.exp(minimize(loss, np.log([3.0, 3.0, 30.0]), method="L-BFGS-B").x)
    return {"p": p, "q": q, "gamma": gamma, "mean": p * gamma / (q - 1)}


def fit_renewals(sample: Delivered, plan: str, months: int) -> float:
    """Mean chance to leave at the first renewal of a plan, shifted beta-geometric."""
    rows = sample.query(
        f"""
        select min(cast(starts_at as timestamptz)) as begins,
            max(coalesce(cast(ends_at as timestamptz), timestamptz '2100-01-01')) as ends
        from subscription_periods
        where plan_id = '{plan}' and item_id = 'main' and status <> 'cancelled'
        group by subscription_id
        """,
        "subscription_periods",
    )
    end = np.datetime64(sample.truth["parameters"]["until"]) + 1
    begins, ends = (rows[name].astype("datetime64[s]") for name in ("begins", "ends"))
    unit = months * 30.4375 * 86_400
    has_left = ends < end
    upto = np.where(has_left, ends, end)
    lived = (upto - begins).astype(float) / unit
    lost = np.round(lived[has_left])  # left at renewal number `lost`
    kept = np.floor(lived[~has_left] + 1e-9)  # renewals survived

    def loss(logs: np.ndarray) -> float:
        alpha, beta = np.exp(logs)
        gone = betaln(alpha + 1, beta + lost - 1) - betaln(alpha, beta)
        stays = betaln(alpha, beta + kept) - betaln(alpha, beta)
        return -float(gone.sum() + stays.sum()) / len(lived)

    alpha, beta = np.exp(minimize(loss, np.log([1.0, 8.0]), method="L-BFGS-B").x)
    return alpha / (alpha + beta)


def season_amplitude(sample: Delivered) -> float:
    """Amplitude of the yearly wave in repeat purchases per person known."""
    rows = purchases(sample)
    end = end_of(sample)
    first_day = np.datetime64(sample.truth["derived"]["first_day"])
    start = float(first_day.astype("datetime64[s]").astype(np.int64))
    first = rows["stamp"][rows["number"] == 0]
    repeats = rows["stamp"][rows["number"] > 0]
    days = int((end - start) / 86_400)
    edges = start + 86_400.0 * np.arange(days + 1)
    count = np.histogram(repeats, edges)[0]
    # people acquired in the first half-year: afterwards only they thin out, smoothly
    day = np.arange(days)
    turn = 2 * np.pi * day / 365.25
    trend = day / days
    known = np.searchsorted(np.sort(first), edges[1:]) + 1.0
    smooth = [np.ones(days), trend, trend**2, trend**3]
    waves = [np.cos(turn), np.sin(turn)]
    design = np.stack([*smooth, *waves], axis=1)
    rate = count / known
    weight = np.sqrt(known)
    since = day > 120
    fit, *_ = np.linalg.lstsq(
        design[since] * weight[since, None], rate[since] * weight[since], rcond=None
    )
    level = design[since, :4] @ fit[:4]
    return float(np.hypot(fit[4], fit[5]) / level.mean())


def ends_after(sample: Delivered, silence_days: float) -> dict[str, np.ndarray]:
    """Purchases whose next `silence_days` are known, with whether nothing followed in them."""
    rows = purchases(sample)
    is_known = rows["stamp"] + silence_days * 86_400 < end_of(sample)
    rows = {name: column[is_known] for name, column in rows.items()}
    rows["is_last"] = rows["gap"] > silence_days * 86_400
    return rows


def standard_error(share: float, number: int) -> float:
    """Standard error of a share."""
    return float(np.sqrt(max(share * (1 - share), 1e-9) / max(number, 1)))
