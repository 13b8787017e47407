"""Writes the report of the published marts by hand: python -m orchestration.report."""

import sys
import time

from orchestration.lock import WriterBusyError, writer_lock
from orchestration.report.build import ReportError, write_report
from orchestration.session import lock_timeout, say
from orchestration.settings import SettingsError
from orchestration.workspace import Workspace


def main() -> int:
    """Write it and say where it is; returns the exit code."""
    started = time.monotonic()
    try:
        workspace = Workspace.from_environment()
        currency = workspace.read_settings().get("reporting_currency")
        # a refresh writes the report too, in the same folder beside it
        with writer_lock(workspace.lock_file, lock_timeout(), lambda who: say(f"lock      {who}")):
            written = write_report(workspace, currency)
    except (ReportError, SettingsError, WriterBusyError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    print(
        f"{written.page}  ({written.charts} charts, {written.scripts} data scripts, "
        f"{written.bytes / 1e6:.1f} MB, {time.monotonic() - started:.1f} s)"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
