"""Runs the guards in a child process and takes down what they say."""

import os
import subprocess
import sys

from orchestration.landing.accept import stop
from orchestration.quality.results import CheckResult, read_results, stop_message
from orchestration.quiet import telemetry_switches
from orchestration.records import Ending, connect
from orchestration.session import Session

# Rules, without their column, whose warnings are printed in full.
_TOLD_AT_ONCE = frozenset({"files_pattern", "leading_zeros"})


class GuardError(RuntimeError):
    """The guards themselves broke; nothing was decided about the delivery."""


def run_guards(session: Session) -> list[CheckResult]:
    """Check the delivered rows; a no is recorded and ends the refresh.

    Args:
        session: The refresh.

    Returns:
        The result of every check.

    Raises:
        GuardError: When the child process did not end well or left no result.
    """
    with session.step("guard", "checking what was delivered") as outcome:
        _run_child(session)
        with connect(session.workspace) as con:
            results = read_results(con, session.refresh.refresh_id)
        if not results:
            raise GuardError("The guards left no result, so nothing can be taken on trust.")
        message = stop_message(results)
        if message:
            stop(
                session.workspace,
                session.contract,
                session.settings,
                session.refresh.refresh_id,
                session.now,
            )
            session.ending = Ending("stopped", message)
            session.details = [result.check_id for result in results if result.stops_refresh]
        outcome += _worth_a_line(results)
        outcome.append(_outcome(results))
    return results


def _run_child(session: Session) -> None:
    """Run `python -m orchestration.quality`, which writes its results to the work database."""
    ended = subprocess.run(
        [
            sys.executable,
            "-m",
            "orchestration.quality",
            "--refresh-id",
            session.refresh.refresh_id,
            "--now",
            session.now.isoformat(),
        ],
        env=os.environ | session.workspace.environment() | telemetry_switches(),
        cwd=session.workspace.project,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if ended.returncode != 0:
        raise GuardError(f"The guards ended with code {ended.returncode}:\n{_tail(ended.stdout)}")


def _tail(output: str) -> str:
    """Return the last lines of a process that failed, without what its client leaked meanwhile."""
    told = [line for line in output.splitlines() if "leaked" not in line]
    told = [line for line in told if not line.startswith(("nanobind:", "See https://nanobind"))]
    told = [line for line in told if "skipped remainder" not in line]
    return "\n".join("\n".join(told).strip().splitlines()[-15:])


def _worth_a_line(results: list[CheckResult]) -> list[str]:
    """Return the warnings that a person would miss among counts: something did not come at all."""
    return [
        result.message
        for result in results
        if not result.is_success and result.rule.rpartition(".")[2] in _TOLD_AT_ONCE
    ]


def _outcome(results: list[CheckResult]) -> str:
    """Say in one line what the guards found."""
    failed = [result for result in results if not result.is_success]
    refusing = sum(1 for result in failed if result.severity == "error")
    warning = sum(1 for result in failed if result.severity == "warning")
    stopping = sum(1 for result in failed if result.stops_refresh)
    parts = [f"{len(results):,} checks"]
    if refusing:
        parts.append(f"{refusing} of them found rows to refuse")
    if warning:
        parts.append(f"{warning} only warned")
    if stopping:
        parts.append(f"{stopping} stop the refresh")
    return ", ".join(parts) if len(parts) > 1 else f"{parts[0]}, nothing found"
