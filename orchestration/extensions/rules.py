"""What an extension's models must keep, read from dbt's manifest: the rules that ours keep."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from orchestration.extensions.layout import OWN_PREFIX, problems_error
from orchestration.extensions.own_inputs import GENERATED
from orchestration.extensions.project import LINK
from orchestration.publishing.marts import is_below_marts
from orchestration.settings import Settings, SettingsError
from orchestration.workspace import Workspace

# var('name') without a default
_SETTING = re.compile(r"""\bvar\(\s*['"]([^'"]+)['"]\s*\)""")


def check_models(workspace: Workspace, manifest: Mapping[str, Any]) -> None:
    """Refuse an extension whose models break the rules that ours keep.

    Args:
        workspace: Names the extension.
        manifest: dbt's manifest of the project with the extension.

    Raises:
        ExtensionError: Names every file, and the line where there is one.
    """
    folder = workspace.extensions
    if folder is None:
        return
    problems = []
    settings = workspace.read_settings()
    tested = {
        test["attached_node"]
        for test in manifest["nodes"].values()
        if (test.get("test_metadata") or {}).get("name") in ("unique", "unique_combination")
    }
    for unique_id, node in manifest["nodes"].items():
        file = node["original_file_path"].removeprefix(f"{LINK}/")
        is_own_seed = node["resource_type"] == "seed" and not (workspace.project / file).is_file()
        if file == node["original_file_path"] and not is_own_seed:
            continue
        problems += [f"{file}{problem}" for problem in _foreign(folder / file, node, manifest)]
        problems += [f"{file}{problem}" for problem in _unknown_settings(node, settings)]
        if is_below_marts(node):
            has_key = unique_id in tested or any(
                constraint["type"] == "primary_key" for constraint in node["constraints"] or []
            )
            problems += [f"{file}: {problem}" for problem in _unfit_mart(node, has_key=has_key)]
        elif node["resource_type"] in ("model", "seed") and not node["description"].strip():
            problems.append(f"{file}: has no description; add an entry in a .yml beside it")
    problems += _replaced_macros(manifest)
    if problems:
        raise problems_error(folder, problems)


def _replaced_macros(manifest: Mapping[str, Any]) -> Iterator[str]:
    """Say which macros of the extension would take the place of dbt's, or of ours on one engine.

    dbt takes a macro of the project before its own: a test `unique`, a `generate_alias_name`, or
    `duckdb__days_between` where ours is dispatched.
    """
    own = {
        unique_id: macro
        for unique_id, macro in manifest["macros"].items()
        if macro["original_file_path"].startswith(f"{LINK}/")
    }
    others = {
        macro["name"]: macro["package_name"]
        for unique_id, macro in manifest["macros"].items()
        if unique_id not in own
    }
    for macro in own.values():
        name = macro["name"]
        taken = next((n for n in (name, name.partition("__")[2]) if n in others), None)
        if taken is not None:
            yield (
                f"{macro['original_file_path'].removeprefix(f'{LINK}/')}: {name} would take the "
                f"place of {taken} of {others[taken]} in all models; give yours another name"
            )


def _unfit_mart(node: Mapping[str, Any], *, has_key: bool) -> Iterator[str]:
    """Say what a mart of the extension lacks that ours have."""
    if not node["description"].strip().startswith("One row per"):
        yield (
            'its description must say what one row is and begin "One row per"; add an entry in a '
            ".yml beside it"
        )
    if not node["contract"]["enforced"]:
        yield "its contract is switched off, but readers rely on it; remove that config"
    if node["config"]["materialized"] not in ("table", "incremental"):
        yield f"is a {node['config']['materialized']}; a mart is published, so it must be a table"
    if node["schema"] != node["fqn"][2]:
        yield f"sets the schema {node['schema']}; a mart stands in the schema of its folder"
    for name, column in node["columns"].items():
        if not column["description"].strip():
            yield f"column {name} has no description"
    if not has_key:
        yield (
            "no test proves its grain; give a column the data test unique, or the model "
            "unique_combination"
        )


def _foreign(path: Path, node: Mapping[str, Any], manifest: Mapping[str, Any]) -> Iterator[str]:
    """Say what a model or test of the extension reads that is not for others to read."""
    if node["resource_type"] not in ("model", "test"):
        return
    for unique_id in node["depends_on"]["nodes"]:
        if unique_id.startswith("source."):
            source = manifest["sources"][unique_id]
            yield (
                f"{_line(path, 'source', source['name'])}: reads the source "
                f"{source['source_name']}.{source['name']}; ref('{OWN_PREFIX}{source['name']}') "
                "has the columns that inputs/ adds, a mart such as ref('orders') the rest"
            )
            continue
        read = manifest["nodes"].get(unique_id)
        is_ours = read is not None and not read["original_file_path"].startswith(
            (f"{LINK}/", f"{GENERATED}/")
        )
        if is_ours and read["resource_type"] == "model" and read["config"]["access"] != "public":
            yield (
                f"{_line(path, 'ref', read['name'])}: ref('{read['name']}') is internal to "
                "holdfast and may change with any update; read a mart (models/marts/) instead"
            )


def _unknown_settings(node: Mapping[str, Any], settings: Settings) -> Iterator[str]:
    """Say which settings it reads that nobody has; dbt would say so only when it is built."""
    for number, line in enumerate((node.get("raw_code") or "").splitlines(), start=1):
        for name in _SETTING.findall(line):
            try:
                settings.get(name)
            except SettingsError as error:
                yield f", line {number}: {error}"


def _line(path: Path, function: str, name: str) -> str:
    """Return `, line n` of the first ref or source that names something, '' where none is seen."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    named = re.compile(rf"{function}\s*\([^)]*['\"]{re.escape(name)}['\"]")
    for number, line in enumerate(lines, start=1):
        if named.search(line):
            return f", line {number}"
    return ""
