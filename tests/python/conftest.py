"""What several tests share: a small sample, loaded, built and published once per session."""

import os
import pickle
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from orchestration.bench.runs import RefreshRun, run_refresh
from orchestration.quiet import be_quiet
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

# The files that take a minute and more. Begun last, one of them would be waited for by everybody;
# those that need what `make test` compiles meanwhile come after those that do not.
LONG_FIRST = (
    "end_to_end/test_identities.py",
    "end_to_end/test_random_deliveries.py",
    "landing/test_hostile.py",
    "sample_data/test_process.py",
    "sample_data/test_delivery.py",
    "landing/test_accept.py",
    "faults/test_kills.py",
    "extensions/test_example.py",
    "faults/test_deliveries.py",
    "end_to_end/test_as_of.py",
    "faults/test_damage.py",
    "report/test_browser.py",
    "bench/test_bench.py",
    "publishing/test_restatements.py",
    "test_dev.py",
    "publishing/test_publish.py",
    "sample_data/test_campaigns.py",
)


def pytest_collection_modifyitems(items):
    """Order the files so that none of the long ones begins last; within a file nothing moves."""
    place = {Path(__file__).parent / name: at for at, name in enumerate(LONG_FIRST)}
    if gone := [str(path) for path in place if not path.exists()]:
        raise pytest.UsageError(f"LONG_FIRST names files that are not there: {gone}")
    items.sort(key=lambda item: place.get(item.path, len(place)))


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
def definitions():
    """Dagster's definitions. No test module imports them: that has dbt parse the project."""
    shared.copy_parsed(load_settings(), Workspace.from_environment())
    from orchestration.definitions import defs

    return defs


@pytest.fixture(scope="session")
def refreshed_sample(sample_landing) -> Path:
    """Folder of the one refresh of the small sample, by the real command.

    Beside the warehouse: what it cost (run.pickle), and what its processes asked of the network
    (network.txt).
    """

    def make(folder: Path) -> None:
        workspace = Workspace(PROJECT, sample_landing, folder / "warehouse")
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PYTHONPATH", str(Path(__file__).parent / "security" / "witness"))
            patch.setenv("HOLDFAST_TESTS_WITNESS", str(folder / "network.txt"))
            run = run_refresh(workspace, folder / "refresh.txt")
        (folder / "run.pickle").write_bytes(pickle.dumps(run))

    return shared.once("sample_refreshed", make)


@pytest.fixture(scope="session")
def sample_warehouse(sample_landing, refreshed_sample) -> Workspace:
    """A warehouse refreshed from the small sample as a person does; do not write into it.

    `sample_warehouse.work_db` and `.marts_db` are closed files: open them read-only.
    """
    return Workspace(PROJECT, sample_landing, refreshed_sample / "warehouse")


@pytest.fixture(scope="session")
def sample_run(refreshed_sample) -> RefreshRun:
    """What that refresh cost, as the benchmark measures it."""
    return pickle.loads((refreshed_sample / "run.pickle").read_bytes())  # noqa: S301 - our own
