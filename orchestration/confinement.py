"""Keeps a DuckDB connection within the folders it works in.

No SQL of ours names a file or an address that a delivery gives. Should a text of one ever come to
stand in SQL all the same, the engine reaches nothing outside: no file, no network, no extension,
and no statement can change that.
"""

from collections.abc import Iterable
from pathlib import Path

import duckdb

from orchestration.landing.sql import list_of


def confine(con: duckdb.DuckDBPyConnection, folders: Iterable[Path] = ()) -> None:
    """Limits a connection to its database and some folders, and locks its configuration.

    Settings the connection needs are made before.

    Args:
        con: Connection that is open alone; what shares its database is limited with it.
        folders: Folders in which files may be read and written, with all below them.
    """
    if allowed := [str(folder.resolve()) for folder in folders]:
        con.execute(f"set allowed_directories = {list_of(allowed)}")
    con.execute("set autoinstall_known_extensions = false")
    con.execute("set autoload_known_extensions = false")
    # no variable of the Python that runs the statement is taken for a table
    con.execute("set python_enable_replacements = false")
    con.execute("set enable_external_access = false")
    con.execute("set lock_configuration = true")
