"""Paths: the outside contract's five variables, and nothing read from anywhere else."""

from datetime import date
from pathlib import Path

import pytest

from orchestration.settings import PROJECT, SettingsError
from orchestration.workspace import Workspace


def test_nothing_given_means_sample_and_the_project_warehouse():
    """A stranger's first `make refresh` would find no files."""
    workspace = Workspace.from_environment({})
    assert workspace.is_sample
    assert workspace.landing == PROJECT / "sample" / "landing"
    assert workspace.warehouse == PROJECT / "warehouse"
    assert workspace.as_of is None
    assert workspace.settings_file is None


def test_five_variables_are_read(tmp_path):
    """A variable of the outside contract would be ignored."""
    (tmp_path / "in").mkdir()
    (tmp_path / "s.yml").write_text("settle_days: 3")
    workspace = Workspace.from_environment(
        {
            "HOLDFAST_LANDING": str(tmp_path / "in"),
            "HOLDFAST_WAREHOUSE": str(tmp_path / "out"),
            "HOLDFAST_AS_OF": "2026-05-31",
            "HOLDFAST_SETTINGS": str(tmp_path / "s.yml"),
            "HOLDFAST_EXTENSIONS": str(tmp_path / "in"),
        }
    )
    assert workspace == Workspace(
        PROJECT,
        tmp_path / "in",
        tmp_path / "out",
        date(2026, 5, 31),
        tmp_path / "s.yml",
        extensions=tmp_path / "in",
    )


def test_relative_paths_are_taken_from_the_current_folder(tmp_path, monkeypatch):
    """LANDING=my_files would be looked for inside the project."""
    monkeypatch.chdir(tmp_path)
    Path("in").mkdir()
    workspace = Workspace.from_environment({"HOLDFAST_LANDING": "in", "HOLDFAST_WAREHOUSE": "out"})
    assert workspace.landing == tmp_path / "in"
    assert workspace.warehouse == tmp_path / "out"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("HOLDFAST_LANDING", "LANDING is /nowhere/at/all"),
        ("HOLDFAST_SETTINGS", "SETTINGS is /nowhere/at/all"),
        ("HOLDFAST_EXTENSIONS", "EXTENSIONS is /nowhere/at/all"),
    ],
)
def test_missing_folder_or_file_is_named(name, told):
    """A mistyped landing folder would count as an empty delivery."""
    with pytest.raises(SettingsError, match=told):
        Workspace.from_environment({name: "/nowhere/at/all"})


def test_warehouse_that_is_a_file_is_refused(tmp_path):
    """The refresh would die on its first write, with a stack trace."""
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match="must be a folder"):
        Workspace.from_environment({"HOLDFAST_WAREHOUSE": str(tmp_path / "file")})


def test_children_find_the_same_workspace(tmp_path):
    """The guards or dbt would read another landing folder or warehouse than their parent."""
    (tmp_path / "in").mkdir()
    workspace = Workspace(
        PROJECT,
        tmp_path / "in",
        tmp_path / "out",
        date(2026, 5, 31),
        extensions=tmp_path / "in",
    )
    assert Workspace.from_environment(workspace.environment()) == workspace
    sample = Workspace.from_environment({})
    assert Workspace.from_environment(sample.environment()) == sample
