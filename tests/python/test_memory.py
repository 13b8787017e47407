"""DuckDB's memory fits the machine, in every process of a refresh."""

from pathlib import Path

import pytest

from orchestration.memory import default_limit, memory_bytes, memory_limit
from orchestration.workspace import Workspace


@pytest.mark.parametrize(
    ("memory", "limit"),
    [(None, "6000MB"), (24 << 30, "6000MB"), (8 << 30, "4294MB"), (2 << 30, "1073MB")],
)
def test_default_is_half_of_the_memory_and_at_most_6_gb(memory: int | None, limit: str) -> None:
    """A machine of 8 GB must have room for Python, dbt and its owner's browser."""
    assert default_limit(memory) == limit


def test_a_container_limits_more_than_the_machine(tmp_path: Path) -> None:
    """A limit above what a container may use ends in the kernel killing the refresh."""
    limit, none = tmp_path / "memory.max", tmp_path / "none"
    limit.write_text("100000000\n")
    none.write_text("max\n")
    assert memory_bytes((limit,)) == memory_bytes((none, limit)) == 100_000_000
    assert memory_bytes((none, tmp_path / "absent")) == memory_bytes(())


def test_every_process_is_told_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """dbt and the guards are children: they take the limit from the environment."""
    monkeypatch.delenv("HOLDFAST_MEMORY_LIMIT", raising=False)
    assert Workspace.from_environment().environment()["HOLDFAST_MEMORY_LIMIT"] == memory_limit()
    monkeypatch.setenv("HOLDFAST_MEMORY_LIMIT", "777MB")
    assert memory_limit() == "777MB"
    assert Workspace.from_environment().environment()["HOLDFAST_MEMORY_LIMIT"] == "777MB"
