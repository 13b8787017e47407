"""What lies in the landing folder: listed and opened without ever leaving it.

Links are never followed, whether to files or to folders: what they lead to was not delivered, and
may change without a trace. A file that has another name outside (a hard link) is not read either.
Pipes, sockets and devices are never opened.
"""

import os
import stat
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from orchestration.settings import SettingsError
from orchestration.showing import is_showable, showable_name

# 21 inputs with a file each for every day of ten years are 77,000; a folder of more files is a
# mistake or an attack, and each file costs a look at every refresh.
MOST_FILES = 200_000
# Linux names what a process has open.
_DESCRIPTORS = Path("/proc/self/fd")
_NAMES_DESCRIPTORS = _DESCRIPTORS.is_dir()
# Names that are left alone, folders with all that is in them: hidden ones by how they begin ...
HIDDEN = (".", "_", "~")
# ... and those under which a program writes what it renames once it is whole, by how they end.
BEING_WRITTEN = (
    *(".part", ".partial", ".filepart", ".crdownload", ".download", ".upload", ".uploading"),
    *(".tmp", ".temp", ".inprogress", ".in_progress", ".incomplete", ".writing", ".swp", "~"),
)

_IS_LINK = (
    "is a link, and links are not followed; put the file itself there, or name the folder it lies"
    " in as LANDING"
)
_IS_SHARED = (
    "has another name outside the landing folder (a hard link), by which it may change; put a copy"
    " of it there"
)
_IS_SPECIAL = "is no file but a pipe, a socket or a device; put a file there"
_HAS_BAD_NAME = (
    "has control characters in its name, or bytes that are no UTF-8; rename it with letters and"
    " digits"
)
_CHANGED = "changed while it was read; deliver it anew once it is complete"


class FileError(ValueError):
    """A file cannot be taken; the message says why, without any of its values."""


class LandingError(SettingsError):
    """The landing folder cannot be taken as it is; the message says what to do."""


@dataclass(frozen=True)
class Entry:
    """A name in the landing folder that is no folder.

    Attributes:
        path: Where it lies.
        key: Path below the landing folder, with `/`, as the file system has it.
        bytes: Its size.
        fault: Why it may not be opened; None = it may.
        file: Device and inode.
        links: Names the file has in all.
    """

    path: Path
    key: str
    bytes: int
    fault: str | None
    file: tuple[int, int] = (0, 0)
    links: int = 1

    @property
    def name(self) -> str:
        """The key as it can be shown and stored."""
        return showable_name(self.key)


@dataclass(frozen=True)
class State:
    """By what a file is known again: another file or another content has another state."""

    device: int
    inode: int
    bytes: int
    modified: int

    @classmethod
    def of(cls, descriptor: int) -> "State":
        """Returns the state of an open file."""
        found = os.fstat(descriptor)
        return cls(found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)


# What no file has.
UNKNOWN = State(-1, -1, -1, -1)


def is_delivered(name: str) -> bool:
    """Returns whether a name is that of a delivery: neither hidden nor still being written."""
    return not name.startswith(HIDDEN) and not name.lower().endswith(BEING_WRITTEN)


def entries(landing: Path) -> list[Entry]:
    """Lists all that was delivered below the landing folder, in the order of names.

    Args:
        landing: The landing folder; it may itself be reached by links.

    Returns:
        Files, and what is none, with the reason why it may not be opened.

    Raises:
        LandingError: There are more than MOST_FILES.
    """
    root = landing.resolve()
    found: list[Entry] = []
    names: Counter[tuple[int, int]] = Counter()  # of each file, here
    folders = [(root, "")]
    while folders:
        folder, prefix = folders.pop()
        try:
            listing = os.scandir(folder)
        except OSError as error:
            if not prefix:
                raise
            fault = f"cannot be opened ({error.strerror})"
            found.append(Entry(folder, prefix.rstrip("/"), 0, fault))
            continue
        with listing:
            for entry in listing:
                if not is_delivered(entry.name):
                    continue
                path, key = folder / entry.name, prefix + entry.name
                if entry.is_dir(follow_symlinks=False):
                    folders.append((path, key + "/"))
                else:
                    found.append(_entry(path, key))
                    names[found[-1].file] += 1
                if len(found) + len(folders) > MOST_FILES:
                    raise LandingError(
                        f"{landing} holds more than {MOST_FILES:,} files and folders; take out what"
                        " is loaded, or join small files"
                    )
    for number, entry in enumerate(found):
        if not entry.fault and entry.links > names[entry.file]:
            found[number] = replace(entry, fault=_IS_SHARED)
    return sorted(found, key=lambda entry: entry.key)


def entry_of(landing: Path, key: str) -> Entry | None:
    """Returns what stands under a name at the top of the landing folder; None = nothing."""
    path = landing.resolve() / key
    if not os.path.lexists(path):
        return None
    found = _entry(path, key)
    return replace(found, fault=_IS_SHARED) if found.links > 1 and not found.fault else found


def _entry(path: Path, key: str) -> Entry:
    fault = None
    try:
        found = path.lstat()
    except OSError as error:
        return Entry(path, key, 0, f"cannot be opened ({error.strerror})")
    if stat.S_ISLNK(found.st_mode):
        fault = _IS_LINK
    elif not stat.S_ISREG(found.st_mode):
        fault = _IS_SPECIAL
    elif not is_showable(key):
        fault = _HAS_BAD_NAME
    file = (found.st_dev, found.st_ino)
    return Entry(path, key, found.st_size, fault, file, found.st_nlink)


@contextmanager
def opened(entry: Entry, known: State | None = None) -> Iterator[tuple[Path, State]]:
    """Opens a listed file, and sees that it is just this file, until the end.

    Args:
        entry: What was listed.
        known: State of the file when it was looked at before.

    Yields:
        A path that leads to the opened file, and its state. On Linux it does so whatever becomes
        of the file's name, for this process alone; elsewhere it is the name, looked at again at the
        end.

    Raises:
        FileError: It may not or cannot be opened, it is another file than was listed, or it changed
            before the end.
    """
    if entry.fault:
        raise FileError(entry.fault)
    try:
        # a link is refused, and a pipe put there meanwhile does not make us wait
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        descriptor = os.open(entry.path, flags)
    except OSError as error:
        raise FileError(f"cannot be opened ({error.strerror})") from error
    try:
        path = _DESCRIPTORS / str(descriptor) if _NAMES_DESCRIPTORS else entry.path
        state = State.of(descriptor)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise FileError(_IS_SPECIAL)
        # a folder on the way may have become a link since the listing
        if _place(path) != entry.path or (known is not None and state != known):
            raise FileError(_CHANGED)
        yield path, state
        if State.of(descriptor) != state or _place(path) != entry.path:
            raise FileError(_CHANGED)
    finally:
        os.close(descriptor)


def _place(path: Path) -> Path:
    """Returns where an opened file lies by now."""
    return path.readlink() if _NAMES_DESCRIPTORS else path.resolve()
