"""One report of the sample, for all tests here.

HOLDFAST_REPORT_MARTS names a folder with marts.duckdb and manifest.json to read instead of
refreshing the sample, which takes minutes.
"""

import json
import os
from pathlib import Path
from typing import NoReturn

import duckdb
import pytest

from orchestration.report.build import write_report
from orchestration.settings import PROJECT
from orchestration.workspace import Workspace
from tests.python.report.browser import CHROMIUM, chromium

CURRENCY = "EUR"


def beside(folder: Path, marts: Path, manifest: Path) -> Workspace:
    """A warehouse of its own over published marts that it does not own."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "marts.duckdb").symlink_to(marts)
    (folder / "manifest.json").symlink_to(manifest)
    return Workspace(PROJECT, folder / "landing", folder)


def content(workspace: Workspace) -> dict:
    """What stands in the page as data."""
    page = workspace.report_page.read_text(encoding="utf-8")
    start = page.index('id="content">') + len('id="content">')
    return json.loads(page[start : page.index("</script>", start)])


@pytest.fixture(scope="session")
def published(request) -> tuple[Path, Path]:
    """marts.duckdb and manifest.json of the sample."""
    given = os.environ.get("HOLDFAST_REPORT_MARTS")
    if given:
        return Path(given) / "marts.duckdb", Path(given) / "manifest.json"
    warehouse = request.getfixturevalue("sample_warehouse")
    return warehouse.marts_db, warehouse.manifest


@pytest.fixture(scope="session")
def report(published, tmp_path_factory) -> Workspace:
    """A warehouse with the report of the sample."""
    workspace = beside(tmp_path_factory.mktemp("report") / "w", *published)
    write_report(workspace, CURRENCY)
    return workspace


@pytest.fixture(scope="module")
def browser():
    """Chromium with one empty page."""
    if CHROMIUM is None:
        absent("chromium is not installed (Debian: chromium)")
    with chromium() as page:
        yield page


@pytest.fixture(scope="session")
def axe() -> str:
    """The script of axe-core, which looks for what hinders people (make readers)."""
    script = PROJECT / "tests" / "axe" / "node_modules" / "axe-core" / "axe.min.js"
    if not script.is_file():
        absent("axe-core is not installed (make readers)")
    return script.read_text(encoding="utf-8")


def absent(what: str) -> NoReturn:
    """Skip a test for what is not there; in CI it has to be there."""
    if os.environ.get("HOLDFAST_REQUIRE_READERS"):
        pytest.fail(f"{what}, and HOLDFAST_REQUIRE_READERS is set")
    pytest.skip(what)


@pytest.fixture(scope="session")
def emptied(published, tmp_path_factory) -> Path:
    """The marts of the sample without their rows: what a warehouse without orders publishes."""
    folder = tmp_path_factory.mktemp("empty")
    with duckdb.connect() as con:
        con.execute(f"attach '{published[0]}' as full_marts (read_only)")
        con.execute(f"attach '{folder / 'marts.duckdb'}' as emptied")
        tables = con.execute(
            "select schema_name, table_name from duckdb_tables() where database_name = 'full_marts'"
        ).fetchall()
        for schema, name in tables:
            con.execute(f"create schema if not exists emptied.{schema}")
            con.execute(
                f"create table emptied.{schema}.{name} as "
                f"select * from full_marts.{schema}.{name} limit 0"
            )
    manifest = {"refresh_id": "empty", "published_at": "2026-01-01T00:00:00Z", "cutoff_day": None}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


@pytest.fixture
def small(emptied, tmp_path) -> Workspace:
    """A warehouse of its own with the report of empty marts: quickly written anew."""
    workspace = beside(tmp_path / "w", emptied / "marts.duckdb", emptied / "manifest.json")
    write_report(workspace, CURRENCY)
    return workspace
