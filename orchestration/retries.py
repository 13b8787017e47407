"""What is worth a second try, how often and after how long: one rule for every way of refreshing.

Worth it is what other programs or a full disk did and may have undone meanwhile. A guard's no, a
test that fails, a setting that does not fit or a fault of ours come out the same again.
"""

import errno
import re
from collections.abc import Iterable

from orchestration.lock import WriterBusyError
from orchestration.settings import SettingsError
from orchestration.variables import number

# Each wait is so many times the one before: 30 s, 2 min, 8 min ...
_FACTOR = 4

_BY_NUMBER = {
    errno.ENOSPC: "disk_full",
    errno.EDQUOT: "disk_full",
    errno.EAGAIN: "locked",
    errno.EBUSY: "locked",
    errno.ETXTBSY: "locked",
    errno.EDEADLK: "locked",
    # a disk or a network folder that does not answer
    errno.EIO: "input_output",
    errno.ESTALE: "input_output",
    errno.ETIMEDOUT: "input_output",
    errno.ENETDOWN: "input_output",
    errno.ENETUNREACH: "input_output",
    errno.EHOSTDOWN: "input_output",
    errno.EHOSTUNREACH: "input_output",
    # too much at once on this machine
    errno.ENFILE: "input_output",
    errno.EMFILE: "input_output",
    errno.ENOMEM: "input_output",
}
_BY_WORDS = {
    "No space left on device": "disk_full",
    "Disk quota exceeded": "disk_full",
    # DuckDB, of what it spills
    "max_temp_directory_size": "disk_full",
    "database or disk is full": "disk_full",
    "Could not set lock on file": "locked",
    "database is locked": "locked",
    "database table is locked": "locked",
    "Input/output error": "input_output",
    "disk I/O error": "input_output",
    "Stale file handle": "input_output",
    "Too many open files": "input_output",
    "Cannot allocate memory": "input_output",
}
# The line in which an engine or a child tells it, so that no delivered text is taken for it.
_TOLD = re.compile(
    r"^\s*(?:\(?[\w.]+(?:Error|Exception)\)?:? )?"
    r"(?:IO Error:|Out of Memory Error:|\(?sqlite3\.|OSError:|\[Errno \d+\]|database |disk )"
)


class Attempts:
    """Counts the retries of one refresh.

    Attributes:
        most: How many there may be, HOLDFAST_RETRIES or 2.
        used: How many there were.
    """

    def __init__(self) -> None:
        """Read how many there may be and how long to wait."""
        self.most = int(number("HOLDFAST_RETRIES", 2))
        self._first_wait = number("HOLDFAST_RETRY_WAIT", 30)
        self.used = 0

    def next_wait(self, reason: str | None) -> float | None:
        """Take one retry, where there is one left and it may help.

        Args:
            reason: What `worth_retrying` found.

        Returns:
            Seconds to wait before it; None = do not try again.
        """
        if reason is None or self.used >= self.most:
            return None
        self.used += 1
        return self._first_wait * _FACTOR ** (self.used - 1)


def worth_retrying(error: BaseException) -> str | None:
    """Say why an error may not come again.

    Args:
        error: What went wrong; what caused it is looked at too.

    Returns:
        `busy` (another refresh writes), `locked` (another program holds the database), `disk_full`
        or `input_output`; None = the same would come again.
    """
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        if isinstance(current, WriterBusyError):
            return "busy"
        if isinstance(current, SettingsError):
            return None
        if isinstance(current, OSError) and current.errno in _BY_NUMBER:
            return _BY_NUMBER[current.errno]
        if reason := _told(str(current)):
            return reason
        current = current.__cause__ or current.__context__
    return None


def all_worth_retrying(problems: Iterable[str]) -> str | None:
    """Say the same of problems that a child process told: each of them must be of that kind.

    Args:
        problems: Texts, such as those of dbt's failed models.
    """
    reasons = [_told(problem) for problem in problems]
    return reasons[0] if reasons and all(reasons) else None


def _told(text: str) -> str | None:
    """Find in a text the line of an engine that tells of something passing."""
    for line in text.splitlines():
        if _TOLD.match(line):
            for words, reason in _BY_WORDS.items():
                if words in line:
                    return reason
    return None
