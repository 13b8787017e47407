"""quality.model_timings: how long each model of a refresh ran, and how many rows it holds."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import duckdb

from orchestration.memory import memory_limit
from orchestration.publishing.publish import Refresh
from orchestration.workspace import Workspace

KEPT_REFRESHES = 60
_BUILT = ("model.", "seed.")


def record_timings(workspace: Workspace, nodes: Mapping[str, Any], refresh: Refresh) -> int:
    """Write what dbt says of its last run to ops.model_timings and its mart.

    The caller holds the writer lock, and no connection of this process is open.

    Args:
        workspace: Where the work database and dbt's artifacts are.
        nodes: Nodes of dbt's manifest by unique id.
        refresh: The refresh that made them.

    Returns:
        Rows of this refresh; 0 where dbt left no results of a run since it began.
    """
    timings = _timings(workspace, nodes, refresh)
    with duckdb.connect(str(workspace.work_db), config={"memory_limit": memory_limit()}) as con:
        # a step that is tried again has written already
        con.execute(
            "delete from ops.model_timings where refresh_id = ? or refresh_id not in "
            "(select refresh_id from ops.refreshes where result = 'published' "
            "order by refresh_id desc limit ?)",
            [refresh.refresh_id, KEPT_REFRESHES - 1],
        )
        sizes = dict(
            con.execute(
                "select schema_name || '.' || table_name, estimated_size from duckdb_tables()"
            ).fetchall()
        )
        if timings:
            con.executemany(
                "insert into ops.model_timings (refresh_id, model, seconds, rows) "
                "values (?, ?, ?, ?)",
                [
                    [refresh.refresh_id, model, seconds, sizes.get(model)]
                    for model, seconds in timings.items()
                ],
            )
        con.execute("delete from quality.model_timings")
        con.execute("insert into quality.model_timings by name select * from ops.model_timings")
    return len(timings)


def _timings(workspace: Workspace, nodes: Mapping[str, Any], refresh: Refresh) -> dict[str, float]:
    """Read the seconds of each model and seed, by schema.table."""
    try:
        text = (workspace.dbt_target / "run_results.json").read_text(encoding="utf-8")
        found = json.loads(text)
        ended_at = datetime.fromisoformat(found["metadata"]["generated_at"]).replace(tzinfo=None)
    except (OSError, ValueError, KeyError):
        return {}
    if ended_at < refresh.started_at:
        return {}
    return {
        f"{nodes[built]['schema']}.{nodes[built]['alias']}": round(result["execution_time"], 3)
        for result in found["results"]
        if (built := result["unique_id"]).startswith(_BUILT) and result["status"] == "success"
    }
