"""How much of a delivery is taken at most, so that no file can fill the memory or the disk.

Each limit is far above what a business delivers and far below what a machine cannot bear. Beyond
it a file is refused by name; nothing else suffers.
"""

import shutil
from pathlib import Path

from orchestration.landing.folder import FileError

# The widest contract has 19 columns, the widest exports of shops some hundred.
MOST_COLUMNS = 2_000
# Exports pack 5 to 30 times; one byte repeated for ever packs 1,030 times with gzip, and far more
# as Parquet. Small files may do so by chance, as a few megabytes of one value.
MOST_EXPANSION = 200
ALWAYS_EXPANDED = 256 << 20
# Rows of a Parquet file that says the same over and over take next to no bytes, but a row of ours
# has a key; sorted numbers with delta encoding need about a tenth of a byte.
MOST_ROWS_PER_BYTE = 20
ALWAYS_ROWS = 5_000_000
# What is known of each such line is kept in memory, some hundred bytes.
MOST_ODD_LINES = 5_000_000
# Unpacking, making plain and leaving out lines each may write the whole once.
_COPIES = 3


def room_for_copy(folder: Path) -> int:
    """Returns the bytes a copy of a file may take, so that what follows has room on the disk."""
    return shutil.disk_usage(folder).free // _COPIES


def may_expand_to(packed: int) -> int:
    """Returns the bytes that so many packed bytes may hold."""
    return max(ALWAYS_EXPANDED, packed * MOST_EXPANSION)


def check_odd_lines(count: int, what: str) -> None:
    """Sees that not too many lines are no rows.

    Args:
        count: How many there are.
        what: What is odd about them.

    Raises:
        FileError: There are more than MOST_ODD_LINES.
    """
    if count > MOST_ODD_LINES:
        raise FileError(f"has more than {MOST_ODD_LINES:,} lines that {what}; deliver it anew")


def check_columns(count: int) -> None:
    """Sees that a file has not too many columns.

    Raises:
        FileError: It has more than MOST_COLUMNS.
    """
    if count > MOST_COLUMNS:
        raise FileError(
            f"has more than {MOST_COLUMNS:,} columns; leave out those no input takes",
        )
