"""What a person can do about what the machine refused: disk, memory, permissions."""

from orchestration.memory import VARIABLE, memory_limit
from orchestration.workspace import Workspace

_DISK = ("No space left on device", "File too large", "Disk quota exceeded")
_MEMORY = ("Out of Memory", "Cannot allocate memory", "std::bad_alloc", "MemoryError")
_PERMISSION = ("Permission denied", "Read-only file system", "Operation not permitted")
# What DuckDB says of a file that is not as it wrote it; all else (held, not allowed, too new) may
# be well tomorrow.
_DAMAGE = (
    "is not a valid DuckDB database file",
    "Could not read enough bytes",
    "Corrupt database file",
    "Serialization Error",
    "Failed to deserialize",
)


def tells_damage(message: str) -> bool:
    """Whether an error message says that a database is not as DuckDB wrote it."""
    return any(sign in message for sign in _DAMAGE)


def tells_full_disk(message: str) -> bool:
    """Whether an error message says that there is no room on the disk."""
    return any(sign in message for sign in _DISK)


def advice(message: str, workspace: Workspace) -> str | None:
    """Say what to do about an error that is the machine's, not the project's.

    Args:
        message: What went wrong, as a library or the system says it.
        workspace: Where the refresh reads and writes.

    Returns:
        One sentence or two; None where nothing better than the message is known.
    """
    if tells_full_disk(message):
        return (
            f"What to do: make room on the disk of {workspace.warehouse} and run again. What the "
            "refresh left half written goes by itself."
        )
    if any(sign in message for sign in _MEMORY):
        return (
            f"What to do: give it more memory and run again. {VARIABLE} is {memory_limit()} for "
            "the engine, and the rest of a refresh needs up to 2 GB beside it."
        )
    if any(sign in message for sign in _PERMISSION):
        return (
            "What to do: let the user who refreshes read "
            f"{workspace.landing} and write {workspace.warehouse} with all that is in it, and run "
            "again."
        )
    if tells_damage(message):
        return "What to do: run again. What is damaged is set aside and made anew."
    return None
