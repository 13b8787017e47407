"""Dagster's definitions: loadable, complete, wired so that a no stops what comes after."""

import dagster as dg
import pytest

from orchestration.contract import load_contract

GROUPS = {
    "core", "retention", "revenue", "lifetime_value", "segmentation", "win_back",
    "voice_of_customer", "quality",
}  # fmt: skip


@pytest.fixture(scope="module")
def definitions():
    """The definitions; making them parses the models."""
    from orchestration.definitions import defs

    return defs


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
