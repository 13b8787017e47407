"""A warehouse of the histories: loaded by the real loader, only the revenue models built."""

import datetime as dt
from collections.abc import Iterable
from pathlib import Path

import pytest

from orchestration.contract import load_contract
from orchestration.landing.accept import accept
from orchestration.landing.read import read_deliveries
from orchestration.settings import PROJECT, load_settings
from orchestration.workspace import Workspace
from tests.python.mrr_oracle.compare import MODELS
from tests.python.mrr_oracle.delivered import Delivered
from tests.python.mrr_oracle.histories import CUTOFF_DAY, ZONE, Histories
from tests.python.mrr_oracle.oracle import Oracle
from tests.python.shared import compiled_models

PEOPLE, SEED = 1000, 5


def build(
    deliveries: Iterable[tuple[Path, dt.datetime]], folder: Path, zone: str = str(ZONE)
) -> Workspace:
    """Load deliveries one after the other, and build the revenue models and what they need."""
    settings_file = folder / "settings.yml"
    settings_file.write_text(f"business_timezone: {zone}\n")
    settings, contract = load_settings(settings_file), load_contract()
    for number, (landing, came_at) in enumerate(deliveries):
        workspace = Workspace(PROJECT, landing, folder / "warehouse", settings_file=settings_file)
        read_deliveries(workspace, contract, settings, str(number), came_at)
        accept(workspace, contract, settings, str(number), came_at)
    compiled_models(settings).build(workspace.work_db, up_to=MODELS)
    return workspace


@pytest.fixture(scope="package")
def deliveries(tmp_path_factory) -> list[tuple[Path, dt.datetime]]:
    """The files of a thousand histories."""
    return Histories(PEOPLE, SEED).write(tmp_path_factory.mktemp("histories"))


@pytest.fixture(scope="package")
def warehouse(deliveries, tmp_path_factory) -> Workspace:
    """The models of them."""
    return build(deliveries, tmp_path_factory.mktemp("mrr_oracle"))


@pytest.fixture(scope="package")
def oracle(deliveries) -> Oracle:
    """What the definitions say of them."""
    return Oracle(Delivered(deliveries, ZONE), CUTOFF_DAY, ZONE)
