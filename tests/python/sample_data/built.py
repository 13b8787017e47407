"""Builds the models up to some marts on a delivered sample, in this process."""

import datetime as dt
from collections.abc import Collection
from pathlib import Path

from orchestration.contract import load_contract
from orchestration.landing.accept import accept
from orchestration.landing.read import read_deliveries
from orchestration.settings import PROJECT, load_settings
from orchestration.workspace import Workspace
from tests.python.shared import compiled_models

DELIVERED_AT = dt.datetime(2026, 11, 1)  # noqa: DTZ001 - UTC


def build(landing: Path, folder: Path, marts: Collection[str]) -> Path:
    """Load a delivery as it is and build marts with all they need, and nothing else.

    The guards, and everything published besides, have tests of their own.

    Args:
        landing: The delivered files.
        folder: Where the work database goes.
        marts: Names of models.

    Returns:
        The work database.
    """
    workspace = Workspace(PROJECT, landing, folder)
    settings, contract = load_settings(), load_contract()
    read_deliveries(workspace, contract, settings, "first", DELIVERED_AT)
    accept(workspace, contract, settings, "first", DELIVERED_AT)
    compiled_models(settings).build(workspace.work_db, up_to=marts)
    return workspace.work_db
