"""Hashes that say whether a refresh could change anything: what was delivered, and the code."""

import hashlib
import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from orchestration.landing.folder import Entry, FileError, entries, opened
from orchestration.settings import Settings

# Project files that decide the numbers. The sample's generator is none: it makes files, which are
# compared themselves; the benchmark only looks on.
_DBT_CODE = ("models", "macros", "seeds", "tests/data", "dbt_project.yml", "profiles.yml")
_CODE = (*_DBT_CODE, "orchestration", "requirements.lock")
_CODE_SUFFIXES = {".sql", ".yml", ".yaml", ".csv", ".py", ".md", ".lock"}
_LARGE_BYTES = 1_000_000
_NOT_CODE = ("orchestration/sample_data/", "orchestration/bench/")


def code_hash(project: Path, extensions: Path | None = None) -> str:
    """Hash the project files that decide the numbers, and those of an extension.

    Args:
        project: Folder of the project.
        extensions: Folder of the extension, where there is one.

    Returns:
        SHA-256 over names and contents.
    """
    return _with_extension(_hash_files(project, _code_files(project, _CODE)), extensions)


def dbt_hash(project: Path, settings: Settings, extensions: Path | None = None) -> str:
    """Hash what dbt reads to make its manifest: its own files and the settings handed to it.

    The day that counts last is none of them: its one model is the same by any.
    """
    files = _hash_files(project, _code_files(project, (*_DBT_CODE, "tests/unit")))
    files = _with_extension(files, extensions)
    told = settings.as_dbt_vars(but=("as_of",))
    return hashlib.sha256(f"{files} {told}".encode()).hexdigest()


def rest_hash(project: Path, extensions: Path | None = None) -> str:
    """Hash what decides the numbers besides single models, seeds and tests; see `code_hash`.

    That is all code but what dbt's manifest has of each of them by itself: their SQL, Python, CSV,
    and the YAML that describes them.
    """
    ours = _hash_files(project, (f for f in _code_files(project, _CODE) if _is_rest(project, f)))
    if extensions is None:
        return ours
    own = (file for file in _visible_files(extensions) if _is_rest(extensions, file))
    return hashlib.sha256(f"{ours} {_hash_files(extensions, own)}".encode()).hexdigest()


def _is_rest(root: Path, file: Path) -> bool:
    """Whether a code file is none of a single model, seed or test; sources are the contract."""
    name = file.relative_to(root).as_posix()
    is_nodes = name.startswith(("models/", "seeds/", "tests/data/"))
    return not is_nodes or file.name.endswith("sources.yml")


def _with_extension(ours: str, extensions: Path | None) -> str:
    """Return the hash of our files and all of an extension's but hidden ones."""
    if extensions is None:
        return ours
    own = _hash_files(extensions, _visible_files(extensions))
    return hashlib.sha256(f"{ours} {own}".encode()).hexdigest()


def sample_hash(project: Path) -> str:
    """Hash the generator of the sample data."""
    return _hash_files(project, _code_files(project, ("orchestration/sample_data",), ()))


def inputs_hash(landing: Path, settings: Settings) -> str:
    """Hash everything that lies in the landing folder, by name and content.

    Args:
        landing: Folder with the delivered files; what loading leaves alone does not count.
        settings: Where they limit the age of the data against the clock, the day counts too: data
            that was young enough yesterday may be too old today.

    Returns:
        SHA-256 over the sorted names and the contents.
    """
    found = entries(landing)
    total = hashlib.sha256()
    # hashing lets go of the interpreter lock; for small files threads only wait for each other
    with ThreadPoolExecutor() as pool:
        large = {e.key: pool.submit(_hash_entry, e) for e in found if e.bytes > _LARGE_BYTES}
        for entry in found:
            digest = large[entry.key].result() if entry.key in large else _hash_entry(entry)
            total.update(f"{entry.name}\0{digest}\n".encode())
    # with another key every hashed e-mail is another, so all files are read anew
    key = os.environ.get("HOLDFAST_HASH_KEY", "")
    files_hash = hashlib.sha256(f"{total.hexdigest()} {key}".encode()).hexdigest()
    if settings.get("max_data_age_days") and not settings.get("as_of"):
        today = datetime.now(ZoneInfo(settings.get("business_timezone"))).date()
        return hashlib.sha256(f"{files_hash} {today}".encode()).hexdigest()
    return files_hash


def _visible_files(folder: Path) -> Iterable[Path]:
    """List the files below a folder that no hidden name leads to."""
    for path in folder.rglob("*"):
        is_hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.is_file() and not is_hidden:
            yield path


def _code_files(
    project: Path, parts: Iterable[str], excluded: tuple[str, ...] = _NOT_CODE
) -> Iterable[Path]:
    """List the code files below some files and folders of the project."""
    for part in parts:
        start = project / part
        for path in [start] if start.is_file() else start.rglob("*"):
            name = path.relative_to(project).as_posix()
            if path.suffix in _CODE_SUFFIXES and not name.startswith(excluded) and path.is_file():
                yield path


def _hash_files(root: Path, files: Iterable[Path]) -> str:
    """Hash names and contents; hashing lets go of the interpreter lock, so threads help."""
    ordered = sorted(files)
    with ThreadPoolExecutor() as pool:
        hashes = list(pool.map(_hash_file, ordered))
    total = hashlib.sha256()
    for path, digest in zip(ordered, hashes, strict=True):
        total.update(f"{path.relative_to(root).as_posix()}\0{digest}\n".encode())
    return total.hexdigest()


def _hash_entry(entry: Entry) -> str:
    """Hash a delivered file, or say why it may not be opened."""
    try:
        with opened(entry) as (path, _):
            return _hash_file(path)
    except FileError as error:
        return str(error)


def _hash_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
