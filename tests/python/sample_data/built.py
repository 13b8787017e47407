"""Builds the models up to some marts on a delivered sample, in this process."""

import datetime as dt
import os
from collections.abc import Iterable
from pathlib import Path

import pytest
from dbt.cli.main import dbtRunner

from orchestration.contract import load_contract
from orchestration.landing.accept import accept
from orchestration.landing.read import read_deliveries
from orchestration.settings import PROJECT, load_settings
from orchestration.workspace import Workspace

DELIVERED_AT = dt.datetime(2026, 11, 1)  # noqa: DTZ001 - UTC


def build(landing: Path, folder: Path, marts: Iterable[str], target: Path | None = None) -> Path:
    """Load a delivery as it is and build marts with all they need, and nothing else.

    The guards, and everything published besides, have tests of their own.

    Args:
        landing: The delivered files.
        folder: Where the work database goes.
        marts: Names of models.
        target: dbt's folder; one shared by several builds spares them the parsing.

    Returns:
        The work database.
    """
    workspace = Workspace(PROJECT, landing, folder)
    settings, contract = load_settings(), load_contract()
    read_deliveries(workspace, contract, settings, "first", DELIVERED_AT)
    accept(workspace, contract, settings, "first", DELIVERED_AT)
    common = ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT), "--quiet"]
    common += ["--log-path", str(folder / "logs"), "--log-level-file", "none"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(os.environ, "DBT_TARGET_PATH", str(target or folder / "target"))
        patch.setitem(os.environ, "HOLDFAST_WORK_DB", str(workspace.work_db))
        built = dbtRunner().invoke(
            ["build", *common, "--exclude-resource-type", "test", "--exclude-resource-type",
             "unit_test", "-s", *(f"+{mart}" for mart in marts)]
        )  # fmt: skip
    assert built.success, built.exception
    return workspace.work_db
