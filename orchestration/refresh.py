"""`python -m orchestration.refresh`: from delivered files to published marts, or a clear no.

The job `refresh` runs here in process. What is slow to import (dagster, dbt) is imported only once
it is known that there is something to do.
"""

import contextlib
import json
import os
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb

from orchestration import notices
from orchestration.advice import advice
from orchestration.dbt_manifest import ManifestError, ensure_manifest, is_manifest_fresh
from orchestration.landing.arrival import require_complete
from orchestration.lock import WriterBusyError, writer_lock
from orchestration.nothing_new import find_nothing_new
from orchestration.outcomes import Outcome, instant, read_outcomes
from orchestration.publishing.publish import read_manifest
from orchestration.quiet import be_quiet, telemetry_switches
from orchestration.ready import make_ready
from orchestration.records import Ending, connect
from orchestration.retries import Attempts, worth_retrying
from orchestration.sample import SampleError, make_sample
from orchestration.session import (
    failed_before,
    hold_warehouse,
    lock_timeout,
    say,
    wait_to_retry,
)
from orchestration.settings import Settings, SettingsError
from orchestration.showing import showable
from orchestration.steps import metered
from orchestration.summary import nothing_new, print_summary
from orchestration.time_limit import TimeLimitError, limited, time_limit
from orchestration.work_database import WorkDatabaseError
from orchestration.workspace import Workspace

_DAGSTER_YAML = """# Written by orchestration/refresh.py.
telemetry: {{enabled: false}}
# the steps print for a person; copying their output into files costs processes and seconds
compute_logs:
  module: dagster._core.storage.noop_compute_log_manager
  class: NoOpComputeLogManager
# Dagster's own files, over connections that are kept
event_log_storage:
  module: orchestration.run_log
  class: KeptSqliteEventLogStorage
  config: {{base_dir: {base_dir}}}
# one writer: runs that the schedule or the sensor ask for wait for each other
concurrency:
  runs: {{max_concurrent_runs: 1}}
"""


def main() -> int:
    """Run a refresh as the environment asks for it.

    Returns:
        0 only when the marts are published as asked for (or already were), else 1.
    """
    be_quiet()
    workspace, before, started_at = None, None, instant()
    try:
        workspace = Workspace.from_environment()
        before = read_outcomes(workspace).last
        settings = workspace.read_settings()
        if _run_persistently(workspace, settings):
            return 0
        tell_once(workspace, before, failed_before("The run ended early.", started_at))
    except KeyboardInterrupt:
        _say_no("Interrupted. What was published before stands.", None)
        return 130
    except Exception as error:
        is_said = _say_error(error, workspace)
        tell_once(workspace, before, failed_before(error, started_at))
        if not is_said:
            raise
    return 1


def _say_error(error: Exception, workspace: Workspace | None) -> bool:
    """Say why a refresh ended, where that is a known error; returns whether it is."""
    if isinstance(
        error, (SettingsError, WriterBusyError, ManifestError, SampleError, TimeLimitError)
    ):
        _say_no(str(error), None)
    elif isinstance(error, WorkDatabaseError):
        _say_no(str(error), workspace)
    elif isinstance(error, (OSError, MemoryError, duckdb.Error)):
        # a full disk, a folder that may not be written, a database another program holds open
        message = f"{error}\n({type(error).__name__})"
        to_do = advice(message, workspace) if workspace is not None else None
        _say_no("\n".join(filter(None, [message, to_do])), workspace)
    else:
        return False
    return True


def _run_persistently(workspace: Workspace, settings: Settings) -> bool:
    """Run the refresh; try again what failed outside its steps, which try again themselves."""
    attempts = Attempts()
    while True:
        try:
            return run_refresh(workspace, settings, attempts)
        except Exception as error:
            # the wait for another refresh has counted its own tries
            is_busy = isinstance(error, WriterBusyError)
            if is_busy or not wait_to_retry(attempts, worth_retrying(error), str(error)):
                raise


def tell_once(workspace: Workspace | None, before: Outcome | None, outcome: Outcome) -> None:
    """Tell of a failure that no session told of, as it came before it or after its end."""
    told = None if workspace is None else read_outcomes(workspace).last
    if told is None or told == before or told.pid != os.getpid():
        notices.ended(workspace, outcome)


def run_refresh(workspace: Workspace, settings: Settings, attempts: Attempts | None = None) -> bool:
    """Refresh one warehouse, unless nothing is new, and say how it went.

    Args:
        workspace: Where it reads and writes.
        settings: Its business settings.
        attempts: How often it may wait anew for another refresh; counted here by default.

    Returns:
        Whether the published marts are what was asked for.
    """
    started = time.monotonic()
    if workspace.is_sample:
        make_sample(workspace)
    currency = settings.get("reporting_currency")
    published = find_nothing_new(workspace, settings)
    if published is None:
        require_complete(workspace.landing)
        with hold_warehouse(workspace, attempts or Attempts()):
            make_ready(workspace)
            # whoever held the lock may have published just this
            published = find_nothing_new(workspace, settings)
            if published is None:
                return _run(workspace, settings, started)
    notices.well_again(workspace)
    _mend_report(workspace, published, currency)
    nothing_new(workspace, published, currency)
    return True


def _mend_report(workspace: Workspace, manifest: Mapping[str, Any], currency: str) -> None:
    """Write the report where that of these marts is missing; nothing else has to run for it."""
    from orchestration.report.build import is_current, write_report

    if is_current(workspace, manifest):
        return
    try:
        with writer_lock(workspace.lock_file, lock_timeout(), lambda who: say(f"lock      {who}")):
            write_report(workspace, currency)
    except Exception as error:
        _say_no_report(str(error), workspace)


def _say_no_report(message: str | None, workspace: Workspace) -> None:
    """Say on stderr that the marts are published and the report is not."""
    lines = ["", "PUBLISHED, BUT THE REPORT WAS NOT WRITTEN", message or "It ended before its end."]
    if workspace.report_page.exists():
        lines.append(f"{workspace.report_page} is of an earlier refresh.")
    lines.append("`make refresh` tries again.")
    sys.stdout.flush()
    sys.stderr.write(showable("\n".join(lines)) + "\n")


def _run(workspace: Workspace, settings: Settings, started: float) -> bool:
    """Run the job, holding the writer lock, and print the summary or the reason why not."""
    with _environment(workspace), limited(time_limit()):
        if not is_manifest_fresh(workspace, settings):
            say(f"{'parse':<10}reading the models, since code or settings changed ...")
            with metered(workspace.step_log, "parse") as meter:
                ensure_manifest(workspace, settings)
            say(f"{'':<10}done ({meter.seconds:.1f} s)")
        failure = _run_job(workspace)
    manifest = read_manifest(workspace)
    ending, refresh_id = _last_ending(workspace)
    if failure is None and manifest is not None and manifest["refresh_id"] == refresh_id:
        print_summary(workspace, manifest, settings.get("reporting_currency"))
        say(f"\nPublished in {time.monotonic() - started:.0f} s.")
        return True
    if manifest is not None and manifest["refresh_id"] == refresh_id:
        # what comes after the publication cannot undo it
        print_summary(workspace, manifest, settings.get("reporting_currency"))
        _say_no_report(failure, workspace)
        return True
    _say_no(ending.message or failure or "The run ended before it published.", workspace)
    return False


def _run_job(workspace: Workspace) -> str | None:
    """Run the job `refresh` in this process; returns why it failed, or None."""
    from orchestration.jobs import run_in_process

    write_dagster_yaml(workspace.dagster_home)
    return run_in_process(workspace.dagster_home)


def _last_ending(workspace: Workspace) -> tuple[Ending, str | None]:
    """Read how the latest refresh ended."""
    with connect(workspace) as con:
        rows = con.execute(
            "select result, message, refresh_id from ops.refreshes order by refresh_id desc limit 1"
        ).fetchall()
    if not rows:
        return Ending("failed"), None
    result, message, refresh_id = rows[0]
    return Ending(result, message), refresh_id


def write_dagster_yaml(home: Path) -> None:
    """Give Dagster its instance settings where it has none of this version."""
    home.mkdir(parents=True, exist_ok=True)
    file = home / "dagster.yaml"
    content = _DAGSTER_YAML.format(base_dir=json.dumps(str(home / "history" / "runs")))
    if not file.is_file() or file.read_text(encoding="utf-8") != content:
        file.write_text(content, encoding="utf-8")


def _say_no(message: str, workspace: Workspace | None) -> None:
    """Say why nothing was published, on stderr, and what stands."""
    lines = ["", "NOT PUBLISHED", message]
    if workspace is not None:
        manifest = read_manifest(workspace)
        if manifest is not None:
            lines += ["", f"The marts of {manifest['published_at']} stand as they were."]
        if workspace.checks_page.exists():
            lines.append(f"What was checked: {workspace.checks_page}")
    sys.stdout.flush()
    sys.stderr.write(showable("\n".join(lines)) + "\n")


@contextlib.contextmanager
def _environment(workspace: Workspace) -> Iterator[None]:
    """Hand the workspace to Dagster's resources and to children, and take it back afterwards."""
    before = dict(os.environ)
    os.environ.update(telemetry_switches() | workspace.environment())
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


if __name__ == "__main__":
    sys.exit(main())
