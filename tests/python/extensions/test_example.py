"""docs/extending.md, walked as a stranger would: every command, every query, every excerpt."""

import os
import re
import shlex
import shutil
import subprocess
from dataclasses import replace

import duckdb
import pytest

from orchestration.nothing_new import find_nothing_new
from orchestration.publishing.publish import read_manifest
from orchestration.settings import PROJECT
from tests.python.extensions.conftest import EXAMPLE, Shop
from tests.python.shared import copy_parsed, refreshed_straight

PAGE = (PROJECT / "docs" / "extending.md").read_text(encoding="utf-8")
MART = "models/marts/my_business/no_shows_by_customer.sql"


def blocks(language: str) -> list[str]:
    """The code blocks of the page in one language."""
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def walk(folder, command: str) -> subprocess.CompletedProcess:
    """Run a command of the page, as if the folder were that of the project."""
    arguments = shlex.split(command)
    if arguments[0] == "make":
        arguments[1:1] = ["-f", str(PROJECT / "Makefile")]
    environment = {name: value for name, value in os.environ.items() if "HOLDFAST" not in name}
    return subprocess.run(
        arguments, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def walked(tmp_path_factory):
    """The shop after every command of the page, in their order, and what each of them said."""
    folder = tmp_path_factory.mktemp("extending")
    shutil.copytree(EXAMPLE, folder / "examples" / "extension")
    said = {}
    for command in "".join(blocks("sh")).splitlines():
        if command.startswith("make refresh"):
            # or dbt would read our models once more, besides those of the shop
            workspace = Shop(folder / "my_shop").workspace
            copy_parsed(workspace.read_settings(), workspace)
        ended = walk(folder, command)
        assert ended.returncode == 0, f"{command}\n{ended.stdout}\n{ended.stderr}"
        said[" ".join(command.split()[:2])] = ended.stdout
    return Shop(folder / "my_shop"), said


def ask(shop, query):
    """Read the published marts."""
    with duckdb.connect(str(shop.workspace.marts_db), read_only=True) as con:
        return con.execute(query).fetchall()


def test_excerpts_are_those_of_the_example():
    """Who copies from the page would copy what was never run."""
    excerpts = [
        block.split("\n", 1)
        for language in ("yaml", "sql")
        for block in blocks(language)
        if re.match(r"(#|--) [\w/]+\.(yml|sql)\n", block)
    ]
    assert len(excerpts) == 4
    for first, text in excerpts:
        assert text in (EXAMPLE / "coffee_shop" / first.split()[1]).read_text(encoding="utf-8")


def test_the_marts_are_published_with_what_is_said_of_them(walked):
    """An extension's mart would be built and never seen, or seen without a word on it."""
    shop, said = walked
    assert "orders 60, reservations 48" in said["make refresh"]
    (query,) = [block for block in blocks("sql") if "from my_business." in block]
    rows = ask(shop, query)
    assert len(rows) == 10
    assert {row[0] for row in rows} <= {row[0] for row in ask(shop, "from core.customers")}
    # counted by hand from the files: C-5 reserved 6 times and did not come twice
    assert [row[1:3] for row in rows if row[0] == "C-5"] == [(6, 2)]
    comments = dict(
        ask(
            shop,
            "select column_name, comment from duckdb_columns() "
            "where table_name = 'no_shows_by_customer'",
        )
    )
    assert comments["no_shows"] == "Of them, those nobody came to."
    ((table,),) = (
        ask(shop, "select comment from duckdb_tables() where table_name = 'no_shows_by_customer'"),
    )
    assert table[0].startswith("One row per customer")
    manifest = read_manifest(shop.workspace)
    (published,) = [each for each in manifest["tables"] if each["schema"] == "my_business"]
    assert published["rows"] == 10
    assert (shop.workspace.warehouse / published["parquet"]).is_file()
    assert manifest["settings"] == {"small_cell_size": 20}


def test_bad_rows_of_an_own_input_are_quarantined(walked):
    """What the business's own contract forbids would be counted."""
    shop, _ = walked
    refused = ask(shop, "select input, line, rule, value from quality.quarantined_rows")
    assert sorted(refused) == [
        ("reservations", 19, "party_size.minimum", "0"),
        ("reservations", 33, "booked_by.seed", "fax"),
    ]


def test_one_model_is_tested_in_seconds(walked):
    """Work on a model would mean a whole refresh for every try."""
    _, said = walked
    assert "1 unit test and 2 data tests passed" in said["make dev"]
    assert "my_business.no_shows_by_customer: 10 rows" in said["make dev"]
    assert "1 unit test and 4 data tests passed" in said["make test"]


def test_a_change_is_published_and_a_broken_one_is_not(walked):
    """Last, as it changes the shop: a touched file is something new, and a removed folder too."""
    shop, _ = walked
    workspace, settings = shop.workspace, shop.workspace.read_settings()
    published = read_manifest(workspace)
    assert find_nothing_new(workspace, settings) is not None
    shop.change(MART, "ref('own_orders')", "ref('int_orders_valued')")
    assert find_nothing_new(workspace, settings) is None

    folder = shop.folder.parent
    command = next(line for line in "".join(blocks("sh")).splitlines() if "refresh" in line)
    ended = walk(folder, command)
    assert ended.returncode != 0
    assert f"{MART}, line " in ended.stderr
    assert "load " not in ended.stdout
    assert read_manifest(workspace) == published

    without = replace(workspace, extensions=None)
    assert find_nothing_new(without, without.read_settings()) is None
    refreshed_straight(without.landing, without.warehouse)
    assert ask(shop, "select 1 from duckdb_tables() where schema_name = 'my_business'") == []
    tables = read_manifest(workspace)["tables"]
    assert {"my_business"} == {each["schema"] for each in published["tables"]} - {
        each["schema"] for each in tables
    }
