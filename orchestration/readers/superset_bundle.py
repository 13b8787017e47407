"""The dashboards of superset/ as one bundle that Superset imports, filled in for one warehouse.

The files are Superset's own export format less what a warehouse says better: where marts.duckdb
lies, and the columns of its tables with their types and descriptions.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import yaml

from orchestration.settings import PROJECT

FOLDER = PROJECT / "superset"
METADATA = "metadata.yaml"
_TEMPORAL = ("DATE", "TIMESTAMP")


class BundleError(RuntimeError):
    """The dashboards do not fit the published marts; the message says where."""


def read_files(folder: Path = FOLDER) -> dict[str, dict[str, Any]]:
    """Read the dashboards as they are committed.

    Args:
        folder: Where they are.

    Returns:
        What each file says, by its path below the folder.
    """
    return {
        path.relative_to(folder).as_posix(): yaml.safe_load(path.read_text(encoding="utf-8"))
        for path in sorted(folder.rglob("*.yaml"))
    }


def fill_in(files: Mapping[str, dict[str, Any]], marts_db: Path) -> dict[str, dict[str, Any]]:
    """Name the warehouse, and describe the columns of each dataset as its comments do.

    Args:
        files: What `read_files` read.
        marts_db: marts.duckdb.

    Returns:
        The same, whole.

    Raises:
        BundleError: When a dataset is no published mart.
    """
    with duckdb.connect(str(marts_db), read_only=True) as con:
        con.execute("set enable_progress_bar = false")
        return {path: _filled(path, said, marts_db, con) for path, said in files.items()}


def _filled(
    path: str, said: dict[str, Any], marts_db: Path, con: duckdb.DuckDBPyConnection
) -> dict[str, Any]:
    if path.startswith("databases/"):
        return said | {"sqlalchemy_uri": f"duckdb:///{marts_db}"}
    if not path.startswith("datasets/"):
        return said
    schema, name = said["schema"], said["table_name"]
    tables = con.execute(
        "select comment from duckdb_tables() where schema_name = ? and table_name = ?",
        [schema, name],
    ).fetchall()
    if not tables:
        raise BundleError(
            f"superset/{path} is about {schema}.{name}, which {marts_db} does not have. Marts that "
            "an older holdfast published are there until the next `make refresh`."
        )
    columns = con.execute(
        "select column_name, data_type, comment from duckdb_columns() "
        "where schema_name = ? and table_name = ? order by column_index",
        [schema, name],
    ).fetchall()
    own = [
        {
            "column_name": column,
            "type": data_type,
            "is_dttm": data_type.startswith(_TEMPORAL),
            "groupby": True,
            "filterable": True,
            "description": comment,
        }
        for column, data_type, comment in columns
    ]
    return said | {"description": tables[0][0], "columns": own + said.get("columns", [])}


def as_contents(files: Mapping[str, dict[str, Any]]) -> dict[str, str]:
    """Write each file as Superset's importer takes it; JSON is YAML too."""
    return {path: json.dumps(said, ensure_ascii=False) for path, said in files.items()}


def fingerprint(contents: Mapping[str, str]) -> str:
    """Return a hash that changes when an import would bring something new."""
    return hashlib.sha256(json.dumps(contents, sort_keys=True).encode()).hexdigest()
