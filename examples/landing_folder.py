"""Writing the files of a landing folder, the same bytes for the same rows."""

from pathlib import Path

import duckdb


def write_csv(con: duckdb.DuckDBPyConnection, query: str, landing: Path, name: str) -> int:
    """Write a query's rows as the CSV file of one input.

    Args:
        con: Connection in which the query's tables exist.
        query: Ordered query whose columns carry the contract's names.
        landing: The landing folder.
        name: The input, which names folder and file.

    Returns:
        Rows written.
    """
    folder = landing / name
    folder.mkdir(parents=True, exist_ok=True)
    target = str(folder / f"{name}.csv").replace("'", "''")
    written = con.execute(f"copy ({query}) to '{target}' (format csv, header)").fetchall()
    return int(written[0][0])


def write_text(path: Path, text: str) -> None:
    """Write a small text file in UTF-8.

    Args:
        path: File to write; its folder must exist.
        text: Its whole content.
    """
    path.write_text(text, encoding="utf-8")
