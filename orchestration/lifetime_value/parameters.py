"""The table of parameters: every model that is fitted, what was found, and whether to trust it."""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from orchestration.lifetime_value import purchases, renewals, spend
from orchestration.lifetime_value.likelihood import Fit, FitError
from orchestration.lifetime_value.purchases import Counts

# A table as dbt's relations give it: column by name.
Columns = Mapping[str, np.ndarray]

PURCHASE_MODELS = {"bg_nbd": False, "mbg_nbd": True}
NO_DROPOUT = "no dropout identified: everybody seems to be a customer still"
AT_BOUND = "at the end of the range of a parameter"
CORRELATION = "frequency_spend_correlation"
_TYPES = {
    "fit": "str",
    "model": "str",
    "segment": "str",
    "parameter": "str",
    "estimate": "float64",
    "standard_error": "float64",
    "log_likelihood": "float64",
    "customers": "int64",
    "is_converged": "bool",
    "is_at_bound": "bool",
    "is_identified": "bool",
    "warning": "object",
}
# Gamma-Gamma takes frequency and spend for independent; from here on that is worth a word.
_HIGH_CORRELATION = 0.3
# Losses below which a fall of churn with tenure cannot be told from chance.
_MIN_LOSSES = 10


def parameter_table(
    fits: Columns, purchase_cells: Columns, spend_cells: Columns, renewal_cells: Columns
) -> pd.DataFrame:
    """Fit every model and return its parameters, one row each.

    Args:
        fits: fit, reason (why there can be none; null = there can), buyers.
        purchase_cells: fit, frequency, recency_days, age_days, people.
        spend_cells: fit, frequency, repeat_revenue (money over all repeat days), people.
        renewal_cells: segment, period, at_risk, lost, people, of subscribers.

    Returns:
        fit, model, segment, parameter, estimate, standard_error, log_likelihood, customers,
        is_converged, is_at_bound, is_identified, warning; sorted, with types, also when empty.
    """
    rows: list[dict] = []
    for place in np.argsort(_texts(fits, "fit")):
        name = _texts(fits, "fit")[place]
        reason = _text(fits, "reason", place)
        buyers = int(np.ma.filled(fits["buyers"], 0)[place])
        rows += _purchase_rows(name, reason, buyers, _rows_of(purchase_cells, "fit", name))
        rows += _spend_rows(name, reason, buyers, _rows_of(spend_cells, "fit", name))
    for segment in sorted(set(_texts(renewal_cells, "segment"))):
        rows += _renewal_rows(segment, _rows_of(renewal_cells, "segment", segment))
    return typed_frame(rows, _TYPES)


def typed_frame(rows: list[dict], types: Mapping[str, str]) -> pd.DataFrame:
    """Return rows as a frame whose columns have their types even where there is no row.

    Args:
        rows: One map per row.
        types: pandas type by column; object columns hold text or None.
    """
    frame = pd.DataFrame(
        {
            name: pd.Series([row[name] for row in rows], dtype="str" if kind == "object" else kind)
            for name, kind in types.items()
        }
    )
    keys = [name for name in ("fit", "model", "segment") if name in frame]
    return frame.sort_values(keys, kind="stable", ignore_index=True) if keys else frame


def _purchase_rows(name: str, reason: str | None, buyers: int, cells: Columns) -> Iterator[dict]:
    """Fit BG/NBD and MBG/NBD."""
    counts = None
    if reason is None:
        counts = Counts.of(
            cells["frequency"],
            np.asarray(cells["recency_days"], dtype=float) / 7,
            np.asarray(cells["age_days"], dtype=float) / 7,
            cells["people"],
        )
    for model, drops_at_first in PURCHASE_MODELS.items():
        if counts is None:
            yield from _refused(name, model, "all", purchases.NAMES, buyers, reason)
            continue
        fit = purchases.fit_purchases(counts, drops_at_first=drops_at_first)
        warnings = _fit_warnings(fit)
        if fit.is_converged and not purchases.has_dropout(
            fit, counts, drops_at_first=drops_at_first
        ):
            # without dropout a and b have no meaning, wherever they are
            warnings = [NO_DROPOUT, *_fit_warnings(fit, names=("r", "alpha"))]
        yield from _fitted(name, model, "all", fit, "; ".join(warnings) or None)


def _spend_rows(name: str, reason: str | None, buyers: int, cells: Columns) -> Iterator[dict]:
    """Fit Gamma-Gamma, and say how far spend goes with frequency."""
    model = "gamma_gamma"
    if reason is not None:
        yield from _refused(name, model, "all", spend.NAMES, buyers, reason)
        return
    x, total, people = (
        np.asarray(cells[column], dtype=float)
        for column in ("frequency", "repeat_revenue", "people")
    )
    try:
        fit = spend.fit_spend(x, total, people)
    except FitError as error:
        yield from _refused(name, model, "all", spend.NAMES, 0, str(error))
        return
    usable = (x > 0) & (total > 0)
    correlation = rank_correlation(x[usable], (total / np.maximum(x, 1))[usable], people[usable])
    warnings = _fit_warnings(fit)
    if fit.value("q") <= 1:
        warnings.append("spend has no finite mean")
    if np.nan_to_num(correlation) > _HIGH_CORRELATION:
        warnings.append(f"spend rises with frequency (rank correlation {correlation:.2f})")
    warning = "; ".join(warnings) or None
    yield from _fitted(name, model, "all", fit, warning)
    yield _row(name, model, "all", CORRELATION, fit, correlation, np.nan, False, True, warning)


def _renewal_rows(segment: str, cells: Columns) -> Iterator[dict]:
    """Fit the shifted beta-geometric, or the constant hazard that stands in for it."""
    period, at_risk, lost = (
        np.asarray(cells[column], dtype=float) for column in ("period", "at_risk", "lost")
    )
    people = float(np.max(cells["people"]))
    losses, exposure = lost.sum(), at_risk.sum()
    warning = f"fewer than {_MIN_LOSSES} losses: one churn rate for every tenure"
    if losses >= _MIN_LOSSES:
        fit = renewals.fit_renewals(period, at_risk, lost, people)
        if fit.is_converged and not fit.at_bound.any():
            yield from _fitted("current", "sbg", segment, fit, None)
            return
        warning = "churn does not fall with tenure: one churn rate for every tenure"
    share = losses / exposure if exposure else np.nan
    error = float(np.sqrt(share * (1 - share) / exposure)) if exposure else np.nan
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = [losses * np.log(share), (exposure - losses) * np.log1p(-share)]
    value = float(np.nansum(parts)) if exposure else np.nan
    yield {
        "fit": "current",
        "model": "constant_hazard",
        "segment": segment,
        "parameter": "churn",
        "estimate": share,
        "standard_error": error,
        "log_likelihood": value,
        "customers": round(people),
        "is_converged": bool(exposure),
        "is_at_bound": bool(share in (0, 1)),
        "is_identified": bool(losses and error <= share),
        "warning": warning,
    }


def rank_correlation(x: np.ndarray, y: np.ndarray, people: np.ndarray) -> float:
    """Spearman's rank correlation of counted pairs.

    Args:
        x: First value of each cell, shape (n,).
        y: Second value, shape (n,).
        people: People of each cell, shape (n,).

    Returns:
        Between -1 and 1; nan where one of them does not vary.
    """
    total = people.sum()

    def centred_ranks(values: np.ndarray) -> np.ndarray:
        _, at = np.unique(values, return_inverse=True)
        here = np.bincount(at, weights=people)
        middle = np.cumsum(here) - here / 2
        return middle[at] - total / 2

    first, second = centred_ranks(x), centred_ranks(y)
    spread = (people @ first**2) * (people @ second**2)
    return float((people * first) @ second / np.sqrt(spread)) if spread > 0 else float("nan")


def _fit_warnings(fit: Fit, names: tuple[str, ...] | None = None) -> list[str]:
    """Say what makes a fit doubtful: no top, or one beyond the range (people too much alike)."""
    if not fit.is_converged:
        return ["the fit did not converge"]
    ends = [
        name
        for name, is_end in zip(fit.names, fit.at_bound, strict=True)
        if is_end and (names is None or name in names)
    ]
    return [f"{AT_BOUND}: {', '.join(ends)}"] if ends else []


def _fitted(name: str, model: str, segment: str, fit: Fit, warning: str | None) -> Iterator[dict]:
    """Return a row per parameter of a fit."""
    columns = zip(
        fit.names,
        fit.estimates,
        fit.standard_errors,
        fit.at_bound,
        fit.identified,
        strict=True,
    )
    for parameter, estimate, error, at_bound, identified in columns:
        yield _row(
            name, model, segment, parameter, fit, estimate, error, at_bound, identified, warning
        )


def _row(
    name: str,
    model: str,
    segment: str,
    parameter: str,
    fit: Fit,
    estimate: float,
    error: float,
    at_bound: bool,
    identified: bool,
    warning: str | None,
) -> dict:
    return {
        "fit": name,
        "model": model,
        "segment": segment,
        "parameter": parameter,
        "estimate": float(estimate),
        "standard_error": float(error),
        "log_likelihood": fit.log_likelihood,
        "customers": fit.customers,
        "is_converged": fit.is_converged,
        "is_at_bound": bool(at_bound),
        "is_identified": bool(identified),
        "warning": warning,
    }


def _refused(
    name: str, model: str, segment: str, names: tuple[str, ...], customers: int, reason: str | None
) -> Iterator[dict]:
    """Return the rows of a model that was not fitted: no numbers, and why."""
    for parameter in names:
        yield {
            "fit": name,
            "model": model,
            "segment": segment,
            "parameter": parameter,
            "estimate": np.nan,
            "standard_error": np.nan,
            "log_likelihood": np.nan,
            "customers": customers,
            "is_converged": False,
            "is_at_bound": False,
            "is_identified": False,
            "warning": reason,
        }


def _texts(table: Columns, column: str) -> list[str]:
    """Return a column of text as a list."""
    return [str(one) for one in np.asarray(table[column], dtype=object)]


def _text(table: Columns, column: str, place: int) -> str | None:
    """Return one text, None where it is null."""
    values = table[column]
    if np.ma.getmaskarray(values)[place] or pd.isna(np.ma.getdata(values)[place]):
        return None
    return str(np.ma.getdata(values)[place])


def _rows_of(table: Columns, column: str, value: str) -> Columns:
    """Return the rows of a table that have a value."""
    wanted = np.array([one == value for one in _texts(table, column)], dtype=bool)
    return {name: np.ma.getdata(values)[wanted] for name, values in table.items()}
