"""Clients of other makers, in an environment of their own: `make readers` installs it.

Where it is absent these tests are skipped by name; with HOLDFAST_REQUIRE_READERS=1, as .ci/run sets
it, they fail. HOLDFAST_READERS_PYTHON names another Python to try, with another DuckDB.
"""

import csv
import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orchestration.settings import PROJECT

HERE = Path(__file__).parent
PYTHON = Path(
    os.environ.get("HOLDFAST_READERS_PYTHON") or PROJECT / ".venv-readers" / "bin" / "python"
)


def absent(what: str) -> None:
    """Skip a test whose client is not there, or fail it where it has to be."""
    if os.environ.get("HOLDFAST_REQUIRE_READERS"):
        pytest.fail(f"{what} is not here, and HOLDFAST_REQUIRE_READERS is set")
    pytest.skip(f"{what} is not here (make readers; docs/readers.md)")


def promised_columns() -> dict[str, dict[str, str]]:
    """Types of every published mart by table and column, as docs/public_columns.csv has them."""
    tables: dict[str, dict[str, str]] = {}
    with (PROJECT / "docs" / "public_columns.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            tables.setdefault(f"{row['schema']}.{row['table']}", {})[row["column"]] = row["type"]
    return tables


@pytest.fixture(scope="session")
def reader() -> Callable[..., Any]:
    """Run a script or module in the readers' environment; returns the JSON it prints."""
    if not PYTHON.exists():
        absent(".venv-readers")

    def run(*arguments: str | Path, **environment: str) -> Any:
        ended = subprocess.run(
            [str(PYTHON), *map(str, arguments)],
            cwd=PROJECT,
            env=os.environ | environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return json.loads(ended.stdout)

    return run
