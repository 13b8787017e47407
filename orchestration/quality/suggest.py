"""What to write into inputs.yml where values do not fit: the exact line, told from the values.

A spreadsheet writes dates, marks and amounts as its country does. Which way they are meant is never
guessed: the line is proposed, a person states it. What may be read in two ways is told as such.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import yaml

from orchestration.contract import Column
from orchestration.landing.mapping import SERIAL_DAYS
from orchestration.showing import showable

# Of so many different refused values the way they are written is told.
SAMPLE = 200
_MOST_WORDS = 12
_LONGEST_WORD = 40
_TIMES = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
# Separator to the orders in which a date may be written with it.
_ORDERS: Mapping[str, tuple[str, ...]] = {
    ".": ("%d.%m.%Y", "%d.%m.%y"),
    "/": ("%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d", "%d/%m/%y", "%m/%d/%y"),
    "-": ("%d-%m-%Y", "%m-%d-%Y", "%d-%m-%y", "%m-%d-%y"),
    "": ("%Y%m%d",),
}
_SERIAL = re.compile(r"[2-7]\d{4}([.,]\d+)?")
_YES = {
    "wahr",
    "ja",
    "j",
    "да",
    "истина",
    "oui",
    "vrai",
    "sí",
    "si",
    "sì",
    "verdadero",
    "vero",
    "x",
    "✓",
}
_NO = {"falsch", "nein", "нет", "ложь", "non", "faux", "falso", "-", "✗"}
_CURRENCY = re.compile(r"[€$£¥₽]|\b[A-Z]{3}\b")


def suggestion(name: str, column: Column, rule: str, texts: Sequence[str]) -> str | None:
    """Say what would make refused values fit.

    Args:
        name: Input of the column.
        column: The column.
        rule: The rule they break.
        texts: Some of the different values refused, as delivered.

    Returns:
        What to do, without a full stop; None where nothing can be told from the values.
    """
    if column.personal or not texts:
        return None
    if rule == "accepted_values":
        return _words(name, column, texts, {}, f"one of {', '.join(column.accepted_values)}")
    if rule != "type":
        return None
    if column.data_type in ("timestamp", "date"):
        return _dates(name, texts)
    if column.data_type == "boolean":
        known = dict.fromkeys(_YES, "true") | dict.fromkeys(_NO, "false")
        return _words(name, column, texts, known, "true or false")
    return _numbers(name, texts)


def columns_line(name: str, missing: Sequence[str], unknown: Sequence[str]) -> str:
    """Return the line that says which columns of a file hold those it seems to lack.

    Args:
        name: The input.
        missing: Columns of the contract that are not there.
        unknown: Columns of the file that the contract does not know.
    """
    left = list(unknown)
    columns = {}
    for column in missing:
        found = next((other for other in left if _is_alike(column, other)), None)
        if found is None and len(missing) == len(unknown) == 1:
            found = left[0]
        if found is not None:
            left.remove(found)
        columns[column] = found or "?"
    return _line(name, {"columns": columns})


def _is_alike(column: str, other: str) -> bool:
    """Whether two names share a word."""
    words = {word for word in re.split(r"[\W_]+", column.lower()) if len(word) > 2} - {"the"}
    others = {word.rstrip("s") for word in re.split(r"[\W_]+", other.lower())}
    return any(word.rstrip("s") in others for word in words)


def _dates(name: str, texts: Sequence[str]) -> str | None:
    """Propose how dates are written, or the choice where they may be meant two ways."""
    if all(_SERIAL.fullmatch(text) for text in texts):
        line = _line(name, {"date_formats": [SERIAL_DAYS]})
        return f"these are a spreadsheet's numbers of days; {_state(line)}"
    fitting: dict[str, dict[str, str]] = {}
    for orders in _ORDERS.values():
        for order in orders:
            found = {text: form for text in texts if (form := _format_of(text, order))}
            if found:
                fitting[order] = found
    if not fitting:
        return None
    most = max(len(found) for found in fitting.values())
    best = [order for order, found in fitting.items() if len(found) == most]
    lines = [
        _line(name, {"date_formats": sorted(set(fitting[order].values()), key=len)})
        for order in best
    ]
    if len(best) > 1:
        text = next(iter(fitting[best[0]]))
        meant = " or ".join(_meant(text, fitting[order][text]) for order in best)
        choices = " or ".join(f"`{line}`" for line in lines)
        return (
            f"{showable(text)} may be {meant}: state which in inputs.yml, under inputs: {choices}"
        )
    other = [
        order for order, found in fitting.items() if not found.keys() <= fitting[best[0]].keys()
    ]
    if other:
        odd = next(text for text in fitting[other[0]] if text not in fitting[best[0]])
        return (
            f"{_state(lines[0])}; others, such as {showable(odd)}, are written another way: "
            "write all dates of a file in one way"
        )
    return _state(lines[0])


def _format_of(text: str, order: str) -> str | None:
    """Return the format, a time included, in which a text is a date of this order."""
    for time in _TIMES:
        try:
            found = datetime.strptime(text.strip(), order + time)  # noqa: DTZ007 - local time
        except ValueError:
            continue
        return order + time if found.year >= date.min.year else None
    return None


def _meant(text: str, text_format: str) -> str:
    day = datetime.strptime(text.strip(), text_format)  # noqa: DTZ007 - local time
    return f"{day.day} {day:%B %Y}"


def _words(
    name: str, column: Column, texts: Sequence[str], known: Mapping[str, str], allowed: str
) -> str | None:
    """Propose what the delivered words mean; a `?` stands where nobody but a person can tell."""
    if len(texts) > _MOST_WORDS or any(len(text) > _LONGEST_WORD for text in texts):
        return None
    values = {text: known.get(text.strip().lower(), "?") for text in sorted(texts)}
    line = _line(name, {"values": {column.name: values}})
    blank = f", with {allowed} in the place of each ?" if "?" in values.values() else ""
    return f"{_state(line)}{blank}"


def _numbers(name: str, texts: Sequence[str]) -> str | None:
    """Propose which sign is which, or a plain format of the cells."""
    if any(_CURRENCY.search(text) for text in texts):
        return (
            "give the cells of this column a plain number format, without a currency sign or code "
            "(the currency has a column of its own), and save again"
        )
    if any("%" in text for text in texts):
        return "give the cells of this column a plain number format, without %, and save again"
    if all(re.fullmatch(r"[+-]?\d{1,3}([.,]\d{3})+", text) for text in texts):
        sign = "," if "," in texts[0] else "."
        group = _line(name, {"thousands": sign})
        point = _line(name, {"decimal": sign})
        return (
            f"{texts[0]} may have thousands or decimals: state which in inputs.yml, under inputs:"
            f" `{group}` or `{point}`"
        )
    return None


def _state(line: str) -> str:
    return f"state it in inputs.yml, under inputs: `{line}`"


def _line(name: str, said: Mapping[str, Any]) -> str:
    """Write what stands under inputs as one line of YAML."""
    text = yaml.safe_dump(
        {name: dict(said)},
        default_flow_style=True,
        sort_keys=False,
        allow_unicode=True,
        width=10**6,
    )
    return showable(text.strip().removeprefix("{").removesuffix("}"))
