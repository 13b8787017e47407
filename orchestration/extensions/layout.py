"""What an extension's folder holds, and what is wrong with it before anything is parsed."""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from orchestration.settings import SettingsError

OWN_PREFIX = "own_"
PLACES = {
    "models/marts/<schema>": (".sql", ".yml", ".md"),
    "models/intermediate": (".sql", ".yml", ".md"),
    "seeds": (".csv", ".yml"),
    "tests/unit": (".yml", ".csv", ".sql"),
    "tests/data": (".sql", ".yml"),
    "macros": (".sql", ".yml"),
    "inputs": (".yml",),
}
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_MACRO = re.compile(r"{%-?\s*(?:macro|test)\s+(\w+)")
# Schemas that are private, will hold marts of ours, or mean something to DuckDB.
_RESERVED_SCHEMAS = {
    *("landing", "incoming", "ops", "staging", "intermediate", "seeds", "main"),
    *("lifetime_value", "segmentation", "win_back", "voice_of_customer"),
    *("information_schema", "pg_catalog", "temp", "system"),
}


class ExtensionError(SettingsError):
    """The extension cannot be used; the message names file and line, and what would do."""


@dataclass(frozen=True)
class Extension:
    """What an extension adds.

    Attributes:
        folder: Its folder.
        schemas: Schemas of its marts.
        seeds: Its seed files by name, those that replace ours included.
    """

    folder: Path
    schemas: tuple[str, ...]
    seeds: Mapping[str, Path]


def read_extension(folder: Path, project: Path) -> Extension:
    """Look through an extension's folder.

    Args:
        folder: The folder.
        project: Folder of the project.

    Returns:
        What it adds.

    Raises:
        ExtensionError: When a file stands where nothing reads it, a name is taken, or a seed that
            replaces ours lacks a column.
    """
    problems = list(_misplaced(folder))
    taken = _taken_names(project)
    for kind, path, name in _named(folder):
        place = path.relative_to(folder)
        if not _NAME.fullmatch(name):
            problems.append(f"{place}: the name {name!r} is not plain snake_case")
        elif kind != "macro" and name.startswith(OWN_PREFIX):
            problems.append(f"{place}: names that begin with {OWN_PREFIX} are made from inputs/")
        elif name in taken[kind]:
            problems.append(
                f"{place}: holdfast has a {kind} named {name} itself "
                f"({taken[kind][name]}); give yours another name"
            )
    marts = folder / "models" / "marts"
    schemas = (
        sorted(path.name for path in marts.iterdir() if path.is_dir()) if marts.is_dir() else []
    )
    ours = {path.name for path in (project / "models" / "marts").iterdir() if path.is_dir()}
    problems += [
        f"models/marts/{schema}: the schema {schema} is holdfast's own; name the folder otherwise"
        for schema in schemas
        if schema in ours | _RESERVED_SCHEMAS
    ]
    seeds = {path.stem: path for path in sorted((folder / "seeds").glob("*.csv"))}
    problems += [
        problem for path in seeds.values() for problem in _unlike_ours(path, folder, project)
    ]
    if problems:
        raise problems_error(folder, problems)
    return Extension(folder, tuple(schemas), seeds)


def own_names(folder: Path) -> list[str]:
    """Return the names of an extension's models and seeds.

    Args:
        folder: Its folder.
    """
    return [name for kind, _, name in _named(folder) if kind in ("model", "seed")]


def _misplaced(folder: Path) -> Iterator[str]:
    """Say of every file that nothing would read where it belongs."""
    for path in _files(folder):
        name = path.relative_to(folder).as_posix()
        if name in ("settings.yml", "README.md", "LICENSE"):
            continue
        endings = _endings(path.relative_to(folder))
        if endings is None:
            yield f"{name}: nothing reads a file there. {_layout()}"
        elif path.suffix not in endings:
            yield f"{name}: only {', '.join(endings)} files are read there"


def _endings(name: Path) -> tuple[str, ...] | None:
    """Return the endings of the files that are read where a file stands; None = nothing is."""
    for place, endings in PLACES.items():
        parts = place.split("/")
        above = name.parts[:-1]
        fits = len(above) >= len(parts) and all(
            part == there or part.startswith("<") for part, there in zip(parts, above, strict=False)
        )
        # seeds and inputs are lists of files; the others may have folders of their own
        if fits and (len(above) == len(parts) or place not in ("seeds", "inputs")):
            return endings
    return None


def _layout() -> str:
    return f"An extension has settings.yml and {', '.join(f'{place}/' for place in PLACES)}."


def _files(folder: Path) -> Iterable[Path]:
    """List an extension's files; hidden ones do not count."""
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if path.is_file() and not any(part.startswith((".", "__pycache__")) for part in parts):
            yield path


def _named(folder: Path) -> Iterator[tuple[str, Path, str]]:
    """List kind, file and name of all that an extension gives a name."""
    for path in _files(folder / "models"):
        if path.suffix == ".sql":
            yield "model", path, path.stem
    for path in _files(folder / "seeds"):
        if path.suffix == ".csv":
            yield "seed", path, path.stem
    for path in _files(folder / "tests" / "data"):
        if path.suffix == ".sql" and "generic" not in path.parts:
            yield "data test", path, path.stem
    for path in [*_files(folder / "macros"), *_files(folder / "tests" / "data")]:
        for name in _MACRO.findall(path.read_text(encoding="utf-8")):
            yield "macro", path, name


def _taken_names(project: Path) -> dict[str, dict[str, str]]:
    """Return the names that are taken by kind, each with the file that has it."""
    taken: dict[str, dict[str, str]] = {"model": {}, "seed": {}, "data test": {}, "macro": {}}
    for kind, path, name in _named(project):
        taken[kind][name] = path.relative_to(project).as_posix()
    # a seed of the same name replaces ours; one named as a model of ours cannot
    taken["model"] |= taken.pop("seed")
    taken["seed"] = {
        name: file for name, file in taken["model"].items() if not file.startswith("seeds/")
    }
    return taken


def _unlike_ours(path: Path, folder: Path, project: Path) -> Iterator[str]:
    """Say which columns of ours a seed that replaces it lacks."""
    replaced = project / "seeds" / path.name
    if not replaced.is_file():
        return
    if lost := [name for name in header(replaced) if name not in header(path)]:
        yield (
            f"{path.relative_to(folder)}, line 1: replaces holdfast's seed {path.stem} but lacks "
            f"its column{'s' if len(lost) > 1 else ''} {', '.join(lost)}; begin with a copy of "
            f"{replaced}"
        )


def header(path: Path) -> list[str]:
    """Return the column names of a seed file."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return next(csv.reader(file), [])


def problems_error(folder: Path, problems: Iterable[str]) -> ExtensionError:
    """Return the error that lists all problems of an extension."""
    listed = (f"- {problem}" for problem in problems)
    return ExtensionError("\n".join([f"The extension {folder} cannot be used:", *listed]))
