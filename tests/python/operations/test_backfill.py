"""The marts as of past month ends: which, where, and what is done already."""

import json
from dataclasses import replace
from datetime import date

import pytest

from orchestration.backfill import BackfillError, backfill, month_ends, plan
from orchestration.fingerprint import code_hash, inputs_hash
from orchestration.settings import PROJECT

TODAY = date(2026, 3, 31)


def test_month_ends_are_those_of_the_calendar():
    """A wrong last day would show a month's numbers of a day before its end."""
    assert month_ends("2023-12", "2024-03", TODAY) == [
        date(2023, 12, 31), date(2024, 1, 31), date(2024, 2, 29), date(2024, 3, 31),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("first", "last", "told"),
    [
        ("2026-02", "2026-01", "FROM 2026-02 is later than UNTIL 2026-01"),
        ("2026-01", "2026-03", "2026-03 has not ended yet: UNTIL may be 2026-02 at most"),
        ("2026-13", "2026-13", "FROM must be a month written YYYY-MM"),
        ("2026-01-31", "2026-02", "FROM must be a month written YYYY-MM"),
        ("1990-01", "2026-02", "at most 240 at once"),
    ],
)
def test_months_that_cannot_be_are_refused(first, last, told):
    """A typing error would compute for days, or a month be shown as ended that runs."""
    with pytest.raises(BackfillError, match=told):
        month_ends(first, last, TODAY)


def test_what_is_done_is_passed_over_until_files_settings_or_code_change(
    workspace, monkeypatch, capsys
):
    """An interrupted backfill would begin anew, or keep months of other files."""
    monkeypatch.setattr("orchestration.nothing_new.is_intact", lambda *_: True)
    (workspace.landing / "orders.csv").write_text("order_id\n1\n")
    workspace.warehouse.mkdir()
    workspace.hash_key_file.write_text("key\n")
    ends = month_ends("2026-01", "2026-03", date(2026, 4, 1))
    ran = []

    def refresh(own, settings):
        """Publish as a refresh does, but nothing; the first time February fails."""
        ran.append(own.as_of)
        assert own.hash_key_file.read_text() == "key\n"
        assert own.hash_key_file.stat().st_mode & 0o077 == 0
        if len(ran) == 2:
            return False
        manifest = {
            "settings": settings.overrides, "code_hash": code_hash(PROJECT),
            "inputs_hash": inputs_hash(own.landing, settings),
        }  # fmt: skip
        own.manifest.write_text(json.dumps(manifest))
        own.work_db.touch()
        return True

    assert not backfill(workspace, ends, refresh=refresh)
    assert "1 of 3 month ends are done; 2026-02-28 was not published" in capsys.readouterr().out
    assert backfill(workspace, ends, refresh=refresh)
    assert ran == [ends[0], ends[1], ends[1], ends[2]]
    assert "1 of 3: 2026-01-31" in capsys.readouterr().out
    # each by itself, and nothing beside what is published
    assert sorted(path.name for path in workspace.warehouse.iterdir()) == [".hash_key", "backfill"]
    folders = sorted(path.name for path in (workspace.warehouse / "backfill").iterdir())
    assert folders == ["2026-01", "2026-02", "2026-03"]
    assert [month.is_done for month in plan(workspace, ends)] == [True] * 3
    settings = workspace.warehouse.with_name("settings.yml")
    settings.write_text("settle_days: 1")
    other = replace(workspace, settings_file=settings)
    assert [month.is_done for month in plan(other, ends)] == [False] * 3
    (workspace.landing / "orders.csv").write_text("order_id\n2\n")
    assert [month.is_done for month in plan(workspace, ends)] == [False] * 3
