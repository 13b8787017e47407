"""docs/marts.md says how the published tables join; each line of it holds on published marts."""

import os
import re

import duckdb
import pytest

from orchestration.landing.sql import quoted
from orchestration.publishing.marts import Mart, marts_of
from orchestration.publishing.relationships import (
    NAME_NOTHING,
    Relationship,
    relationships,
    tables_page,
)
from orchestration.settings import PROJECT, load_settings
from orchestration.straight import read_dbt_manifest
from tests.python.shared import compiled_models

PAGE = PROJECT / "docs" / "marts.md"


@pytest.fixture(scope="module")
def manifest() -> dict:
    """dbt's picture of the project."""
    return read_dbt_manifest(compiled_models(load_settings()).target)


@pytest.fixture(scope="module")
def marts(manifest) -> list[Mart]:
    """What is published."""
    return marts_of(manifest)


def broken_keys(con: duckdb.DuckDBPyConnection, marts: list[Mart]) -> list[str]:
    """Tables with two rows of one key; nulls count as equal."""
    return [
        f"{mart.schema}.{mart.name}"
        for mart in marts
        if con.execute(
            f"select count(*) > (select count(*) from (select distinct "
            f"{', '.join(quoted(column) for column in mart.key)} from {mart.relation})) "
            f"from {mart.relation}"
        ).fetchall()
        != [(False,)]
    ]


def broken_relationships(
    con: duckdb.DuckDBPyConnection, stated: list[Relationship]
) -> list[Relationship]:
    """Relationships of which a row has a value without counterpart that nothing explains."""
    return [
        one
        for one in stated
        if con.execute(
            f"select count(*) from {one.table} where {one.column} is not null "
            f"and ({one.unmatched}) is not true and not exists (select 1 from {one.to_table} "
            f"as named where named.{one.to_column} = {one.table}.{one.column})"
        ).fetchall()
        != [(0,)]
    ]


def test_every_key_and_relationship_of_the_page_holds(sample_warehouse, marts):
    """A BI model built from the page would multiply rows, or lose them in a join."""
    stated = relationships(marts)
    assert [mart.name for mart in marts if not mart.key] == []
    assert len(stated) > 80
    keys = {f"{mart.schema}.{mart.name}": mart.key for mart in marts}
    # many to one: what is named is the whole key there
    assert [one for one in stated if keys[one.to_table] != (one.to_column,)] == []
    with duckdb.connect(str(sample_warehouse.marts_db), read_only=True) as con:
        assert broken_keys(con, marts) == []
        assert broken_relationships(con, stated) == []
        # an exception that never happens is a wrong line of the page
        for one in stated:
            if one.note:
                (happens,) = con.execute(
                    f"select count(*) > 0 from {one.table} where {one.unmatched}"
                ).fetchall()[0]
                assert happens, one


def test_every_published_column_says_what_it_means(sample_warehouse):
    """A BI tool shows the comments; a column without one would be guessed at."""
    with duckdb.connect(str(sample_warehouse.marts_db), read_only=True) as con:
        silent = con.execute(
            "select schema_name || '.' || table_name from duckdb_tables() "
            "where coalesce(comment, '') = '' union all "
            "select schema_name || '.' || table_name || '.' || column_name from duckdb_columns() "
            "where not internal and coalesce(comment, '') = ''"
        ).fetchall()
    assert silent == []


def test_a_broken_key_or_relationship_is_seen():
    """The proof itself must bite: a doubled row, a null that stands twice, a name of nothing."""
    marts = [
        Mart("core", "orders", "", {}, frozenset(), key=("order_id", "part")),
        Mart("core", "people", "", {}, frozenset(), key=("person_id",)),
    ]
    stated = [
        Relationship("core.orders", "person_id", "core.people", "person_id"),
        Relationship("core.orders", "person_id", "core.people", "person_id", "part = 2"),
    ]
    with duckdb.connect() as con:
        con.execute("create schema core")
        con.execute("create table core.people as select unnest(['a', 'b']) as person_id")
        con.execute(
            "create table core.orders as select * from (values (1, 1, 'a'), (1, null, null), "
            "(1, 2, 'x')) as t (order_id, part, person_id)"
        )
        assert broken_keys(con, marts) == []
        assert broken_relationships(con, stated) == stated[:1]
        con.execute("insert into core.orders values (1, null, 'y'), (2, 1, 'b')")
        assert broken_keys(con, marts) == ["core.orders"]
        assert broken_relationships(con, stated) == stated
        con.execute("insert into core.people values ('b')")
        assert broken_keys(con, marts) == ["core.orders", "core.people"]


def test_the_page_is_that_of_the_models(manifest, marts):
    """A new mart, key or id would be missing from the page, and nobody would know how it joins."""
    wanted = tables_page(marts)
    introduction, _, tables = PAGE.read_text(encoding="utf-8").partition("## core")
    if os.environ.get("HOLDFAST_UPDATE_MARTS_PAGE"):
        PAGE.write_text(introduction + wanted, encoding="utf-8")
    else:
        assert f"## core{tables}" == wanted, "HOLDFAST_UPDATE_MARTS_PAGE=1 writes it anew"
    listed = set(re.findall(r"^\| `(\w+)` \|", wanted, re.MULTILINE))
    assert listed == {mart.name for mart in marts}
    assert "docs/marts.md" in (PROJECT / "README.md").read_text(encoding="utf-8")

    stated = relationships(marts)
    names = {(one.table, one.column) for one in stated}
    unstated = {
        (f"{mart.schema}.{mart.name}", column)
        for mart in marts
        for column in mart.columns
        if (column.endswith("_id") or column in ("period_start", "cohort_start"))
        and mart.key != (column,)
        and column not in NAME_NOTHING
    } - names
    assert unstated == set()
    # what dbt tests between marts stands here too
    published = {f"model.holdfast.{mart.model}": f"{mart.schema}.{mart.name}" for mart in marts}
    tested = {
        (published[node["attached_node"]], node["column_name"])
        for node in manifest["nodes"].values()
        if (node.get("test_metadata") or {}).get("name") == "relationships"
        and set(node["depends_on"]["nodes"]) <= set(published)
    }
    assert tested
    assert tested <= names
