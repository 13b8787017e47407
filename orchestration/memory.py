"""How much memory DuckDB may take, in every process of a refresh.

Beyond it the engine spills into the warehouse ($WAREHOUSE/work.duckdb.tmp, .tmp while publishing,
.reading-* while reading). Only one process of a refresh works at a time; Python, dbt, Great
Expectations and what the engine does not count need up to 2 GB beside it.
"""

import contextlib
import os
from pathlib import Path

VARIABLE = "HOLDFAST_MEMORY_LIMIT"
# More makes a refresh of ten million orders no faster.
_MOST_MB = 6_000
_SHARE = 0.5
# What a container may use; the machine's own memory tells nothing there.
_CGROUP_LIMITS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)


def memory_limit() -> str:
    """Returns DuckDB's limit: HOLDFAST_MEMORY_LIMIT, else half of the memory, at most 6 GB."""
    return os.environ.get(VARIABLE, "").strip() or default_limit(memory_bytes())


def default_limit(memory: int | None) -> str:
    """Returns the limit for a machine.

    Args:
        memory: Bytes of memory it has; None = not known.
    """
    if memory is None:
        return f"{_MOST_MB}MB"
    return f"{min(_MOST_MB, int(memory * _SHARE / 1e6))}MB"


def memory_bytes(cgroup_limits: tuple[Path, ...] = _CGROUP_LIMITS) -> int | None:
    """Returns the memory this process may use: the machine's, or less in a container.

    Args:
        cgroup_limits: Files that say what a container may use.

    Returns:
        Bytes; None where the system does not tell.
    """
    found = []
    with contextlib.suppress(ValueError, OSError, AttributeError):
        found.append(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    for path in cgroup_limits:
        try:
            found.append(int(path.read_text(encoding="ascii")))  # "max" where there is no limit
        except (ValueError, OSError):
            continue
    return min((size for size in found if size > 0), default=None)
