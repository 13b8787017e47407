"""What several tests share: a small sample, loaded, built and published once per session."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from orchestration.quiet import be_quiet
from orchestration.refresh import run_refresh
from orchestration.settings import PROJECT, load_settings
from orchestration.workspace import Workspace
from tests.python import shared

be_quiet()

# No test reads or writes the warehouse and the files of the person who runs it. Set here, since
# orchestration.project reads them when a test module is imported.
_SCRATCH = tempfile.mkdtemp(prefix="holdfast-tests-")
for _name in ("LANDING", "AS_OF", "SETTINGS", "EXTENSIONS", "WORK_DB"):
    os.environ.pop(f"HOLDFAST_{_name}", None)
os.environ["HOLDFAST_WAREHOUSE"] = _SCRATCH
# What fails on purpose fails at once; tests of retrying ask for it.
os.environ["HOLDFAST_RETRIES"] = "0"

_OWNS_SHARED = shared.open_shared_folder()

SAMPLE_CUSTOMERS = 400


def pytest_unconfigure():
    """Remove the scratch warehouse, and what the session shared."""
    shutil.rmtree(_SCRATCH, ignore_errors=True)
    if _OWNS_SHARED:
        shared.remove_shared_folder()


@pytest.fixture(scope="session")
def sample_landing() -> Path:
    """Landing folder of a small sample (400 customers); read it, do not write into it."""

    def make(folder: Path) -> None:
        subprocess.run(
            [
                sys.executable,
                "-m",
                "orchestration.sample_data",
                "--customers",
                str(SAMPLE_CUSTOMERS),
                "--seed",
                "1",
                "--until",
                "2026-10-31",
                "--out",
                str(folder),
            ],
            cwd=PROJECT,
            check=True,
            stdout=subprocess.DEVNULL,
        )

    return shared.once("sample", make) / "landing"


@pytest.fixture(scope="session")
def sample_warehouse(sample_landing) -> Workspace:
    """A warehouse refreshed from the small sample by the real job; read it, do not write into it.

    `sample_warehouse.work_db` and `.marts_db` are closed files: open them read-only.
    """

    def make(folder: Path) -> None:
        settings = load_settings()
        workspace = Workspace(PROJECT, sample_landing, folder)
        shared.copy_parsed(settings, workspace)
        assert run_refresh(workspace, settings), "the sample was not published; see above why"

    return Workspace(PROJECT, sample_landing, shared.once("sample_warehouse", make))
