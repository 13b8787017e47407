"""Whether two databases hold the same marts: rows, and how many of them are the same row."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.landing.sql import literal, quoted


@dataclass(frozen=True)
class MartComparison:
    """One mart as the refresh published it and as the floor computed it.

    Attributes:
        mart: schema.name.
        rows: Rows published.
        floor_rows: Rows of the floor.
        same_rows: Published rows that the floor has too, in every column; equal ones once each.
    """

    mart: str
    rows: int
    floor_rows: int
    same_rows: int

    @property
    def is_same(self) -> bool:
        """Whether the two tables hold the same rows."""
        return self.rows == self.floor_rows == self.same_rows


def compare_marts(
    published: Path, floor: Path, marts: Sequence[tuple[str, str]]
) -> list[MartComparison]:
    """Compare marts row by row, by the hash over all columns.

    Args:
        published: marts.duckdb of the refresh.
        floor: Database of the floor.
        marts: Schema and name of each mart.

    Returns:
        One comparison per mart, in that order.
    """
    with duckdb.connect() as con:
        con.execute(f"attach {literal(str(published))} as published (read_only)")
        con.execute(f"attach {literal(str(floor))} as floor (read_only)")
        return [_compare(con, schema, name) for schema, name in marts]


def _compare(con: duckdb.DuckDBPyConnection, schema: str, name: str) -> MartComparison:
    relation = f"{quoted(schema)}.{quoted(name)}"
    columns = [
        quoted(column)
        for (column,) in con.execute(
            "select column_name from duckdb_columns() where database_name = 'published'"
            " and schema_name = ? and table_name = ? order by column_index",
            [schema, name],
        ).fetchall()
    ]
    row = f"hash({', '.join(columns)})"
    # a row that stands n times here and m times there is the same min(n, m) times
    counts = con.execute(
        f"""with
        left_rows as (select {row} as row_hash, count(*) as times
            from published.{relation} group by 1),
        right_rows as (select {row} as row_hash, count(*) as times
            from floor.{relation} group by 1)
        select
            (select coalesce(sum(times), 0) from left_rows),
            (select coalesce(sum(times), 0) from right_rows),
            (select coalesce(sum(least(left_rows.times, right_rows.times)), 0)
                from left_rows inner join right_rows using (row_hash))"""
    ).fetchall()[0]
    return MartComparison(f"{schema}.{name}", *(int(count) for count in counts))
