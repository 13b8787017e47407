"""The ranking of who is about to leave is worth more than looking at the last purchase alone.

Three samples of other random streams, with complaints that cost customers; each is loaded as it is
delivered, and the models up to the ranking are built in this process.
"""

import duckdb
import pytest

from tests.python.sample_data.built import build

SEEDS = (21, 22, 23)
INPUTS = (
    "customers", "orders", "subscription_periods", "complaints", "survey_responses",
)  # fmt: skip
MARTS = ("risk_backtest", "int_risk_calibration")

EFFECTS = {
    "customers": 1500,
    "alpha": 10.0,
    "complaint_rate": 0.15,
    "complaint_solved_share": 0.5,
    "complaint_unsolved_factor": 8.0,
}


@pytest.fixture(scope="module", params=SEEDS)
def marts(request, plain, tmp_path_factory):
    """The marts of one sample, open for reading."""
    sample = plain(INPUTS, seed=request.param, **EFFECTS)
    work_db = build(sample.landing, tmp_path_factory.mktemp("risk"), MARTS)
    with duckdb.connect(str(work_db), read_only=True) as con:
        yield con


def test_the_ranking_is_above_plain_recency(marts):
    """Prevents a score that ranks no better than the days since the last purchase."""
    rows = marts.execute(
        """
        select points.evaluation_on, points.auc, points.top_decile_lift, recency.auc
        from win_back.risk_backtest as points
        inner join win_back.risk_backtest as recency
            on points.evaluation_on = recency.evaluation_on and recency.ranking = 'recency'
        where points.ranking = 'points' and points.learned_signals > 0
        """
    ).fetchall()
    assert len(rows) >= 6
    for day, auc, lift, recency in rows:
        assert auc > recency + 0.1, (day, auc, recency)
        assert lift > 1.2, (day, lift)


def test_scores_are_the_share_that_was_lost(marts):
    """Prevents a score that ranks well and says nothing: people are lost as often as it says."""
    rows = marts.execute(
        """
        select calibration.score, avg(cast(points.is_lost_later as double)), count(*)
        from intermediate.int_risk_points as points
        inner join intermediate.int_risk_calibration as calibration
            on floor(points.points_now * 4) = calibration.band
        where points.is_lost_later is not null
        group by calibration.score
        having count(*) >= 200
        """
    ).fetchall()
    assert len(rows) >= 4
    for score, share, _ in rows:
        assert abs(score - share) < 0.02


def test_an_open_complaint_that_costs_customers_raises_the_risk(marts):
    """Prevents a cause of loss from being averaged away, or taken from its default."""
    ((weight, is_learned, lost_with, lost_without),) = marts.execute(
        """
        select weight, is_learned, lost_with / people_with, lost_without / people_without
        from intermediate.int_risk_weights
        where is_now and signal = 'complaint_open' and level = 1
        """
    ).fetchall()
    assert is_learned
    assert weight > 0.25
    assert lost_with > lost_without
