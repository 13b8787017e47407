"""A thousand nasty histories: the revenue models against the definitions read a second time."""

import duckdb
import pytest

from tests.python.mrr_oracle import compare
from tests.python.mrr_oracle.broken import RULES, broken
from tests.python.mrr_oracle.movements import LINES, event_rows, movement_rows, retention_rows
from tests.python.shared import compiled_models


def test_every_model_says_what_the_definitions_say(warehouse, oracle):
    """Prevents any row of MRR, events, movements or rates from differing from definitions §4."""
    with duckdb.connect(str(warehouse.work_db), read_only=True) as con:
        told = compare.faults(con, oracle)
    assert not any(told.values()), compare.shown(told)


def test_the_oracle_balances(oracle):
    """Prevents an oracle that is wrong itself: its lines lead from open to close, GRR is 0-1."""
    plus = ("new", "reactivation", "resume", "expansion", "fx", "currency_transfer")
    for key, row in movement_rows(oracle).items():
        opening, *lines, closing = row[7 : 9 + len(LINES)]
        moved = sum(
            amount if line in plus else -amount for line, amount in zip(LINES, lines, strict=True)
        )
        assert opening + moved == closing, key
        assert sum(row[9 + len(LINES) :]) == lines[3] - lines[4], key
    first = oracle.months()[0]
    for key, row in retention_rows(oracle, first).items():
        gross_churn, net_churn, _, gross_kept, net_kept = row[15:20]
        if gross_churn is not None:
            assert gross_kept == pytest.approx(1 - gross_churn, abs=1e-12), key
            assert net_kept == pytest.approx(1 - net_churn, abs=1e-12), key
            assert 0 <= gross_kept <= 1, key


def test_every_situation_is_among_the_histories(oracle):
    """Prevents the histories from losing what they are there for."""
    rows = movement_rows(oracle)
    moved = {row[1] for row in rows.values()}
    assert moved == {
        "new", "reactivation", "resume", "expansion", "contraction", "pause", "churn",
        "currency_transfer", "unchanged",
    }  # fmt: skip
    assert {row[2] for row in rows.values()} == {
        None, "voluntary", "involuntary", "free_plan", "completed_term", "unstated",
    }  # fmt: skip
    changed = [row for key, row in rows.items() if key[1]]
    for place in range(5):
        assert sum(row[-1 - place] != 0 for row in changed) > 20
    # both at once, a rate unknown at the open, fx and transfer
    assert sum(row[15] != 0 and row[16] != 0 for row in changed) > 10
    assert sum(row[5] is None and row[4] > 0 for row in changed) > 5
    told = event_rows(oracle)
    assert {(row[6], row[7]) for row in told} >= {
        (cause, kind)
        for cause in ("expansion", "contraction")
        for kind in ("price", "quantity", "plan", "add_on", "discount")
    }
    assert sum(row[3] is not None for row in told) > 10
    states = [(stretch.state, stretch.row["is_deleted"]) for stretch in oracle.stretches]
    for state in ("paid", "past_due", "trial", "paused", "free", "unpaid", "refunded", "cancelled"):
        assert states.count((state, False)) > 3, state
    assert states.count(("paid", True)) > 10


@pytest.mark.parametrize("words", RULES)
def test_broken_rule_is_found(words, warehouse, oracle):
    """Prevents a comparison that would pass whatever the models say."""
    rule = RULES[words]
    target = compiled_models(warehouse.read_settings()).target
    with broken(target, warehouse.work_db, rule) as con:
        assert compare.of(rule.shows_in, con, oracle), f"{words}: nobody noticed"
