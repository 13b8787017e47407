"""`make ui`: Dagster's web page over the runs of a warehouse, with its schedule and sensor."""

import os
import sys
from pathlib import Path

from orchestration.dbt_manifest import ManifestError, ensure_manifest
from orchestration.quiet import be_quiet
from orchestration.refresh import write_dagster_yaml
from orchestration.settings import SettingsError
from orchestration.workspace import Workspace


def main() -> int:
    """Become `dagster dev` for the warehouse that the environment names.

    Returns:
        1 when the workspace cannot be used; otherwise it does not return.
    """
    be_quiet()
    try:
        workspace = Workspace.from_environment()
        settings = workspace.read_settings()
        ensure_manifest(workspace, settings)
    except (SettingsError, ManifestError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    write_dagster_yaml(workspace.dagster_home)
    # Dagster's processes are not started by `python -m`, so the package has to be named
    os.environ.update(workspace.environment() | {"PYTHONPATH": str(workspace.project)})
    dagster = str(Path(sys.executable).with_name("dagster"))
    port = os.environ.get("HOLDFAST_UI_PORT", "3000")
    command = [dagster, "dev", "-m", "orchestration.definitions", "-h", "127.0.0.1", "-p", port]
    return os.execv(dagster, command)  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    sys.exit(main())
