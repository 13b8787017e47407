"""Finds the delivered files of each input and what kind of file each one is.

An input's default names are `<input>.<ending>`, `<input>_*.<ending>`, `<input>-*.<ending>`,
`<input>.*.<ending>` and anything in a folder `<input>/`; upper and lower case do not matter. The
endings are csv, tsv, txt, jsonl, ndjson, json, parquet and pq, each also with `.gz`. Names that
begin with a dot, an underscore or `~` are left alone.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from orchestration.contract import Contract
from orchestration.landing.mapping import Delivery

FORMATS = {
    "csv": "csv",
    "tsv": "csv",
    "txt": "csv",
    "jsonl": "jsonl",
    "ndjson": "jsonl",
    "json": "jsonl",
    "parquet": "parquet",
    "pq": "parquet",
}
GZIP_MAGIC = b"\x1f\x8b"
PARQUET_MAGIC = b"PAR1"
_SEPARATORS = "._-"


@dataclass(frozen=True)
class FoundFile:
    """A file delivered for an input.

    Attributes:
        input: Name of the input.
        path: Where it lies.
        name: Path below the landing folder, with `/`.
        delivery: How it is to be read.
    """

    input: str
    path: Path
    name: str
    delivery: Delivery


@dataclass(frozen=True)
class Found:
    """What lies in the landing folder.

    Attributes:
        files: Delivered files by input, in the order of their names.
        unmatched: Names of data files that belong to no input.
    """

    files: Mapping[str, tuple[FoundFile, ...]]
    unmatched: tuple[str, ...]


def find_files(
    landing: Path,
    contract: Contract,
    deliveries: Mapping[str, tuple[Delivery, ...]],
) -> Found:
    """Assigns every data file of the landing folder to the inputs that take it.

    Args:
        landing: The landing folder.
        contract: The input contract.
        deliveries: What inputs.yml says, by input.

    Returns:
        The files by input, and those nobody takes.
    """
    names = {path.relative_to(landing).as_posix(): path for path in _visible(landing)}
    owner = {name: _default_input(name, contract) for name in names}
    found: dict[str, tuple[FoundFile, ...]] = {}
    taken: set[str] = set()
    for table in contract:
        mine: dict[str, FoundFile] = {}
        # entries that name their files choose first; the one without takes what is left
        for delivery in sorted(deliveries[table.name], key=lambda entry: not entry.files):
            matched = (
                {
                    path.relative_to(landing).as_posix()
                    for glob in delivery.files
                    for path in _glob(landing, glob)
                }
                if delivery.files
                else {name for name, input_name in owner.items() if input_name == table.name}
            )
            for name in matched & names.keys() - mine.keys():
                mine[name] = FoundFile(table.name, names[name], name, delivery)
        found[table.name] = tuple(mine[name] for name in sorted(mine))
        taken |= mine.keys()
    unmatched = (name for name in names if name not in taken and ending_of(name))
    return Found(found, tuple(sorted(unmatched)))


def ending_of(name: str) -> str | None:
    """Returns the format a file's name promises: csv, jsonl or parquet; None = no data file."""
    parts = Path(name.lower()).name.split(".")
    if parts[-1] in {"gz", "gzip"}:
        parts.pop()
    return FORMATS.get(parts[-1]) if len(parts) > 1 else None


def content_hash(path: Path) -> str:
    """Returns the SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _visible(landing: Path) -> Iterable[Path]:
    for path in landing.rglob("*"):
        parts = path.relative_to(landing).parts
        if not any(part.startswith((".", "_", "~")) for part in parts) and path.is_file():
            yield path


def _glob(landing: Path, glob: str) -> Iterable[Path]:
    pattern = glob.strip("/")
    for path in landing.glob(pattern):
        yield from (
            (inner for inner in path.rglob("*") if inner.is_file()) if path.is_dir() else [path]
        )


def _default_input(name: str, contract: Contract) -> str | None:
    if ending_of(name) is None:
        return None
    first, *rest = name.lower().split("/")
    if rest:
        return first if first in contract.inputs else None
    fitting = [
        table
        for table in contract.inputs
        if first.startswith(table) and first[len(table) :][:1] in _SEPARATORS
    ]
    return max(fitting, key=len, default=None)
