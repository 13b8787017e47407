"""Dagster's definitions: loadable, complete, wired so that a no stops what comes after."""

from dataclasses import replace
from datetime import UTC, datetime

import dagster as dg
import duckdb
import pytest

from orchestration.contract import load_contract
from orchestration.outcomes import Outcomes, read_outcomes, write_outcomes
from orchestration.publishing.publish import read_manifest
from orchestration.records import Ending
from orchestration.session import open_session
from orchestration.settings import PROJECT, load_settings
from orchestration.workspace import Workspace

GROUPS = {
    "core", "retention", "revenue", "lifetime_value", "segmentation", "win_back",
    "voice_of_customer", "quality",
}  # fmt: skip


def test_definitions_load(definitions):
    """`make ui` would show an error page instead of the assets."""
    dg.Definitions.validate_loadable(definitions)


def test_job_covers_every_asset_and_check(definitions):
    """An asset outside the job would never be refreshed."""
    graph = definitions.resolve_asset_graph()
    job = definitions.resolve_job_def("refresh")
    assert set(job.asset_layer.executable_asset_keys) == set(graph.executable_asset_keys)
    assert len(graph.asset_check_keys) > len(load_contract().inputs)


def test_no_of_a_guard_blocks_all_that_follows(definitions):
    """A delivery refused by the guards would be loaded all the same."""
    graph = definitions.resolve_asset_graph()
    for name in load_contract().inputs:
        key = dg.AssetCheckKey(dg.AssetKey("incoming"), name)
        assert graph.get(key).blocking, name
    downstream = dg.AssetSelection.keys("incoming").downstream().resolve(graph)
    marts = {key for key in graph.executable_asset_keys if key.path[0] in ("core", "retention")}
    assert marts <= downstream
    assert dg.AssetKey(["published", "marts"]) in downstream
    assert dg.AssetKey(["landing", "orders"]) in downstream


def test_every_mart_is_published_after_it_is_built(definitions):
    """A mart could be published before its tests ran."""
    graph = definitions.resolve_asset_graph()
    parents = graph.get(dg.AssetKey(["published", "marts"])).parent_keys
    marts = {key for key in graph.executable_asset_keys if graph.get(key).group_name in GROUPS}
    assert {graph.get(key).group_name for key in marts} == GROUPS
    assert marts == parents


def test_failing_model_test_blocks(definitions):
    """A broken identity would be shown as a yellow mark and published."""
    graph = definitions.resolve_asset_graph()
    of_models = [key for key in graph.asset_check_keys if key.asset_key.path[0] == "core"]
    assert of_models
    assert all(graph.get(key).blocking for key in of_models)


def test_groups_follow_the_folders(definitions):
    """A new mart would land in a group called default."""
    graph = definitions.resolve_asset_graph()
    groups = {graph.get(key).group_name for key in graph.executable_asset_keys}
    assert "default" not in groups
    assert graph.get(dg.AssetKey(["staging", "stg_orders"])).group_name == "staging"
    assert graph.get(dg.AssetKey(["core", "orders"])).group_name == "core"


@pytest.mark.parametrize(("fails", "is_good"), [(2, True), (3, False)])
def test_a_step_that_passes_later_leaves_one_record_of_success(
    tmp_path, monkeypatch, capsys, fails, is_good
):
    """Dagster would give up at the first try, or the record tell of a failure that was none."""
    from orchestration.resources import retried

    (tmp_path / "landing").mkdir()
    workspace = Workspace(PROJECT, tmp_path / "landing", tmp_path / "warehouse")
    monkeypatch.setenv("HOLDFAST_RETRIES", "2")
    monkeypatch.setenv("HOLDFAST_RETRY_WAIT", "0.01")
    tries = []

    # several outputs, of which some were told before it failed: as the step of the models does
    @dg.multi_asset(specs=[dg.AssetSpec("one", skippable=True), dg.AssetSpec("two")])
    def models():
        with retried(session), session.step("models", "building") as outcome:
            tries.append(1)
            yield dg.MaterializeResult("one")
            if len(tries) <= fails:
                raise duckdb.IOException("IO Error: Could not set lock on file x")
            yield dg.MaterializeResult("two")
            session.ending = Ending("published")
            outcome.append("done")

    with open_session(workspace, load_settings()) as session:
        assert session.refresh
        with dg.DagsterInstance.ephemeral() as instance:
            result = dg.materialize([models], instance=instance, raise_on_error=False)
    assert result.success is is_good
    assert len(tries) == 3
    with duckdb.connect(str(workspace.work_db), read_only=True) as con:
        ((ended, message),) = con.execute("select result, message from ops.refreshes").fetchall()
    last = read_outcomes(workspace).last
    if is_good:
        assert (ended, message, last.result, last.may_help_again) == (
            "published", None, "published", False,
        )  # fmt: skip
    else:
        assert (ended, last.reason, last.may_help_again) == ("failed", "locked", True)
        assert message.count("Could not set lock") == 1
    told = capsys.readouterr().out
    assert told.count("this may pass: trying again in") == 2


def test_a_run_that_waited_finds_that_all_is_done(definitions, sample_warehouse, monkeypatch):
    """The schedule and the sensor would refresh the same delivery twice."""
    for name, value in sample_warehouse.environment().items():
        monkeypatch.setenv(name, value)
    published = read_manifest(sample_warehouse)
    monkeypatch.setattr("orchestration.assets.landing.find_nothing_new", lambda *_: published)
    with dg.DagsterInstance.ephemeral() as instance:
        result = definitions.resolve_job_def("refresh").execute_in_process(
            instance=instance, raise_on_error=False
        )
    assert result.success
    assert result.get_asset_materialization_events() == []
    assert read_manifest(sample_warehouse) == published
    with duckdb.connect(str(sample_warehouse.work_db), read_only=True) as con:
        assert con.execute("select count(*) from ops.refreshes").fetchall() == [(1,)]


def test_what_grows_old_is_a_warning_of_its_own(definitions, tmp_path, monkeypatch):
    """An export that stopped would be seen by nobody, as nothing new comes and nothing runs."""
    (tmp_path / "landing").mkdir()
    (tmp_path / "settings.yml").write_text("max_data_age_days: 5")
    workspace = Workspace(
        PROJECT, tmp_path / "landing", tmp_path / "w", settings_file=tmp_path / "settings.yml"
    )
    for name, value in workspace.environment().items():
        monkeypatch.setenv(name, value)
    today = datetime.now(UTC).date().isoformat()
    write_outcomes(
        workspace, Outcomes(newest={"orders": "2026-01-01", "subscription_periods": today})
    )
    with dg.DagsterInstance.ephemeral() as instance:
        result = definitions.resolve_job_def("freshness").execute_in_process(instance=instance)
    checks = {
        (e.asset_key.to_user_string(), e.check_name): e
        for e in result.get_asset_check_evaluations()
    }
    assert {name: check.passed for name, check in checks.items()} == {
        ("landing/orders", "fresh"): False,
        ("landing/subscription_periods", "fresh"): True,
        ("published/marts", "fresh"): False,
    }
    assert {check.severity for check in checks.values()} == {dg.AssetCheckSeverity.WARN}
    assert not (workspace.warehouse / ".writer.lock").exists(), "it would wait for a refresh"
    assert replace(read_outcomes(workspace)).last is None
