"""`make backfill FROM=2026-01 UNTIL=2026-03`: the marts as of each past month end.

Each month end is a refresh with AS_OF into a warehouse of its own, `<into>/2026-01`; what is
published for the present is not touched. A month that is there already, of the same files, settings
and code, is passed over, so that what was interrupted goes on where it ended.
"""

import argparse
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

from orchestration.dbt_manifest import ManifestError
from orchestration.landing.personal import keep_key
from orchestration.lock import WriterBusyError
from orchestration.nothing_new import find_nothing_new
from orchestration.quiet import be_quiet
from orchestration.refresh import run_refresh
from orchestration.sample import SampleError, make_sample
from orchestration.session import say
from orchestration.settings import Settings, SettingsError
from orchestration.time_limit import TimeLimitError
from orchestration.work_database import WorkDatabaseError
from orchestration.workspace import Workspace

# More would be a typing error, and years of computing.
MOST_MONTHS = 240


class BackfillError(ValueError):
    """The months cannot be taken; the message says what would do."""


@dataclass(frozen=True)
class Month:
    """One month end to be rebuilt.

    Attributes:
        workspace: Its warehouse and its AS_OF.
        settings: Its settings.
        is_done: Whether it stands published from the same files, settings and code.
    """

    workspace: Workspace
    settings: Settings
    is_done: bool


def main(arguments: list[str] | None = None) -> int:
    """Rebuild month ends one after another, and say which are done.

    Args:
        arguments: First and last month, `--into` a folder; the process's own by default.

    Returns:
        0 when all month ends are published, else 1.
    """
    be_quiet()
    parser = argparse.ArgumentParser(prog="make backfill", description=__doc__)
    parser.add_argument("first", metavar="FROM", help="first month, YYYY-MM")
    parser.add_argument("last", metavar="UNTIL", help="last month, YYYY-MM")
    parser.add_argument("--into", type=Path, help="folder for the month ends")
    given = parser.parse_args(arguments)
    try:
        workspace = Workspace.from_environment()
        today = datetime.now(ZoneInfo(workspace.read_settings().get("business_timezone"))).date()
        ends = month_ends(given.first, given.last, today)
        if workspace.is_sample:
            make_sample(workspace)
        return 0 if backfill(workspace, ends, given.into) else 1
    except (
        BackfillError,
        ManifestError,
        SampleError,
        SettingsError,
        TimeLimitError,
        WorkDatabaseError,
        WriterBusyError,
    ) as error:
        sys.stderr.write(f"{error}\n")
    except (OSError, duckdb.Error) as error:
        sys.stderr.write(f"{error}\n({type(error).__name__})\n")
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted. Run it again to go on; what is done is passed over.\n")
        return 130
    return 1


def month_ends(first: str, last: str, today: date) -> list[date]:
    """List the last days of the months from one to another.

    Args:
        first: First month, YYYY-MM.
        last: Last month, YYYY-MM.
        today: The present local day; a month that has not ended has no end yet.

    Raises:
        BackfillError: When these are no months in order, one has not ended, or they are too many.
    """
    start, stop = _month("FROM", first), _month("UNTIL", last)
    if start > stop:
        raise BackfillError(f"FROM {first} is later than UNTIL {last}.")
    ends = []
    while start <= stop:
        following = (start + timedelta(days=31)).replace(day=1)
        ends.append(following - timedelta(days=1))
        start = following
    if ends[-1] >= today:
        raise BackfillError(
            f"{last} has not ended yet: UNTIL may be {_before(today):%Y-%m} at most."
        )
    if len(ends) > MOST_MONTHS:
        raise BackfillError(f"These are {len(ends)} months; at most {MOST_MONTHS} at once.")
    return ends


def plan(workspace: Workspace, ends: Sequence[date], into: Path | None = None) -> list[Month]:
    """Say where each month end goes, and which are done.

    Args:
        workspace: The warehouse of the present.
        ends: Month ends.
        into: Folder for the month ends; `backfill` in the warehouse by default.
    """
    months = []
    for end in ends:
        folder = (into or workspace.warehouse / "backfill") / f"{end:%Y-%m}"
        own = replace(workspace, warehouse=folder, as_of=end)
        settings = own.read_settings()
        months.append(Month(own, settings, find_nothing_new(own, settings) is not None))
    return months


def backfill(
    workspace: Workspace,
    ends: Sequence[date],
    into: Path | None = None,
    refresh: Callable[[Workspace, Settings], bool] = run_refresh,
) -> bool:
    """Rebuild the month ends that are not done; ends with the first that fails.

    Args:
        workspace: The warehouse of the present, which is not written to but for the folder.
        ends: Month ends.
        into: Folder for the month ends.
        refresh: Refreshes one warehouse; returns whether it is published.

    Returns:
        Whether all are published.
    """
    months = plan(workspace, ends, into)
    for number, month in enumerate(months, start=1):
        as_of, folder = month.workspace.as_of, month.workspace.warehouse
        say(f"{'month':<10}{number} of {len(months)}: {as_of}, {folder}")
        if month.is_done:
            say(f"{'':<10}done already, of the same files, settings and code")
            continue
        _share_key(workspace, month.workspace)
        if not refresh(month.workspace, month.settings):
            say(
                f"\n{number - 1} of {len(months)} month ends are done; {as_of} was not published. "
                "Run it again to go on there."
            )
            return False
    ends = "1 month end is" if len(months) == 1 else f"{len(months)} month ends are"
    say(f"\n{ends} published in {months[0].workspace.warehouse.parent}.")
    return True


def _share_key(present: Workspace, past: Workspace) -> None:
    """Hash personal columns of each month end with the key of the present, so that they compare."""
    if present.hash_key_file.is_file() and not past.hash_key_file.exists():
        keep_key(past, present.hash_key_file.read_text(encoding="utf-8").strip())


def _month(name: str, text: str) -> date:
    if re.fullmatch(r"\d{4}-\d{2}", text):
        try:
            return date.fromisoformat(f"{text}-01")
        except ValueError:
            pass
    raise BackfillError(f"{name} must be a month written YYYY-MM, such as 2026-05; it is {text!r}.")


def _before(today: date) -> date:
    return today.replace(day=1) - timedelta(days=1)


if __name__ == "__main__":
    sys.exit(main())
