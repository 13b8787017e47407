"""`make test EXTENSIONS=dir`: build and test all of an extension on empty inputs.

Its unit tests prove its logic, its data tests that they run; what it reads of holdfast is built
empty. Nothing of any warehouse is touched. What dbt parsed is kept in .cache/extensions, so that
the next run reads only what changed.
"""

import hashlib
import sys
from dataclasses import replace

from orchestration.contract import ContractError, load_contract
from orchestration.dbt_manifest import ManifestError
from orchestration.dev import DevError, develop
from orchestration.extensions.layout import ExtensionError, own_names
from orchestration.landing.tables import create_tables
from orchestration.lock import WriterBusyError, writer_lock
from orchestration.quiet import be_quiet
from orchestration.records import connect
from orchestration.session import lock_timeout, say
from orchestration.settings import PROJECT, SettingsError
from orchestration.workspace import Workspace, wal_of

_KEPT = PROJECT / ".cache" / "extensions"


def main() -> int:
    """Build and test the extension that HOLDFAST_EXTENSIONS names.

    Returns:
        0 when all was built and every test passed, else 1.
    """
    be_quiet()
    try:
        asked = Workspace.from_environment()
        if asked.extensions is None:
            sys.stderr.write("Say which: make test EXTENSIONS=dir\n")
            return 1
        place = hashlib.sha256(str(asked.extensions.resolve()).encode()).hexdigest()[:12]
        workspace = replace(asked, warehouse=_KEPT / place)
        workspace.warehouse.mkdir(parents=True, exist_ok=True)
        with writer_lock(workspace.lock_file, lock_timeout(), say):
            _empty(workspace)
            names = own_names(asked.extensions)
            try:
                is_good = develop(workspace, workspace.read_settings(), names, is_shown=False)
            finally:
                _remove_work_db(workspace)
            return 0 if is_good else 1
    except (
        ContractError,
        DevError,
        ExtensionError,
        ManifestError,
        SettingsError,
        WriterBusyError,
    ) as error:
        sys.stderr.write(f"{error}\n")
    return 1


def _empty(workspace: Workspace) -> None:
    """Make the work database anew, with inputs of which nothing was delivered."""
    _remove_work_db(workspace)
    with connect(workspace) as con:
        create_tables(con, load_contract(extensions=workspace.extensions))


def _remove_work_db(workspace: Workspace) -> None:
    for path in (workspace.work_db, wal_of(workspace.work_db)):
        path.unlink(missing_ok=True)


if __name__ == "__main__":
    sys.exit(main())
