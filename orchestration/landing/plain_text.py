"""Turns a delivered text file into plain UTF-8 with line feeds, and surveys its lines.

DuckDB reads such a file fast and predictably. A file that is plain already is read where it lies;
any other is copied once. All work is done on blocks of bytes, never row by row.
"""

import codecs
import gzip
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from orchestration.landing.files import GZIP_MAGIC
from orchestration.landing.folder import FileError
from orchestration.landing.limits import check_odd_lines, may_expand_to, room_for_copy

BLOCK = 1 << 24
_SAMPLE = 1 << 22
_SHOWN_LINES = 1_000
_SHOWN_BYTES = 1_000
_HIGH_RUN = re.compile(rb"[\x80-\xff]+")
# cp1251 writes whole words in high bytes, cp1252 single letters between low ones.
_LONG_RUN = 2
_LONG_SHARE = 0.5
_LETTER_SHARE = 0.8
_INVALID = "\udcff"
# Signs that stand in text beside letters, where a legacy encoding is read as what it is.
_USUAL_SIGNS = "€–—‘’“”„«»°№§²³½\u00a0…•·®™©ªº"  # noqa: RUF001 - such signs are meant


@dataclass(frozen=True)
class PlainText:
    """A delivered text file as DuckDB can read it.

    Attributes:
        path: The file itself or its plain copy.
        encoding: Encoding it was delivered in.
    """

    path: Path
    encoding: str


@dataclass(frozen=True)
class Survey:
    """Where the lines of a plain text file are out of the ordinary.

    Attributes:
        lines: Physical lines.
        blank: Numbers of empty lines, 1-based.
        long: Numbers of lines longer than the limit.
        has_odd_quotes: Whether some line holds an odd number of double quotes, so that a quoted
            field may go over line ends, or a quote is broken.
    """

    lines: int
    blank: np.ndarray
    long: np.ndarray
    has_odd_quotes: bool


def _invalid(error: UnicodeError) -> tuple[str, int]:
    """Keeps what cannot be decoded as a byte that is no UTF-8, so that its line is refused."""
    return _INVALID, error.end  # type: ignore[attr-defined]


codecs.register_error("holdfast_invalid", _invalid)


def uncompressed(path: Path, folder: Path) -> Path:
    """Returns the file, or its unpacked copy in `folder` when it is gzip by its first bytes.

    Raises:
        FileError: The file is gzip and damaged, packed twice, or expands beyond all measure.
    """
    if not _is_gzip(path):
        return path
    target = folder / "unpacked"
    limit = min(may_expand_to(path.stat().st_size), room_for_copy(folder))
    written = 0
    with gzip.open(path) as source, target.open("wb") as copy:
        while block := _unpacked(source):
            written += len(block)
            if written > limit:
                raise FileError(
                    f"unpacks to more than {limit / 1e6:,.0f} MB, too much for its"
                    f" {path.stat().st_size:,} bytes or for the disk; deliver it unpacked, in parts"
                )
            copy.write(block)
    if _is_gzip(target):
        raise FileError("is packed twice; pack it once")
    return target


def _is_gzip(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(GZIP_MAGIC)) == GZIP_MAGIC


def _unpacked(source: gzip.GzipFile) -> bytes:
    try:
        return source.read(BLOCK)
    except (OSError, EOFError, zlib.error) as error:
        raise FileError(f"is damaged: it cannot be unpacked ({error})") from error


def make_plain(path: Path, folder: Path, stated: str | None) -> PlainText:
    """Makes a text file plain: UTF-8 without mark, line feeds, no zero bytes.

    Args:
        path: An unpacked text file.
        folder: Where a copy may be written.
        stated: Encoding stated in inputs.yml; None = detect.

    Returns:
        The plain file and the encoding found.
    """
    encoding, mark = _encoding(path, stated)
    is_utf8 = encoding in {"utf-8", "ascii"}
    has_cr, has_lf, has_zero = _special_bytes(path)
    if is_utf8 and not mark and not has_cr and not has_zero:
        return PlainText(path, encoding)
    target = folder / "plain"
    with target.open("wb") as copy:
        for block in _newlines(_recoded(path, encoding, mark), keep_lf=has_lf):
            copy.write(block)
    return PlainText(target, encoding)


def survey(path: Path, longest: int) -> Survey:
    """Counts and describes the lines of a plain text file.

    Args:
        path: The file.
        longest: Bytes above which a line is called long.

    Returns:
        What is out of the ordinary.

    Raises:
        FileError: It has too many empty lines.
    """
    lines, last_end, offset, carried, odd_lines = 0, -1, 0, 0, 0
    blank, long, odd = [], [], False
    for block in _blocks(path):
        data = np.frombuffer(block, dtype=np.uint8)
        ends = np.flatnonzero(data == ord("\n"))
        lengths = np.diff(ends + offset, prepend=last_end) - 1
        numbers = lines + 1 + np.arange(len(ends))
        blank.append(numbers[lengths == 0])
        long.append(numbers[lengths > longest])
        odd_lines += len(blank[-1]) + len(long[-1])
        check_odd_lines(odd_lines, "are empty or too long")
        if not odd and (carried or b'"' in block):
            before = np.searchsorted(np.flatnonzero(data == ord('"')), ends)
            counts = np.diff(before, prepend=0)
            if len(counts):
                counts[0] += carried
                carried = 0
            odd = bool((counts & 1).any())
            carried += block.count(b'"') - (int(before[-1]) if len(ends) else 0)
        lines += len(ends)
        last_end = int(ends[-1]) + offset if len(ends) else last_end
        offset += len(block)
    if offset - 1 > last_end:  # a last line without its end
        lines += 1
        odd = odd or bool(carried & 1)
        if offset - 1 - last_end > longest:
            long.append(np.array([lines]))
    none = np.array([], dtype=np.int64)
    return Survey(lines, np.concatenate([none, *blank]), np.concatenate([none, *long]), odd)


def lines_at(path: Path, offsets: np.ndarray) -> np.ndarray:
    """Returns the 1-based line in which each byte offset (0-based, ascending) lies."""
    found, lines, start = [], 1, 0
    for block in _blocks(path):
        ends = np.flatnonzero(np.frombuffer(block, dtype=np.uint8) == ord("\n")) + start
        mine = offsets[(offsets >= start) & (offsets < start + len(block))]
        found.append(lines + np.searchsorted(ends, mine))
        lines += len(ends)
        start += len(block)
    beyond = np.full(int((offsets >= start).sum()), lines)
    return np.concatenate([*found, beyond]).astype(np.int64)


def texts_of(path: Path, lines: np.ndarray) -> list[str | None]:
    """Returns the begin of each line named (1-based, ascending), for the first of them.

    Meant for the few lines that are refused; where there are many, the rest is None.
    """
    wanted = lines[:_SHOWN_LINES]
    starts, line, offset = [], 1, 0
    for block in _blocks(path):
        ends = np.flatnonzero(np.frombuffer(block, dtype=np.uint8) == ord("\n")) + 1 + offset
        begins = np.concatenate(([0], ends)) if offset == 0 else ends
        first = 1 if offset == 0 else line + 1
        here = wanted[(wanted >= first) & (wanted < first + len(begins))]
        starts += begins[here - first].tolist()
        line += len(ends)
        offset += len(block)
    texts: list[str | None] = []
    with path.open("rb") as file:
        for start in starts:
            file.seek(start)
            text = file.read(_SHOWN_BYTES).split(b"\n", 1)[0]
            texts.append(text.decode("utf-8", "replace"))
    return texts + [None] * (len(lines) - len(texts))


def without_lines(path: Path, dropped: np.ndarray, target: Path) -> None:
    """Copies a plain text file without some of its lines.

    Args:
        path: The file.
        dropped: Numbers of lines to leave out, 1-based.
        target: File to write.
    """
    line = 1  # the line in which the block begins
    with target.open("wb") as copy:
        for block in _blocks(path):
            ends = np.flatnonzero(np.frombuffer(block, dtype=np.uint8) == ord("\n")) + 1
            borders = np.concatenate(([0], ends, [len(block)]))
            is_kept = ~np.isin(np.arange(line, line + len(ends) + 1), dropped)
            # runs of kept lines are copied whole
            changes = np.flatnonzero(np.diff(is_kept, prepend=False, append=False))
            for first, after in zip(changes[::2], changes[1::2], strict=True):
                copy.write(block[borders[first] : borders[after]])
            line += len(ends)


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            yield block


def _special_bytes(path: Path) -> tuple[bool, bool, bool]:
    has_cr = has_lf = has_zero = False
    for block in _blocks(path):
        has_cr = has_cr or b"\r" in block
        has_lf = has_lf or b"\n" in block
        has_zero = has_zero or b"\0" in block
    return has_cr, has_lf, has_zero


def _recoded(path: Path, encoding: str, mark: int) -> Iterator[bytes]:
    """Yields the file's text as UTF-8; what cannot be decoded becomes a byte that is no UTF-8."""
    with path.open("rb") as file:
        file.seek(mark)
        if encoding in {"utf-8", "ascii"}:
            while block := file.read(BLOCK):
                yield block.replace(b"\0", b"")
            return
        decoder = codecs.getincrementaldecoder(encoding)("holdfast_invalid")
        while True:
            block = file.read(BLOCK)
            text = decoder.decode(block, final=not block)
            yield text.replace("\0", "").encode("utf-8", "surrogateescape")
            if not block:
                return


def _newlines(blocks: Iterator[bytes], *, keep_lf: bool) -> Iterator[bytes]:
    """Yields blocks with CR LF as LF; a lone CR is a line end only where the file has no LF."""
    lone = b" " if keep_lf else b"\n"
    carried = b""
    for block in blocks:
        joined = carried + block
        carried = b"\r" if joined.endswith(b"\r") else b""
        body = joined[: len(joined) - len(carried)]
        yield body.replace(b"\r\n", b"\n").replace(b"\r", lone)
    if carried:
        yield b"\n"


def _encoding(path: Path, stated: str | None) -> tuple[str, int]:
    """Returns the encoding and the length of the byte order mark to skip."""
    with path.open("rb") as file:
        head = file.read(_SAMPLE)
    marks = (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (codecs.BOM_UTF32_BE, "utf-32-be"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    )
    for mark, encoding in marks:
        if head.startswith(mark):
            return encoding, len(mark)
    if stated is not None:
        stated = codecs.lookup(stated).name
        return {"utf-8-sig": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le"}.get(
            stated, stated
        ), 0
    if wide := _utf16_without_mark(head):
        return wide, 0
    if _is_utf8(path):
        return "utf-8", 0
    return _legacy(path), 0


def _utf16_without_mark(head: bytes) -> str | None:
    """Text of mostly Latin letters in UTF-16 has a zero in every second byte."""
    pairs = len(head) // 2
    if not pairs:
        return None
    even, odd = head[0 : 2 * pairs : 2].count(0), head[1 : 2 * pairs : 2].count(0)
    share = 0.4
    if odd > share * pairs and even < odd / 4:
        return "utf-16-le"
    return "utf-16-be" if even > share * pairs and odd < even / 4 else None


def _is_utf8(path: Path) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    try:
        for block in _blocks(path):
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _legacy(path: Path) -> str:
    """Tells Windows-1251, Windows-1252 and damaged UTF-8 apart by the runs of high bytes.

    In UTF-8 with a few damaged lines most runs still decode; in Windows-1251 most letters of a word
    are high bytes; in Windows-1252 they stand alone.
    """
    runs: list[bytes] = []
    for block in _blocks(path):
        runs += _HIGH_RUN.findall(block)
        if len(runs) > _SAMPLE:
            break
    if 2 * sum(map(_decodes, runs)) >= len(runs):
        return "utf-8"
    high = b"".join(runs)
    in_long_runs = sum(len(run) for run in runs if len(run) >= _LONG_RUN)
    encoding = "cp1251" if in_long_runs > _LONG_SHARE * len(high) else "cp1252"
    text = high.decode(encoding, "replace")
    usual = sum(sign.isalpha() or sign in _USUAL_SIGNS for sign in text)
    return encoding if usual >= _LETTER_SHARE * len(text) else "utf-8"


def _decodes(run: bytes) -> bool:
    try:
        run.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
