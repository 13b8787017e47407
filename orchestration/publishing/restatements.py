"""quality.restatements: cells of final periods that a refresh changes, and why.

After the models are built and before they are published, what is built is compared with the Parquet
files that stand published, as manifest.json names them: no reader is disturbed, and a refresh that
was killed is compared anew. Only changed cells leave rows.
"""

from collections.abc import Sequence

import duckdb

from orchestration.landing.sql import literal, quoted
from orchestration.memory import memory_limit
from orchestration.publishing.arrivals import find_arrivals
from orchestration.publishing.marts import Mart
from orchestration.publishing.publish import Refresh, is_whole, read_manifest
from orchestration.workspace import Workspace

# More cells of one mart than anybody reads: a changed setting restates everything.
MOST_CELLS = 100_000
_MEASURE_TYPES = ("BIGINT", "INTEGER", "HUGEINT", "DECIMAL")


def record_restatements(workspace: Workspace, marts: Sequence[Mart], refresh: Refresh) -> int:
    """Write what this refresh changes in final cells to ops.restatements and its mart.

    The caller holds the writer lock, and no connection of this process is open.

    Args:
        workspace: Where the work database is and where the marts stand published.
        marts: The tables about to be published.
        refresh: The refresh that made them.

    Returns:
        Rows of this refresh.
    """
    published = read_manifest(workspace)
    with duckdb.connect(
        config={
            "memory_limit": memory_limit(),
            "temp_directory": str(workspace.warehouse / ".tmp"),
            "autoinstall_known_extensions": False,
            "TimeZone": "UTC",
        }
    ) as con:
        con.execute(f"attach {literal(str(workspace.work_db))} as work")
        if not _has_table(con, "ops", "restatements"):
            return 0
        # rows of a refresh that never was published, this one's own first try included
        con.execute(
            "delete from work.ops.restatements where refresh_id not in "
            "(select refresh_id from work.ops.refreshes where result = 'published')"
        )
        # marts of rows that are no longer here, such as the sample's, are nobody's numbers before
        if published is not None and _is_of_this_history(con, published["refresh_id"]):
            _Comparison(con, workspace, published, refresh).run(marts)
        if _has_table(con, "quality", "restatements"):
            con.execute("delete from work.quality.restatements")
            con.execute(
                "insert into work.quality.restatements by name select * from work.ops.restatements"
            )
        return con.execute(
            "select count(*) from work.ops.restatements where refresh_id = ?", [refresh.refresh_id]
        ).fetchall()[0][0]


class _Comparison:
    """One refresh against one publication."""

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        workspace: Workspace,
        published: dict,
        refresh: Refresh,
    ) -> None:
        self._con = con
        self._refresh = refresh
        self._base = published
        self._files = {
            f"{table['schema']}.{table['name']}": (workspace.warehouse / table["parquet"], table)
            for table in published["tables"]
        }
        self._checked: dict[str, str | None] = {}
        self._has_arrivals = False
        self._counts: set[str] = set()

    def run(self, marts: Sequence[Mart]) -> None:
        """Compare every mart that says which of its cells are final."""
        rows = self._con.execute(
            "select cutoff_day from work.intermediate.int_data_cutoff"
        ).fetchall()
        cutoff_day = self._base["cutoff_day"]
        # a look back at an earlier day restates nothing
        if not rows or cutoff_day is None or rows[0][0].isoformat() < cutoff_day:
            return
        for mart in marts:
            self._compare(mart)

    def _published(self, table: str) -> str | None:
        """Say what to read of a published table; None where it was not published.

        A file that is not as it was written says nothing either: it must not end the refresh that
        puts it right.
        """
        if table not in self._checked:
            file, entry = self._files.get(table, (None, {}))
            is_as_written = file is not None and is_whole(file, entry)
            self._checked[table] = f"read_parquet({literal(str(file))})" if is_as_written else None
        return self._checked[table]

    def _compare(self, mart: Mart) -> None:
        old = self._published(f"{mart.schema}.{mart.name}")
        if old is None or not mart.key:
            return
        standing = {
            name for (name, *_) in self._con.execute(f"describe select * from {old}").fetchall()
        }
        types = dict(
            self._con.execute(
                "select column_name, data_type from duckdb_columns() where database_name = 'work' "
                "and schema_name = ? and table_name = ? order by column_index",
                [mart.schema, mart.name],
            ).fetchall()
        )
        if "is_final" not in standing & set(types) or not set(mart.key) <= standing & set(types):
            return
        measures = [
            name
            for name, data_type in types.items()
            if data_type.startswith(_MEASURE_TYPES)
            and name in standing
            and name not in mart.key
            and name not in mart.running
        ]
        if not measures:
            return
        same_key = " and ".join(
            f"old.{quoted(name)} is not distinct from new.{quoted(name)}" for name in mart.key
        )
        differs = " or ".join(
            f"old.{quoted(name)} is distinct from new.{quoted(name)}" for name in measures
        )
        may_change = "and not old.is_restating" if "is_restating" in standing else ""
        pairs = ", ".join(
            f"cast(old.{quoted(name)} as decimal(38, 6)) as {quoted('old_' + name)}, "
            f"cast(new.{quoted(name)} as decimal(38, 6)) as {quoted('new_' + name)}"
            for name in measures
        )
        keys = ", ".join(f"old.{quoted(name)}" for name in mart.key)
        self._con.execute(
            f"""create or replace temp table changed as
            select row_number() over () as id, {keys}, {pairs}
            from {old} as old
            left join work.{mart.relation} as new on {same_key}
            where old.is_final {may_change} and ({differs})"""
        )
        (count,) = self._con.execute("select count(*) from changed").fetchall()[0]
        if count:
            self._counts = {m for m in measures if not types[m].startswith("DECIMAL")}
            self._find_causes(mart)
            self._write(mart, measures, count)

    def _find_causes(self, mart: Mart) -> None:
        """Make the temp table `causes`: id, cause."""
        if not self._has_arrivals:
            find_arrivals(
                self._con, self._published, self._base["refresh_id"], self._base["cutoff_day"]
            )
            self._has_arrivals = True
        is_set = (
            self._base["settings"] != dict(self._refresh.settings)
            or self._base["code_hash"] != self._refresh.code_hash
        )
        until = _last_day(mart)
        if "customer_id" in mart.key:
            own = "arrivals.dimension = 'customer_id' and arrivals.value = changed.customer_id"
        elif {"dimension", "value"} <= set(mart.key):
            own = "arrivals.dimension = changed.dimension and arrivals.value = changed.value"
        else:
            own = "arrivals.dimension = 'all'"
        levels = (
            f"(({own}) or arrivals.dimension is null) and arrivals.first_day <= {until}",
            f"arrivals.dimension = 'all' and arrivals.first_day <= {until}",
            "arrivals.dimension = 'all'",
        )
        self._con.execute("create or replace temp table causes (id bigint, cause varchar)")
        if is_set:
            self._con.execute("insert into causes select id, 'setting' from changed")
        self._con.execute("create or replace temp table open_cells as select * from changed")
        for level in levels:
            self._con.execute(
                f"""insert into causes select distinct changed.id, arrivals.cause
                from open_cells as changed inner join arrivals on {level}"""
            )
            if is_set:
                break
            self._con.execute("delete from open_cells where id in (select id from causes)")
        # nothing arrived, and nothing was set: a refresh that died had taken the rows, or a bug
        self._con.execute(
            "insert into causes select id, 'correction' from open_cells "
            "where id not in (select id from causes)"
        )

    def _write(self, mart: Mart, measures: Sequence[str], count: int) -> None:
        """Write one row per changed cell and measure, or per measure where they are too many."""
        name = literal(f"{mart.schema}.{mart.name}")
        refresh_id = literal(self._refresh.refresh_id)
        cell = "to_json({" + ", ".join(f"{literal(k)}: {quoted(k)}" for k in mart.key) + "})"
        values = " union all ".join(
            f"""select id, {cell} as cell, {literal(measure)} as measure,
                {measure in self._counts} as is_count,
                {quoted("old_" + measure)} as before, {quoted("new_" + measure)} as now
            from changed
            where {quoted("old_" + measure)} is distinct from {quoted("new_" + measure)}"""
            for measure in measures
        )
        # who gives something back is a customer all the same (E29): a count has another cause
        causes = """select id, string_agg(distinct cause, ', ' order by cause) as cause,
                coalesce(
                    string_agg(distinct cause, ', ' order by cause)
                        filter (where cause <> 'refund'),
                    'refund'
                ) as cause_of_count
            from causes group by id"""
        if count > MOST_CELLS:
            rows = f"""select '{{"changed_cells":{count}}}' as cell, measure, sum(before) as before,
                sum(now) as now,
                (select string_agg(distinct cause, ', ' order by cause) from causes) as cause
            from ({values}) group by measure"""
        else:
            rows = f"""select cast(cell as varchar) as cell, measure, before, now,
                case when is_count then cause_of_count else cause end as cause
            from ({values}) inner join ({causes}) using (id)"""
        self._con.execute(
            f"""insert into work.ops.restatements by name
            with earlier as (
                select cell, measure, min_by(as_first_published, refresh_id) as first_value
                from work.ops.restatements where mart = {name} group by cell, measure
            )
            select {refresh_id} as refresh_id, {name} as mart, rows.cell, rows.measure,
                cast(case when earlier.cell is null then rows.before else earlier.first_value end
                    as decimal(38, 6)) as as_first_published,
                cast(rows.before as decimal(38, 6)) as as_published_before,
                cast(rows.now as decimal(38, 6)) as as_now,
                rows.cause,
                cast({literal(self._refresh.started_at.isoformat(sep=" "))} as timestamp)
                    as restated_at
            from ({rows}) as rows
            left join earlier using (cell, measure)"""
        )


def _last_day(mart: Mart) -> str:
    """Say, in SQL, the last day whose events can have touched a changed cell."""
    # a cohort takes back who came earlier, and gives away who moves to an earlier one
    if "cohort_start" in mart.key or "period_start" not in mart.key:
        return "date '9999-12-31'"
    if "grain" not in mart.key:
        return "last_day(changed.period_start)"
    return """cast(changed.period_start + case changed.grain when 'week' then interval 7 day
        when 'month' then interval 1 month when 'quarter' then interval 3 month
        else interval 1 year end - interval 1 day as date)"""


def _is_of_this_history(con: duckdb.DuckDBPyConnection, refresh_id: str) -> bool:
    return bool(
        con.execute(
            "select 1 from work.ops.refreshes where refresh_id = ?", [refresh_id]
        ).fetchall()
    )


def _has_table(con: duckdb.DuckDBPyConnection, schema: str, name: str) -> bool:
    return bool(
        con.execute(
            "select 1 from duckdb_tables() where database_name = 'work' "
            f"and (schema_name, table_name) in (({literal(schema)}, {literal(name)}))"
        ).fetchall()
    )
