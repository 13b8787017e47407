"""`python -m orchestration.dbt_command docs generate`: dbt with a refresh's paths and settings.

It works on the private work database as the last refresh left it; the published marts are not
touched.
"""

import os
import subprocess
import sys

from orchestration.dbt_manifest import (
    ManifestError,
    dbt_arguments,
    dbt_executable,
    ensure_manifest,
)
from orchestration.lock import WriterBusyError, writer_lock
from orchestration.quiet import be_quiet
from orchestration.session import lock_timeout, say
from orchestration.settings import SettingsError
from orchestration.workspace import Workspace


def main(arguments: list[str] | None = None) -> int:
    """Run a dbt command while holding the writer lock.

    Args:
        arguments: dbt's arguments; the process's own by default.

    Returns:
        dbt's exit code, or 1 when the workspace cannot be used.
    """
    be_quiet()
    given = sys.argv[1:] if arguments is None else arguments
    try:
        workspace = Workspace.from_environment()
        settings = workspace.read_settings()
        ensure_manifest(workspace, settings)
        if not workspace.work_db.is_file():
            sys.stderr.write(f"There is no {workspace.work_db}; run `make refresh` first.\n")
            return 1
        with writer_lock(workspace.lock_file, lock_timeout(), lambda who: say(who)):
            return subprocess.run(
                [str(dbt_executable()), *given, *dbt_arguments(workspace, settings)],
                env=os.environ | workspace.environment(),
                cwd=workspace.project,
                check=False,
            ).returncode
    except (SettingsError, WriterBusyError, ManifestError) as error:
        sys.stderr.write(f"{error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
