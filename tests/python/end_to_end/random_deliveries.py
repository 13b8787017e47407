"""Ways to deliver the same rows: in any order and format, split, repeated, corrected, deleted."""

import csv
import io
import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
from hypothesis import strategies as st

from orchestration.landing.sql import literal, quoted

Row = Mapping[str, str]
FORMATS = ("csv", "jsonl", "parquet")
MOST_FILES = 3
MOST_LOADS = 3
# A column no input knows: it makes each file's bytes its own. Bytes that were loaded are passed
# over by design, so a file that came again after a correction would not undo it.
MARK = "batch"


@dataclass(frozen=True)
class Content:
    """The rows of one input that stand in the end, and how a row of it may be wrong.

    Attributes:
        key: Its key columns.
        rows: The final rows.
        wrong: A column that earlier versions have wrong, and the values they have.
        extra: A row that is delivered and deleted; its first key column is made anew for each.
    """

    key: Sequence[str]
    rows: Sequence[Row]
    wrong: tuple[str, Sequence[str]]
    extra: Row

    @property
    def columns(self) -> list[str]:
        """All columns of its rows, and the one that deletes."""
        return [*dict.fromkeys(name for row in self.rows for name in row), "_deleted"]

    def version(self, row: Row, step: str) -> Row:
        """Returns a row as it is delivered: `right`, `deleted`, or `wrong`."""
        if step == "deleted":
            return {name: row[name] for name in self.key} | {"_deleted": "true"}
        if step == "right":
            return row
        column, values = self.wrong
        return dict(row) | {column: next(value for value in values if value != row.get(column))}


# Each ends with the row as it is; what was said before must leave nothing behind.
HISTORIES = (
    ("right",),
    ("right",),
    ("right", "right"),
    ("wrong", "right"),
    ("right", "wrong", "right"),
    ("deleted", "right"),
    ("wrong", "deleted", "right"),
)
# These end with the row away.
EXTRA_HISTORIES = (("right", "deleted"), ("wrong", "right", "deleted"), ("deleted",))


@dataclass(frozen=True)
class File:
    """One file of a delivery.

    Attributes:
        load: In which load it arrives.
        input: Its input.
        number: Its place among the files of the load.
        format: csv, jsonl or parquet.
        rows: Its rows, in order.
        copies: Under how many further names it lies there.
    """

    load: int
    input: str
    number: int
    format: str
    rows: tuple[Row, ...]
    copies: int = 0


def files_of(
    contents: Mapping[str, Content],
    rng: random.Random,
    loads: int,
    share_of_changes: float = 1.0,
) -> list[File]:
    """Draws one way to deliver contents.

    Args:
        contents: Final rows by input.
        rng: What decides.
        loads: Number of loads it takes.
        share_of_changes: Of the rows, those that are not simply delivered once.

    Returns:
        The files, in the order in which they must be taken.
    """
    slots: dict[tuple[int, str, int], list[tuple[float, int, Row]]] = {}
    for name, content in contents.items():
        # each file of an input in a load, in the order of the versions they hold
        files = sorted(rng.randrange(loads) for _ in range(rng.randint(1, MOST_FILES)))
        extras = [
            dict(content.extra) | {content.key[0]: f"extra-{number}"}
            for number in range(rng.randint(0, 3))
        ]
        for row in (*content.rows, *extras):
            histories = EXTRA_HISTORIES if row in extras else HISTORIES
            is_changed = row in extras or rng.random() < share_of_changes
            history = rng.choice(histories) if is_changed else ("right",)
            # a later version lies in a later load, a later file of it, or further down
            places = sorted(rng.randrange(len(files)) for _ in history)
            line = rng.random()
            for step, (said, place) in enumerate(zip(history, places, strict=True)):
                slot = (files[place], name, place)
                slots.setdefault(slot, []).append((line, step, content.version(row, said)))
    return [
        File(
            *slot,
            format=rng.choice(FORMATS),
            rows=tuple(row for *_, row in sorted(rows, key=lambda each: each[:2])),
            copies=rng.choice((0, 0, 0, 1)),
        )
        for slot, rows in sorted(slots.items())
    ]


@st.composite
def deliveries(draw: st.DrawFn, contents: Mapping[str, Content]) -> list[File]:
    """Strategy of ways to deliver contents."""
    rng = random.Random(draw(st.integers(0, 2**32)))  # noqa: S311 - no secret
    return files_of(contents, rng, draw(st.integers(1, MOST_LOADS)))


def write(file: File, content: Content, landing: Path, folder: str, mark: str) -> None:
    """Writes a file into the landing folder, with its copies.

    Args:
        file: The file.
        content: What its input is.
        landing: The landing folder.
        folder: Folder below that of the input.
        mark: Told in every row, so that no two files have the same bytes.
    """
    target = landing / file.input / folder
    target.mkdir(parents=True, exist_ok=True)
    columns = [*content.columns, MARK]
    rows = [{name: row.get(name, "") for name in columns[:-1]} | {MARK: mark} for row in file.rows]
    # later names are later versions: copies stand beside what they copy
    stem = f"{file.load}-{file.number}"
    path = target / f"{stem}.{file.format}"
    if file.format == "csv":
        text = io.StringIO()
        writer = csv.DictWriter(text, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        path.write_text(text.getvalue(), encoding="utf-8")
    elif file.format == "jsonl":
        lines = ({name: value for name, value in row.items() if value != ""} for row in rows)
        path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    else:
        _write_parquet(path, columns, rows)
    for number in range(file.copies):
        (target / f"{stem}.copy{number}.{file.format}").write_bytes(path.read_bytes())


def _write_parquet(path: Path, columns: list[str], rows: list[dict[str, str]]) -> None:
    text = "".join(json.dumps(row) + "\n" for row in rows)
    source = path.with_name(f"_{path.name}.jsonl")
    source.write_text(text, encoding="utf-8")
    typed = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in columns)
    names = ", ".join(f"nullif({quoted(name)}, '') as {quoted(name)}" for name in columns)
    with duckdb.connect() as con:
        con.execute(
            f"copy (select {names} from read_json({literal(str(source))},"
            f" format='newline_delimited', columns={{{typed}}})) to {literal(str(path))}"
            " (format parquet)",
        )
    source.unlink()
