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

be_quiet()

# No test reads or writes the warehouse and the files of the person who runs it. Set here, since
# orchestration.project reads them when a test module is imported.
_SCRATCH = tempfile.mkdtemp(prefix="holdfast-tests-")
for _name in ("LANDING", "AS_OF", "SETTINGS", "EXTENSIONS", "WORK_DB"):
    os.environ.pop(f"HOLDFAST_{_name}", None)
os.environ["HOLDFAST_WAREHOUSE"] = _SCRATCH

SAMPLE_CUSTOMERS = 400


def pytest_unconfigure():
    """Remove the scratch warehouse."""
    shutil.rmtree(_SCRATCH, ignore_errors=True)


@pytest.fixture(scope="session")
def sample_landing(tmp_path_factory) -> Path:
    """Landing folder of a small sample (400 customers); read it, do not write into it."""
    folder = tmp_path_factory.mktemp("sample")
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
    return folder / "landing"


@pytest.fixture(scope="session")
def sample_warehouse(sample_landing, tmp_path_factory) -> Workspace:
    """A warehouse refreshed from the small sample by the real job; read it, do not write into it.

    `sample_warehouse.work_db` and `.marts_db` are closed files: open them read-only.
    """
    workspace = Workspace(
        project=PROJECT,
        landing=sample_landing,
        warehouse=tmp_path_factory.mktemp("sample_warehouse"),
    )
    assert run_refresh(workspace, load_settings()), "the sample was not published; see above why"
    return workspace
