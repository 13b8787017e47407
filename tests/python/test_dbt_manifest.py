"""What dbt is told, and what it parses again for it."""

from datetime import date

from orchestration.dbt_manifest import dbt_arguments
from orchestration.fingerprint import dbt_hash
from orchestration.settings import PROJECT, load_settings
from orchestration.workspace import Workspace
from tests.python.shared import compile_models, copy_parsed, read_parsed

DAYS = (None, date(2026, 5, 31), date(2026, 6, 30))


def test_another_day_leaves_the_arguments_and_the_manifest_as_they_are(tmp_path):
    """Else dbt would parse the whole project again for each AS_OF."""
    told = set()
    for day in DAYS:
        workspace = Workspace(PROJECT, tmp_path, tmp_path, as_of=day)
        settings = workspace.read_settings()
        assert settings.get("as_of") == (day.isoformat() if day else "")
        told.add((*dbt_arguments(workspace, settings), dbt_hash(PROJECT, settings)))
    assert len(told) == 1


def test_a_day_of_the_settings_file_is_told_by_vars(tmp_path):
    """Nobody puts it into the environment."""
    (tmp_path / "settings.yml").write_text("as_of: 2026-05-31", encoding="utf-8")
    workspace = Workspace(PROJECT, tmp_path, tmp_path, settings_file=tmp_path / "settings.yml")
    assert '"as_of": "2026-05-31"' in dbt_arguments(workspace, workspace.read_settings())[-1]


def test_the_day_reaches_the_one_model_that_asks(tmp_path):
    """By the environment, in which dbt knows the files to parse again; over a day by vars."""
    workspace = Workspace(PROJECT, tmp_path, tmp_path, as_of=DAYS[1])
    settings = load_settings(as_of=DAYS[2])
    copy_parsed(settings, workspace)
    compile_models(workspace, settings, ["int_data_cutoff"])
    [compiled] = workspace.dbt_target.glob("compiled/holdfast/models/**/int_data_cutoff.sql")
    text = compiled.read_text(encoding="utf-8")
    assert "2026-05-31" in text
    assert "2026-06-30" not in text
    asking = [
        source.path.original_file_path
        for source in read_parsed(workspace).files.values()
        if "HOLDFAST_AS_OF" in getattr(source, "env_vars", [])
    ]
    assert asking == ["models/intermediate/int_data_cutoff.sql"]
