"""What a step cost: seconds, CPU seconds of the process and its children, peak memory."""

import subprocess
import sys

import pytest

from orchestration.process_tree import Watch, sample
from orchestration.steps import metered, read_steps

# holds 200 MB and computes for a moment, so that clock ticks of 10 ms suffice
BUSY = "import time; held = bytearray(b'x') * 200_000_000; end = time.process_time() + 0.6\n" + (
    "while time.process_time() < end: pass"
)

needs_proc = pytest.mark.skipif(sample(1) is None, reason="this system does not list children")


def run_busy_child() -> None:
    """Work in a child, as the guards and dbt do."""
    subprocess.run([sys.executable, "-c", BUSY], check=True)


@needs_proc
def test_a_step_answers_for_its_children(tmp_path):
    """The guards and dbt are children: without them most of a refresh would cost nothing."""
    with metered(tmp_path / "steps.jsonl", "guard") as meter:
        meter.refresh_id = "r1"
        meter.rows = {"orders": 7}
        run_busy_child()
    (cost,) = read_steps(tmp_path / "steps.jsonl")
    assert (cost.refresh_id, cost.step, cost.is_done) == ("r1", "guard", True)
    assert cost.rows == {"orders": 7}
    assert cost.seconds == pytest.approx(meter.seconds, abs=0.001)
    assert cost.cpu_seconds >= 0.6
    assert cost.peak_bytes > 200_000_000


@needs_proc
def test_time_of_a_living_child_counts_while_it_lives():
    """The bench splits the time of dbt by looking at it while it runs."""
    with subprocess.Popen([sys.executable, "-c", BUSY]) as child, Watch(child.pid) as watch:
        child.wait()
    cpu = [seen.cpu_seconds for seen in watch.samples]
    assert cpu == sorted(cpu)
    assert cpu[-1] > 0.3
    assert watch.peak_bytes > 200_000_000


def test_a_process_that_is_gone_uses_nothing():
    """A child that ends between two looks would end the refresh."""
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    assert sample(child.pid) is None


def test_a_broken_step_is_written_down_and_breaks_on(tmp_path):
    """The log would tell only of what went well, or hide the error."""
    with pytest.raises(ValueError, match="no"), metered(tmp_path / "new" / "steps.jsonl", "load"):
        raise ValueError("no")
    (cost,) = read_steps(tmp_path / "new" / "steps.jsonl")
    assert (cost.step, cost.is_done) == ("load", False)


def test_a_log_that_cannot_be_written_stops_nothing(tmp_path):
    """A refresh would fail for want of its own statistics."""
    (tmp_path / "file").touch()
    with metered(tmp_path / "file" / "steps.jsonl", "load") as meter:
        pass
    assert meter.seconds > 0
    assert read_steps(tmp_path / "file" / "steps.jsonl") == []
