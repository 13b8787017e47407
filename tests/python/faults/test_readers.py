"""Readers all through publications: no error, no mix, and the way to the new version."""

import json
import shutil
import time

import duckdb

from orchestration.publishing import publish as publishing
from orchestration.publishing.publish import read_manifest
from tests.python.faults import victim
from tests.python.faults.readers import readers
from tests.python.faults.shop import NEW, ORDERS

PUBLICATIONS = 200


def test_four_readers_live_through_two_hundred_publications(shop, base, undisturbed, tmp_path):
    """Dashboards would fail, or show tables of two refreshes, in one of many nights.

    Two real publications, of 120 and of 160 orders, put in place in turn by the real steps.
    """
    workspace = shop.workspace
    shutil.copyfile(undisturbed.workspace.work_db, workspace.work_db)
    assert shop.run(victim.publish, shop.models).code == 0
    known = [(source.workspace, read_manifest(source.workspace)) for source in (base, undisturbed)]
    with readers(workspace.warehouse, tmp_path / "stop") as seen:
        for number in range(PUBLICATIONS):
            source, manifest = known[number % 2]
            put_in_place(workspace, source, manifest)
            if number % 20 == 19:
                time.sleep(0.1)  # so that the slow ones look at some version at leisure
    assert seen.problems == []
    assert seen.reads > 100
    ids = {manifest["refresh_id"] for _, manifest in known}
    for kind, versions in seen.versions.items():
        assert ids <= set(versions), kind
        counted = [versions[manifest["refresh_id"]][0] for _, manifest in known]
        assert counted == [ORDERS, ORDERS + NEW], kind


def put_in_place(workspace, source, manifest):
    """Publish what another warehouse published: each step the real one."""
    building = workspace.warehouse / ".marts.again.building.duckdb"
    version = workspace.parquet_versions / manifest["refresh_id"]
    shutil.copyfile(source.marts_db, building)
    if not version.exists():
        folder = publishing._building_folder(version)
        shutil.copytree(source.parquet_versions / version.name, folder)
        publishing.place_parquet(version)
    publishing.replace_marts(workspace, building)
    publishing.swap_parquet_link(workspace, version)
    publishing.replace_manifest(workspace, manifest)


def test_a_long_lived_reader_picks_up_a_new_version(shop, base, undisturbed):
    """A dashboard that keeps its connection would show last week's numbers, and not know it."""
    workspace = shop.workspace
    held = duckdb.connect(str(workspace.marts_db), read_only=True)
    opened = workspace.marts_db.stat().st_ino
    shutil.copyfile(undisturbed.workspace.work_db, workspace.work_db)
    assert shop.run(victim.publish, shop.models).code == 0
    # what is open stays what it was, and whole
    assert held.execute("select count(*) from core.orders").fetchall() == [(ORDERS,)]
    # the sign: another refresh in the manifest, another file under the name
    manifest = json.loads(workspace.manifest.read_text())
    assert manifest["refresh_id"] != read_manifest(base.workspace)["refresh_id"]
    assert workspace.marts_db.stat().st_ino != opened
    # within one process DuckDB shares a file by its path: the old connection is closed first
    held.close()
    with duckdb.connect(str(workspace.marts_db), read_only=True) as con:
        assert con.execute("select count(*) from core.orders").fetchall() == [(ORDERS + NEW,)]
        assert con.execute("select max(refresh_id) from quality.refreshes").fetchall() == [
            (manifest["refresh_id"],)
        ]
