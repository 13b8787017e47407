"""`make test EXTENSIONS=dir`: on empty inputs each time, and dbt reads only what changed."""

import duckdb

from orchestration.extensions import __main__ as command
from orchestration.workspace import Workspace


def test_each_run_begins_empty_and_keeps_what_was_parsed(shop, tmp_path, monkeypatch):
    """Every try at a model would cost half a minute of parsing, or see the rows of the last one."""
    seen = []

    def develop(workspace: Workspace, _, names, *, is_shown):
        with duckdb.connect(str(workspace.work_db)) as con:
            (rows,) = con.execute("select count(*) from landing.reservations").fetchall()[0]
            con.execute("create schema left_by_the_last")
        workspace.dbt_target.mkdir(parents=True, exist_ok=True)
        parsed = workspace.dbt_target / "partial_parse.msgpack"
        seen.append((workspace.warehouse, rows, parsed.exists(), sorted(names), is_shown))
        parsed.touch()
        return len(seen) != 2

    monkeypatch.setattr(command, "_KEPT", tmp_path / "kept")
    monkeypatch.setattr(command, "develop", develop)
    monkeypatch.setenv("HOLDFAST_EXTENSIONS", str(shop.extension))
    assert [command.main() for _ in range(3)] == [0, 1, 0]
    folder = seen[0][0]
    names = ["booking_ways", "no_shows_by_customer"]
    assert seen == [(folder, 0, number > 0, names, False) for number in range(3)]
    assert not (folder / "work.duckdb").exists()
    shop.extension.rename(other := tmp_path / "other")
    monkeypatch.setenv("HOLDFAST_EXTENSIONS", str(other))
    assert command.main() == 0
    assert seen[-1][0] != folder
