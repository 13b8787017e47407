"""What to write into inputs.yml where values do not fit: the exact line, told from the values.

A spreadsheet writes dates, marks and amounts as its country does. Which way they are meant is never
guessed: the line is proposed, a person states it. What may be read in two ways is told as such.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import yaml

from orchestration.contract import Column
from orchestration.landing.convert import FOREIGN_NO
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
_CURRENCY = re.compile(r"[€$£¥₽]|\b[A-Z]{3}\b")


@dataclass(frozen=True)
class Advice:
    """What would make the refused values of a column fit.

    Attributes:
        column: The column.
        stated: What inputs.yml would have to say of the input; empty = nothing it could say.
        note: What else is to be done or known; may be empty.
    """

    column: str
    stated: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""


def suggestion(
    name: str,
    column: Column,
    rule: str,
    texts: Sequence[str],
    *,
    has_currency: bool = False,
) -> Advice | None:
    """Say what would make refused values fit.

    Args:
        name: Input of the column.
        column: The column.
        rule: The rule they break.
        texts: Some of the different values refused, as delivered.
        has_currency: Whether the column is an amount in a currency that its row can state.

    Returns:
        What to do; None where nothing can be told from the values.
    """
    if column.personal or not texts:
        return None
    if rule == "accepted_values":
        return _words(column, texts, {}, f"one of {', '.join(column.accepted_values)}")
    if rule != "type":
        return None
    if column.data_type in ("timestamp", "date"):
        return _dates(name, column.name, texts)
    if column.data_type == "boolean":
        known = dict.fromkeys(_YES, "true") | dict.fromkeys(FOREIGN_NO, "false")
        return _words(column, texts, known, "true or false")
    return _numbers(name, column.name, texts, has_currency=has_currency)


def advised(name: str, advices: Iterable[Advice]) -> str:
    """Write advice as a person reads it: one line of YAML for all of it, then what else to do.

    Args:
        name: The input.
        advices: What was told of its columns.

    Returns:
        What to do, without a full stop; empty where there is no advice.
    """
    stated: dict[str, Any] = {}
    notes = []
    for advice in advices:
        for key, value in advice.stated.items():
            standing = stated.get(key)
            if isinstance(value, list):
                stated[key] = list(dict.fromkeys([*(standing or []), *value]))
            else:
                stated[key] = {**(standing or {}), **value}
        notes += [f"{advice.column}: {advice.note}"] if advice.note else []
    state = [f"state in inputs.yml, under inputs: `{_line(name, stated)}`"] if stated else []
    return "; ".join(state + notes)


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


def _dates(name: str, column: str, texts: Sequence[str]) -> Advice | None:
    """Propose how dates are written, or the choice where they may be meant two ways."""
    if all(_SERIAL.fullmatch(text) for text in texts):
        note = "these are the numbers of days by which a spreadsheet keeps dates"
        return Advice(column, {"date_formats": [SERIAL_DAYS]}, note)
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
    stated = [{"date_formats": sorted(set(fitting[order].values()), key=len)} for order in best]
    if len(best) > 1:
        shared = [text for text in fitting[best[0]] if all(text in fitting[o] for o in best)]
        if not shared:
            one, other = (next(iter(fitting[order])) for order in (best[0], best[-1]))
            note = f"{one} and {other} are written in different ways; write all dates in one way"
            return Advice(column, {}, note)
        text = shared[0]
        meant = " or ".join(_meant(text, fitting[order][text]) for order in best)
        choices = " or ".join(f"`{_line(name, choice)}`" for choice in stated)
        note = f"{text} may be {meant}; state which in inputs.yml, under inputs: {choices}"
        return Advice(column, {}, note)
    odd = [text for found in fitting.values() for text in found if text not in fitting[best[0]]]
    note = f"{odd[0]} is written another way; write all dates in one way" if odd else ""
    return Advice(column, stated[0], note)


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
    column: Column, texts: Sequence[str], known: Mapping[str, str], allowed: str
) -> Advice | None:
    """Propose what the delivered words mean; a `?` stands where nobody but a person can tell."""
    if len(texts) > _MOST_WORDS or any(len(text) > _LONGEST_WORD for text in texts):
        return None
    values = {text: known.get(text.strip().lower(), "?") for text in sorted(texts)}
    note = f"put {allowed} in the place of each ?" if "?" in values.values() else ""
    return Advice(column.name, {"values": {column.name: values}}, note)


def _numbers(name: str, column: str, texts: Sequence[str], *, has_currency: bool) -> Advice | None:
    """Propose which sign is which, or a plain format of the cells."""
    plain = "give the cells of this column a plain number format, without"
    if any(_CURRENCY.search(text) for text in texts):
        note = f"{plain} a currency sign or code, and save again"
        if has_currency:
            line = _line(name, {"constants": {"currency": "EUR"}})
            note = (
                "an amount may carry the sign or code of its own currency where that is stated: by "
                "column currency of the file, or, where all amounts are in one, in inputs.yml, "
                f"under inputs, such as `{line}`; where another is stated there, one of both is "
                f"wrong. Else {note}"
            )
        return Advice(column, {}, note)
    if any("%" in text for text in texts):
        return Advice(column, {}, f"{plain} %, and save again")
    if all(re.fullmatch(r"[+-]?\d{1,3}([.,]\d{3})+", text) for text in texts):
        sign = "," if "," in texts[0] else "."
        # a point is between thousands only where the comma is stated as the decimal sign
        grouped = {"thousands": sign} if sign == "," else {"decimal": ",", "thousands": sign}
        choices = (f"`{_line(name, choice)}`" for choice in (grouped, {"decimal": sign}))
        note = f"{texts[0]} may have thousands or decimals; state which in inputs.yml, under inputs"
        return Advice(column, {}, f"{note}: {' or '.join(choices)}")
    return None


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
