"""The time of dbt's step is shared among what ran in it, and nothing of it is lost."""

from datetime import UTC, datetime

import pytest

from orchestration.bench.split import Span, split
from orchestration.process_tree import Sample

RELATIONS = {"model.holdfast.a": "core.a", "seed.holdfast.b": "seeds.b"}


def ran(name, begin, end):
    """A node in dbt's results."""
    times = [datetime.fromtimestamp(at, UTC).isoformat() for at in (begin, end)]
    return {
        "unique_id": name,
        "execution_time": end - begin,
        "timing": [{"name": "execute", "started_at": times[0], "completed_at": times[1]}],
    }


def test_nodes_that_ran_at_once_share_the_time():
    """A test beside a model would be charged to the model, or both would pay the whole."""
    samples = [Sample(at, cpu, 10 * at) for at, cpu in ((0, 0), (2, 2), (4, 6), (8, 10), (9, 10))]
    parts = split(
        Span(0, 8),
        samples,
        [ran("model.holdfast.a", 2, 6), ran("test.holdfast.t", 4, 8)],
        RELATIONS,
        cpu_seconds=10,
    )
    seconds = {kind: found[0] for kind, found in parts.kinds.items()}
    cpu = {kind: found[1] for kind, found in parts.kinds.items()}
    assert seconds == pytest.approx({"models": 3, "tests": 3, "dbt itself": 2})
    assert cpu == pytest.approx({"models": 5, "tests": 3, "dbt itself": 2})
    (model,) = parts.models
    assert (model.name, model.seconds, model.peak_bytes) == ("core.a", 4, 80)
    assert model.cpu_seconds == pytest.approx(5)


def test_shares_add_up_to_what_the_step_used():
    """Looks five times a second miss a little; the exact sum is known."""
    samples = [Sample(at, float(at), 1) for at in range(5)]
    parts = split(Span(0, 4), samples, [ran("seed.holdfast.b", 1, 3)], RELATIONS, cpu_seconds=6)
    assert sum(found[1] for found in parts.kinds.values()) == pytest.approx(6)
    assert parts.models[0].cpu_seconds == pytest.approx(3)


def test_a_look_that_missed_a_process_charges_nobody_twice():
    """The sum falls and comes back: the second half would be counted again."""
    samples = [Sample(at, cpu, 1) for at, cpu in ((0, 0), (1, 5), (2, 1), (3, 6))]
    parts = split(Span(0, 3), samples, [ran("model.holdfast.a", 2, 3)], RELATIONS, cpu_seconds=6)
    assert parts.models[0].cpu_seconds == pytest.approx(1)


def test_without_looks_the_step_keeps_its_time():
    """Where the system tells nothing, seconds are known by dbt's clock and CPU only as a whole."""
    parts = split(Span(0, 4), [], [ran("model.holdfast.a", 1, 3)], RELATIONS, cpu_seconds=6)
    assert parts.kinds["models"] == (2, 0, None)
    assert parts.kinds["dbt itself"] == (2, 6, None)
    assert parts.models[0].cpu_seconds is None
