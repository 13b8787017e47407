"""The table of parameters: typed always, refused with a reason, whatever the order of rows."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from orchestration.lifetime_value.expectations import expectation_table
from orchestration.lifetime_value.parameters import parameter_table, rank_correlation

EMPTY_RENEWALS = {
    name: np.array([], dtype=kind)
    for name, kind in (
        ("segment", object),
        ("period", int),
        ("at_risk", int),
        ("lost", int),
        ("people", int),
    )
}


def tables_of(shop, reason=None):
    """The four relations of dbt for a shop."""
    count = len(shop.frequency)
    names = np.array(["current"] * count, dtype=object)
    repeats = shop.frequency > 0
    fits = {
        "fit": np.array(["current"], dtype=object),
        "reason": np.ma.array([reason], mask=[reason is None], dtype=object),
        "buyers": np.array([count]),
    }
    purchases = {
        "fit": names,
        "frequency": shop.frequency,
        "recency_days": shop.recency_days,
        "age_days": shop.age_days,
        "people": shop.people,
    }
    spend = {
        "fit": names[repeats],
        "frequency": shop.frequency[repeats],
        "repeat_revenue": shop.repeat_revenue[repeats],
        "people": shop.people[repeats],
    }
    return fits, purchases, spend


def test_a_refused_fit_has_rows_without_numbers(shop):
    """A reader must see that there is no model, and why, not an empty table."""
    found = parameter_table(*tables_of(shop, "fewer than 500 buyers"), EMPTY_RENEWALS)
    assert found["estimate"].isna().all()
    assert set(found["model"]) == {"bg_nbd", "mbg_nbd", "gamma_gamma"}
    assert set(found["warning"]) == {"fewer than 500 buyers"}
    assert not found["is_converged"].any()


def test_rows_in_another_order_give_the_same_table(shop):
    """A database hands rows out as it likes; scores must not move with it."""
    first = parameter_table(*tables_of(shop), EMPTY_RENEWALS)
    order = np.random.default_rng(1).permutation(len(shop.frequency))
    shuffled = type(shop)(**{name: values[order] for name, values in vars(shop).items()})
    pd.testing.assert_frame_equal(first, parameter_table(*tables_of(shuffled), EMPTY_RENEWALS))
    assert first["is_converged"].all()


def test_without_anything_the_table_has_its_types():
    """On an empty warehouse a column of nothing would become an integer and break the marts."""
    nothing = np.array([], dtype=object)
    found = parameter_table(
        {"fit": nothing, "reason": nothing, "buyers": nothing},
        dict.fromkeys(("fit", "frequency", "recency_days", "age_days", "people"), nothing),
        dict.fromkeys(("fit", "frequency", "repeat_revenue", "people"), nothing),
        EMPTY_RENEWALS,
    )
    assert len(found) == 0
    assert found.dtypes.astype(str).to_dict() == {
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
        "warning": "str",
    }


def weekly_buyers():
    """800 people who buy every week, give or take a day, and stay with chances of Beta(.5, 2)."""
    rng = np.random.default_rng(3)
    rows = []
    for _ in range(800):
        age, leaves = int(rng.integers(5, 300)), rng.beta(0.5, 2)
        gaps = np.maximum(np.rint(7 + rng.normal(0, 1, 60)), 1).cumsum()
        stays = int(rng.geometric(leaves)) if leaves > 1e-9 else 60
        days = gaps[:stays][gaps[:stays] <= age]
        rows.append((len(days), days[-1] if len(days) else 0, age, 20.0 * len(days) + age % 7))
    frequency, recency, age, revenue = (np.array(column) for column in zip(*rows, strict=True))
    return SimpleNamespace(
        frequency=frequency,
        recency_days=recency.astype(np.int64),
        age_days=age,
        repeat_revenue=revenue,
        people=np.ones(800, dtype=np.int64),
    )


def test_a_parameter_at_its_bound_is_told_and_expects_no_nonsense():
    """Who buys more evenly than chance drives r to its end: converged, free of words, and wrong."""
    shop = weekly_buyers()
    found = parameter_table(*tables_of(shop), EMPTY_RENEWALS)
    rows = found[found["model"] == "bg_nbd"]
    assert rows["is_converged"].all()
    assert rows.set_index("parameter")["is_at_bound"]["r"]
    assert set(rows["warning"]) == {"at the end of the range of a parameter: r"}
    table = expectation_table(
        {
            "fit": np.array(["current"], dtype=object),
            "horizon_days": np.array([364]),
            "discount_rate": np.array([0.1]),
        },
        {name: found[name].to_numpy() for name in found},
        {
            "fit": np.array(["current"] * 800, dtype=object),
            "frequency": shop.frequency,
            "age_days": shop.age_days,
        },
    )
    path = table[["expected_13w", "expected_26w", "expected_52w"]].to_numpy()
    assert (np.diff(path, axis=1, prepend=0) > 0).all()
    # nobody can buy much oftener than every week
    assert path[:, 2].max() < 54


def renewals(at_risk, lost):
    """One group of subscribers."""
    count = len(lost)
    return {
        "segment": np.array(["pro"] * count, dtype=object),
        "period": np.arange(1, count + 1),
        "at_risk": np.array(at_risk),
        "lost": np.array(lost),
        "people": np.full(count, 1000),
    }


@pytest.mark.parametrize(
    ("at_risk", "lost", "model", "warning"),
    [
        ([1000, 631, 468, 382], [369, 163, 86, 56], "sbg", None),
        ([1000, 950, 850, 700], [50, 100, 150, 200], "constant_hazard", "does not fall"),
        ([100, 97], [3, 2], "constant_hazard", "fewer than 10 losses"),
        ([100, 97], [0, 0], "constant_hazard", "fewer than 10 losses"),
    ],
)
def test_one_churn_rate_stands_in_where_it_does_not_fall(at_risk, lost, model, warning, shop):
    """sBG at its bound would promise subscribers who never leave, or none who stay."""
    found = parameter_table(*tables_of(shop, "refused"), renewals(at_risk, lost))
    rows = found[found["segment"] == "pro"]
    assert set(rows["model"]) == {model}
    if warning is None:
        assert rows["warning"].isna().all()
        assert rows["is_identified"].all()
    else:
        assert warning in rows["warning"].iloc[0]
        assert rows["estimate"].iloc[0] == pytest.approx(sum(lost) / sum(at_risk))


def test_rank_correlation_is_spearmans():
    """Counted pairs must give what the single ones would."""
    from scipy.stats import spearmanr

    x, y, people = np.array([1, 1, 2, 3]), np.array([5.0, 3, 4, 9]), np.array([2, 1, 3, 1])
    single = spearmanr(np.repeat(x, people), np.repeat(y, people)).statistic
    assert rank_correlation(x, y, people) == pytest.approx(single)
    assert np.isnan(rank_correlation(x, np.ones(4), people))
