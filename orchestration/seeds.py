"""The values that a seed lists, where the contract names one as all that a column may hold."""

import csv
from pathlib import Path


def seed_values(seed: str, seeds: Path) -> list[str]:
    """Reads the values a seed lists.

    Args:
        seed: `file.column`, as the contract names it.
        seeds: Folder with the seed files.

    Returns:
        The values of the column; empty where there is no such file or column.
    """
    name, _, column = seed.partition(".")
    path = seeds / f"{name}.csv"
    if not path.is_file():
        return []
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [row[column] for row in csv.DictReader(file) if row.get(column)]
