"""Which code the models in the work database were built from: $WAREHOUSE/.dbt/built.json.

The work database outlives its refresh, and `make dev`, dbt by hand or a refresh that failed may
have built anew in it. Only what is known to stand as it was published may be published again
beside models that are built now.
"""

import contextlib
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from orchestration.fingerprint import rest_hash
from orchestration.workspace import Workspace, wal_of

_BUILT = ("model", "seed", "snapshot")
# What decides the rows of a model, or what its test asks. No paths, no instants.
_DECIDING = ("name", "schema", "alias", "raw_code", "language", "config", "columns", "description")
_DECIDING += ("test_metadata", "column_name", "constraints", "vars")
# DuckDB's headers, in which every checkpoint leaves another count.
_HEADERS_BYTES = 3 * 4096


@dataclass(frozen=True)
class Built:
    """What stands in the work database.

    Attributes:
        refresh_id: The refresh that published it.
        nodes: Hash of each model, seed and test by dbt's unique id.
        rest: Hash of all other code that decides the numbers.
        stamp: By what the work database is known again.
        touched: Models that `make dev` built since.
    """

    refresh_id: str
    nodes: Mapping[str, str]
    rest: str
    stamp: str
    touched: tuple[str, ...] = ()


def node_hashes(dbt_manifest: Mapping[str, Any]) -> dict[str, str]:
    """Hash what decides the rows of every model and seed, and what each data test asks.

    Args:
        dbt_manifest: dbt's manifest.
    """
    return {
        unique_id: _hash_node(node)
        for unique_id, node in dbt_manifest["nodes"].items()
        if node["resource_type"] in (*_BUILT, "test")
    }


def remember_built(workspace: Workspace, refresh_id: str) -> None:
    """Remember what a refresh published; the work database is closed.

    Args:
        workspace: The warehouse.
        refresh_id: The refresh.
    """
    with contextlib.suppress(OSError, ValueError, KeyError):
        text = (workspace.dbt_target / "manifest.json").read_text(encoding="utf-8")
        rest = rest_hash(workspace.project, workspace.extensions)
        _write(workspace, Built(refresh_id, node_hashes(json.loads(text)), rest, stamp(workspace)))


def read_built(workspace: Workspace) -> Built | None:
    """Return what is remembered; None when nothing is that can be read."""
    try:
        kept = json.loads(_file(workspace).read_text(encoding="utf-8"))
        return Built(**(kept | {"touched": tuple(kept["touched"])}))
    except (OSError, ValueError, TypeError, KeyError):
        return None


@contextlib.contextmanager
def touching(workspace: Workspace, built_now: Iterable[str]) -> Iterator[None]:
    """Build single models in this block, so that it stays known which.

    Args:
        workspace: The warehouse, whose lock the caller holds.
        built_now: Names of the models, complete when the block ends.

    Yields:
        Nothing.
    """
    before = read_built(workspace)
    is_known = before is not None and before.stamp == stamp(workspace)
    # where the block breaks, nobody knows what it built, and the stamp says so
    yield
    if before is not None and is_known:
        touched = tuple(sorted({*before.touched, *built_now}))
        values = asdict(before) | {"touched": touched, "stamp": stamp(workspace)}
        with contextlib.suppress(OSError):
            _write(workspace, Built(**values))


def stamp(workspace: Workspace) -> str:
    """Return by what the work database is known again; no connection to it is open here."""
    try:
        with workspace.work_db.open("rb") as file:
            headers = file.read(_HEADERS_BYTES)
        size = workspace.work_db.stat().st_size
    except OSError:
        return "none"
    wal = " wal" if wal_of(workspace.work_db).exists() else ""
    return f"{hashlib.sha256(headers).hexdigest()} {size}{wal}"


def _hash_node(node: Mapping[str, Any]) -> str:
    deciding = {name: node.get(name) for name in _DECIDING}
    # of a seed only its file says what is in it
    deciding["checksum"] = (node.get("checksum") or {}).get("checksum")
    deciding["reads"] = sorted((node.get("depends_on") or {}).get("nodes", []))
    text = json.dumps(deciding, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _write(workspace: Workspace, built: Built) -> None:
    file = _file(workspace)
    file.parent.mkdir(parents=True, exist_ok=True)
    aside = file.with_name(f".{file.name}.new")
    aside.write_text(json.dumps(asdict(built)), encoding="utf-8")
    aside.replace(file)


def _file(workspace: Workspace) -> Path:
    return workspace.dbt_target.parent / "built.json"
