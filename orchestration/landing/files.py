"""Finds the delivered files of each input and what kind of file each one is.

Patterns are compared with the names that were listed; they never reach the file system.

An input's default names are `<input>.<ending>`, `<input>_*.<ending>`, `<input>-*.<ending>`,
`<input>.*.<ending>` and anything in a folder `<input>/`; upper and lower case do not matter. The
endings are csv, tsv, txt, jsonl, ndjson, json, parquet and pq, each also with `.gz`. Names that
begin with a dot, an underscore or `~`, or end as a file does that is still being written (`.part`,
`.tmp` ...), are left alone. So is, by its default name, a file that inputs.yml gives to an input by
`files`: products_usage.csv, given to product_usage, is no file of products.
"""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path

from orchestration.contract import Contract
from orchestration.landing.folder import UNKNOWN, Entry, FileError, State, entries, opened
from orchestration.landing.mapping import SOURCE, Delivery

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
# Source of rows for which neither the file nor inputs.yml states one.
DEFAULT_SOURCE = "main"
GZIP_MAGIC = b"\x1f\x8b"
PARQUET_MAGIC = b"PAR1"
_SEPARATORS = "._-"
_DIGEST_LENGTH = 64  # of SHA-256, in hexadecimal digits
# Archives and workbooks: what lies in them is not looked at.
_PACKED = frozenset(
    {"7z", "br", "bz2", "lz4", "ods", "rar", "tar", "tgz", "xls", "xlsm", "xlsx", "xz", "z", "zip"}
) | {"zst", "zstd"}
_PACKED_MAGIC = (
    b"PK\x03\x04",
    b"7z\xbc\xaf",
    b"BZh",
    b"Rar!",
    b"\xfd7zXZ",
    b"\x28\xb5\x2f\xfd",
    b"\xd0\xcf\x11\xe0",
)
_IS_PACKED = (
    "is an archive or a workbook; unpack it, or save its sheet as CSV (gzip alone is unpacked here)"
)


@dataclass(frozen=True)
class FoundFile:
    """A file delivered for an input.

    Attributes:
        input: Name of the input.
        entry: Where it lies, and why it may not be opened.
        delivery: How it is to be read.
    """

    input: str
    entry: Entry
    delivery: Delivery

    @property
    def name(self) -> str:
        """Path below the landing folder, with `/`, as it can be shown and stored."""
        return self.entry.name


@dataclass(frozen=True)
class Found:
    """What lies in the landing folder.

    Attributes:
        files: Delivered files by input, in the order of their names.
        unmatched: What belongs to no input: data files, and what may not be opened.
        idle: Patterns of inputs.yml that name no file, each with its input.
    """

    files: Mapping[str, tuple[FoundFile, ...]]
    unmatched: tuple[Entry, ...]
    idle: tuple[tuple[str, str], ...] = ()


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
    lying = {entry.key: _judged(entry) for entry in entries(landing)}
    fitting = {
        pattern: {key for key in lying if _fits(key, pattern)}
        for mapped in deliveries.values()
        for delivery in mapped
        for pattern in delivery.files
    }
    given: set[str] = set().union(*fitting.values())
    owner = {
        key: _default_input(entry, contract) for key, entry in lying.items() if key not in given
    }
    found: dict[str, tuple[FoundFile, ...]] = {}
    taken: set[str] = set()
    idle: list[tuple[str, str]] = []
    for table in contract:
        mine: dict[str, FoundFile] = {}
        # entries that name their files choose first; the one without takes what is left
        for delivery in sorted(deliveries[table.name], key=lambda entry: not entry.files):
            if delivery.files:
                idle += [(table.name, g) for g in delivery.files if not fitting[g]]
                matched = set().union(*(fitting[g] for g in delivery.files))
            else:
                matched = {key for key, input_name in owner.items() if input_name == table.name}
            for key in matched - mine.keys():
                mine[key] = FoundFile(table.name, lying[key], delivery)
        found[table.name] = tuple(mine[key] for key in sorted(mine))
        taken |= mine.keys()
    unmatched = (
        entry
        for key, entry in lying.items()
        if key not in taken and (ending_of(key) or entry.fault)
    )
    return Found(found, tuple(unmatched), tuple(idle))


def ending_of(name: str) -> str | None:
    """Returns the format a file's name promises: csv, jsonl or parquet; None = no data file."""
    parts = Path(name.lower()).name.split(".")
    if parts[-1] in {"gz", "gzip"}:
        parts.pop()
    return FORMATS.get(parts[-1]) if len(parts) > 1 else None


def _judged(entry: Entry) -> Entry:
    is_packed = entry.key.lower().rpartition(".")[2] in _PACKED
    return replace(entry, fault=_IS_PACKED) if is_packed and not entry.fault else entry


def refuse_packed(path: Path) -> None:
    """Refuses an archive or a workbook by its first bytes, whatever its name says.

    Raises:
        FileError: It is one.
    """
    with path.open("rb") as file:
        if file.read(8).startswith(_PACKED_MAGIC):
            raise FileError(_IS_PACKED)


def content_hash(file: FoundFile) -> tuple[str, State]:
    """Returns what a delivered file is told apart by, and by what it is known again.

    That is the SHA-256 of its bytes and, where inputs.yml states another source than the default,
    `@` and the source: the same bytes from two shops are the rows of two shops (E21).

    A file that cannot be opened has no content; its name stands in, and no state is like its own,
    so that reading it tells why.
    """
    source = source_of(file.delivery)
    of_source = "" if source == DEFAULT_SOURCE else f"@{source}"
    try:
        with opened(file.entry) as (path, state), path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest() + of_source, state
    except (FileError, OSError):
        unopened = hashlib.sha256(b"unopened " + os.fsencode(file.entry.key)).hexdigest()
        return unopened + of_source, UNKNOWN


def bytes_hash(content: str) -> str:
    """Returns the SHA-256 of the bytes alone, of what `content_hash` returned."""
    return content[:_DIGEST_LENGTH]


def source_of(delivery: Delivery) -> str:
    """Returns the source that inputs.yml states for the rows of a file, else the default."""
    return delivery.constants.get(SOURCE, "").strip() or DEFAULT_SOURCE


def _fits(key: str, pattern: str) -> bool:
    """Returns whether a pattern names a file, or a folder it lies in; `**` is any folders."""
    parts = key.split("/")
    # after each part of the pattern: how many parts of the name it may have covered so far
    covered = {0}
    for wanted in (part for part in pattern.split("/") if part not in {"", "."}):
        if wanted == "**":
            covered = set(range(min(covered), len(parts) + 1))
        else:
            covered = {
                at + 1 for at in covered if at < len(parts) and fnmatchcase(parts[at], wanted)
            }
        if not covered:
            return False
    return True


def _default_input(entry: Entry, contract: Contract) -> str | None:
    first, *rest = entry.key.lower().split("/")
    if first in contract.inputs and (rest or entry.fault):
        # a link in the place of an input's folder is that input's
        return first if entry.fault or ending_of(entry.key) else None
    if rest or (ending_of(entry.key) is None and not entry.fault):
        return None
    fitting = [
        table
        for table in contract.inputs
        if first.startswith(table) and first[len(table) :][:1] in _SEPARATORS
    ]
    return max(fitting, key=len, default=None)
