"""Writes the report of the published marts by hand: python -m orchestration.report."""

import sys
import time

from orchestration.report.build import ReportError, write_report
from orchestration.settings import SettingsError
from orchestration.workspace import Workspace


def main() -> int:
    """Write it and say where it is; returns the exit code."""
    started = time.monotonic()
    try:
        workspace = Workspace.from_environment()
        currency = workspace.read_settings().get("reporting_currency")
        written = write_report(workspace, currency)
    except (ReportError, SettingsError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    print(
        f"{written.page}  ({written.charts} charts, {written.scripts} data scripts, "
        f"{written.bytes / 1e6:.1f} MB, {time.monotonic() - started:.1f} s)"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
