"""`make test EXTENSIONS=dir`: build and test all of an extension on empty inputs.

Its unit tests prove its logic, its data tests that they run; what it reads of holdfast is built
empty. Nothing of any warehouse is touched.
"""

import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from orchestration.contract import ContractError, load_contract
from orchestration.dbt_manifest import ManifestError
from orchestration.dev import DevError, develop
from orchestration.extensions.layout import ExtensionError, own_names
from orchestration.landing.tables import create_tables
from orchestration.quiet import be_quiet
from orchestration.records import connect
from orchestration.settings import SettingsError
from orchestration.workspace import Workspace


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
        with tempfile.TemporaryDirectory(prefix="holdfast-extension-") as folder:
            workspace = replace(asked, warehouse=Path(folder))
            with connect(workspace) as con:
                create_tables(con, load_contract(extensions=workspace.extensions))
            names = own_names(asked.extensions)
            return 0 if develop(workspace, workspace.read_settings(), names, is_shown=False) else 1
    except (ContractError, DevError, ExtensionError, ManifestError, SettingsError) as error:
        sys.stderr.write(f"{error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
