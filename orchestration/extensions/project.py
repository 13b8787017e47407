"""The dbt project that is made of ours and an extension's: links, and a dbt_project.yml.

One project, so that the extension's models stand among ours under the same rules, and nothing of
the project is edited or copied.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path

import yaml

from orchestration.contract import Contract, ContractError, load_contract
from orchestration.extensions.layout import Extension, header, problems_error, read_extension
from orchestration.extensions.own_inputs import GENERATED, own_models
from orchestration.settings import load_own_settings
from orchestration.workspace import Workspace

# How the made project names the folder of the extension.
LINK = "extensions"


def lay_out(workspace: Workspace) -> None:
    """Make dbt's project of this warehouse, where an extension is used; ours serves otherwise.

    Only what differs is written, so that dbt reuses what it parsed.

    Args:
        workspace: Names the project, the extension, and the folder to make.

    Raises:
        ExtensionError: When the extension cannot be used.
    """
    if workspace.extensions is None:
        return
    extension = read_extension(workspace.extensions, workspace.project)
    contract = _own_contract(extension.folder)
    wanted: dict[str, Path | str] = {
        "dbt_project.yml": _project_file(workspace, extension),
        **{name: workspace.project / name for name in ("models", "macros", "tests")},
    }
    for name in ("models", "macros", "tests"):
        if (extension.folder / name).is_dir():
            wanted[f"{LINK}/{name}"] = extension.folder / name
    for path in sorted((workspace.project / "seeds").iterdir()):
        wanted[f"seeds/{path.name}"] = path
    # in one folder with ours, where the guards look for them, and in the place of those of one name
    wanted |= {f"seeds/{path.name}": path for path in extension.seeds.values()}
    for path in sorted((extension.folder / "seeds").glob("*.yml")):
        wanted[f"{LINK}/seeds/{path.name}"] = path
    _check_seeds(extension.folder, contract, wanted)
    wanted |= own_models(contract)
    _write_all(workspace.dbt_project, wanted)


def with_real_paths(workspace: Workspace, text: str) -> str:
    """Return what dbt says with the extension's files named as they lie, not by the link.

    Args:
        workspace: Names the extension.
        text: What dbt says.
    """
    return re.sub(rf"\b{LINK}/(?=(?:models|tests|macros|seeds)/)", f"{workspace.extensions}/", text)


def _own_contract(folder: Path) -> Contract:
    """Return the input contract with what the extension adds."""
    try:
        return load_contract(extensions=folder)
    except ContractError as error:
        raise problems_error(folder, [str(error)]) from error


def _check_seeds(folder: Path, contract: Contract, wanted: Mapping[str, Path | str]) -> None:
    """Refuse a column whose values must stand in a seed that is not there."""
    problems = []
    for table in contract:
        for column in table.columns:
            name, _, listed = (column.seed or "").partition(".")
            file = wanted.get(f"seeds/{name}.csv")
            if name and (not isinstance(file, Path) or listed not in header(file)):
                problems.append(
                    f"inputs: table {table.name}: column {column.name}: there is no "
                    f"seeds/{name}.csv with a column {listed}"
                )
    if problems:
        raise problems_error(folder, problems)


def _project_file(workspace: Workspace, extension: Extension) -> str:
    """Return dbt_project.yml of both: ours, with the extension's folders and settings."""
    document = yaml.safe_load((workspace.project / "dbt_project.yml").read_text(encoding="utf-8"))
    document["model-paths"] += [GENERATED, f"{LINK}/models", f"{LINK}/tests/unit"]
    document["seed-paths"].append(f"{LINK}/seeds")
    document["test-paths"].append(f"{LINK}/tests/data")
    document["macro-paths"].append(f"{LINK}/macros")
    for schema in extension.schemas:
        document["models"]["holdfast"]["marts"][schema] = {"+schema": schema}
    document["vars"] |= load_own_settings(extension.folder, document["vars"]).own
    text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True)
    return f"# Made by orchestration/extensions/project.py; edits are lost.\n{text}"


def _write_all(folder: Path, wanted: Mapping[str, Path | str]) -> None:
    """Make a folder hold just these links (a path) and files (a text)."""
    for name, content in wanted.items():
        path = folder / name
        if path.is_symlink() and isinstance(content, Path) and path.readlink() == content:
            continue
        is_file = path.is_file() and not path.is_symlink()
        if is_file and isinstance(content, str) and path.read_text(encoding="utf-8") == content:
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        # made aside and renamed: another process may read the project meanwhile
        aside = path.with_name(f".{path.name}.{os.getpid()}")
        aside.unlink(missing_ok=True)
        if isinstance(content, Path):
            aside.symlink_to(content)
        else:
            aside.write_text(content, encoding="utf-8")
        aside.replace(path)
    for path in sorted(folder.rglob("*"), reverse=True):
        name = path.relative_to(folder).as_posix()
        if name in wanted:
            continue
        if path.is_symlink() or path.is_file():
            path.unlink()
        elif not any(kept.startswith(f"{name}/") for kept in wanted):
            path.rmdir()
