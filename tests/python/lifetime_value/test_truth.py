"""Simulated shops: the fits find the parameters they were made of, with honest errors."""

import numpy as np
import pytest

from orchestration.lifetime_value.truth import MODELS, judge


@pytest.mark.parametrize("model", MODELS)
def test_the_truth_is_found(model):
    """20 shops here; `make truth` draws 200 and holds them to tighter bounds."""
    verdicts = judge(model, shops=20, people=5_000)
    assert all(verdict.fits == 20 for verdict in verdicts)
    assert all(abs(verdict.shift) <= 1 for verdict in verdicts), verdicts
    assert np.mean([verdict.coverage for verdict in verdicts]) >= 0.85, verdicts
