"""The dbt project as Dagster sees it."""

from collections.abc import Mapping
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DbtProject

from orchestration.contract import load_contract
from orchestration.dbt_manifest import ensure_manifest
from orchestration.workspace import Workspace

_workspace = Workspace.from_environment()
_settings = _workspace.read_settings()

MANIFEST = ensure_manifest(_workspace, _settings)
CONTRACT = load_contract(extensions=_workspace.extensions)
TIMEZONE: str = _settings.get("business_timezone")
DBT_PROJECT = DbtProject(
    project_dir=_workspace.dbt_project,
    target_path=_workspace.dbt_target,
    profiles_dir=_workspace.project,
)


class FolderTranslator(DagsterDbtTranslator):
    """Groups assets as the folders do, so that a new model needs nothing here.

    Marts are grouped by their question (core, retention ...), the rest by its layer.
    """

    def get_asset_spec(
        self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None
    ) -> dg.AssetSpec:
        """Return the default specification, with the folder's group."""
        spec = super().get_asset_spec(manifest, unique_id, project)
        node = manifest["nodes"].get(unique_id)
        if node is None:
            return spec
        folders = node["fqn"][1:-1]
        group = folders[1] if folders[:1] == ["marts"] else (folders or ["seeds"])[0]
        return spec.replace_attributes(group_name="seeds" if _is_seed(node) else group)


def _is_seed(node: Mapping[str, Any]) -> bool:
    """Whether a node of the manifest is a seed."""
    return node["resource_type"] == "seed"
