"""A warehouse before a refresh writes to it: what a dead one left is cleared away."""

from orchestration.orphans import end_orphans
from orchestration.run_records import mend_run_records
from orchestration.sample import keep_sample_apart
from orchestration.session import say
from orchestration.work_database import mend_work_database
from orchestration.workspace import Workspace


def make_ready(workspace: Workspace) -> None:
    """End orphans, mend the work database and Dagster's records, and keep the sample apart.

    The caller holds the writer lock, and no connection of this process is open.

    Args:
        workspace: The workspace to be refreshed.

    Raises:
        WorkDatabaseError: When rows would be lost.
        SettingsError: When the sample is asked for where other rows are.
    """
    if ended := end_orphans(workspace):
        say(f"{'lock':<10}ended what a killed refresh left running (process {ended[0]})")
    mend_work_database(workspace)
    mend_run_records(workspace)
    keep_sample_apart(workspace)
