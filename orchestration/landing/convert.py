"""SQL that turns delivered text into the contract's types; null where the text does not fit.

Nothing is guessed from a value alone: `1,234` is a number only where the file, or inputs.yml, says
which sign is which. Money goes from text to decimal without passing through a double.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from orchestration.contract import Column, Input
from orchestration.landing.mapping import EPOCHS, SERIAL_DAYS, Delivery
from orchestration.landing.sql import literal, literals, quoted

TRUE_TEXTS = ("true", "t", "yes", "y", "1", "1.0")
FALSE_TEXTS = ("false", "f", "no", "n", "0", "0.0")
# Words that say no in other languages, and marks that do; what they mean is for inputs.yml to say.
FOREIGN_NO = ("falsch", "nein", "нет", "ложь", "non", "faux", "falso", "-", "✗")

_BLANKS = r"[\s\x{a0}\x{feff}]"
_SPACES = "[ \\x{a0}\\x{2009}\\x{202f}'’]"  # noqa: RUF001 - the typographic apostrophe is meant
# Signs with which amounts are written, and the currencies that are written so.
_CURRENCY_SIGNS: Mapping[str, tuple[str, ...]] = {
    "€": ("EUR",),
    "$": ("USD", "AUD", "CAD", "HKD", "MXN", "NZD", "SGD", "TWD", "ARS", "CLP", "COP"),
    "£": ("GBP", "GIP", "FKP", "SHP"),
    "¥": ("JPY", "CNY"),
    "₽": ("RUB",),
    "₺": ("TRY",),
    "₹": ("INR",),
    "₴": ("UAH",),
    "₩": ("KRW",),
    "₪": ("ILS",),
    "zł": ("PLN",),
    "Kč": ("CZK",),
}
_CURRENCY_MARK = (
    "(?:" + "|".join([re.escape(sign) for sign in _CURRENCY_SIGNS] + ["[A-Za-z]{3}"]) + ")"
)
_AMOUNT = r"\d[\d., \x{a0}\x{2009}\x{202f}'’]*-?"  # noqa: RUF001 - the typographic apostrophe is meant
_MARKED_AMOUNT = (
    rf"[+−-]?{_BLANKS}*{_CURRENCY_MARK}{_BLANKS}*[+−-]?{_AMOUNT}"  # noqa: RUF001 - typographers' minus
    rf"|[+−-]?{_AMOUNT}{_BLANKS}*{_CURRENCY_MARK}"  # noqa: RUF001
)
_MARK_AND_BLANKS = f"{_BLANKS}*{_CURRENCY_MARK}{_BLANKS}*"
_MONEY_WORDS = {"amount", "price", "cost"}
_DATE = r"[1-9]\d{3}-\d{2}-\d{2}"
_TIME = r"\d{2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?"
_UTC = "Z|z|UTC|GMT"
_OFFSET = rf"(?:{_UTC}|[+-]\d{{2}}(?::?\d{{2}})?)"
# A fraction beyond these digits is cut before rounding, so that no text is too long for a decimal.
_ROUNDED_DIGITS = 17
# With which spreadsheets begin.
_DAY_ZERO = "date '1899-12-30'"
_DAYS_TO_1970 = 25569
# Digits before the point and microseconds of one; more digits would be no instant of the engine's.
_EPOCHS: Mapping[str, tuple[int, int]] = {
    "epoch_seconds": (12, 1_000_000),
    "epoch_milliseconds": (15, 1_000),
}
# What in a format of dates stands for a time of day or a zone.
_TIMED = re.compile(r"%-?[HIMSpfgncXzZ]")
_FIRST_INSTANT = datetime(1970, 1, 1)  # noqa: DTZ001 - as stored: UTC, without offset
# More than any two clocks of the world differ.
_ZONES_APART = timedelta(days=2)


@dataclass(frozen=True)
class Signs:
    """How numbers are written in a file.

    Attributes:
        decimal: `.` or `,`.
        thousands: Sign between groups; None = taken only where it cannot be a decimal sign.
        is_sure: Whether the decimal sign is stated, or the file's own: `1.000` is one.
    """

    decimal: str = "."
    thousands: str | None = None
    is_sure: bool = False


@dataclass(frozen=True)
class Zones:
    """Time zones of a file.

    Attributes:
        delivered: IANA zone of instants without an offset.
        business: IANA zone of local days.
    """

    delivered: str
    business: str


def trimmed(raw: str) -> str:
    """Returns SQL of a delivered text without blanks around it."""
    # most texts have no blank around them, and a test for one is cheap
    return (
        f"case when regexp_matches({raw}, '^{_BLANKS}|{_BLANKS}$')"
        f" then regexp_replace({raw}, '^{_BLANKS}+|{_BLANKS}+$', '', 'g') else {raw} end"
    )


def plain_pattern(column: Column, signs: Signs) -> str | None:
    """Returns the pattern of the texts of a typed column that can be cast as they are.

    Nearly all texts are written so; they have no blanks around them, and whether a text is one of
    them is found out once. None = any text is a value.

    Args:
        column: Column of the contract.
        signs: How numbers are written.
    """
    kind = column.data_type.partition("(")[0]
    if kind == "varchar":
        return None
    if kind == "boolean":
        return "true|false"
    if kind == "bigint":
        return "[+-]?\\d{1,18}"
    if kind == "decimal":
        digits = column.data_type.rstrip(")").partition(",")[2]
        return f"[+-]?\\d{{1,12}}(?:\\{signs.decimal}\\d{{0,{digits}}})?"
    return _DATE if kind == "date" else rf"{_DATE}(?:[T ]\d{{2}}:\d{{2}}:\d{{2}})?"


def is_plain(text: str, pattern: str) -> str:
    """Returns SQL of whether a text is written plainly; null where there is none."""
    return f"regexp_full_match({text}, {literal(pattern)})"


def present(text: str, delivery: Delivery, plain: tuple[str, str] | None = None) -> str:
    """Returns SQL of a trimmed text, null where it means absent.

    Args:
        text: SQL of the text.
        delivery: Says which texts mean absent.
        plain: SQL of whether it is written plainly, and the pattern of such texts.
    """
    is_there = _is_none_of(text, ("", *delivery.null_texts))
    if plain and not any(re.fullmatch(plain[1], absent) for absent in delivery.null_texts):
        is_there = f"{plain[0]} or {is_there}"
    return f"case when {is_there} then {text} end"


def mapped(text: str, values: Mapping[str, str] | None) -> str:
    """Returns SQL of a text after the value mapping of inputs.yml."""
    if not values:
        return text
    cases = " ".join(f"when {literal(old)} then {literal(new)}" for old, new in values.items())
    return f"nullif(case {text} {cases} else {text} end, '')"


def is_money(table: Input, column: Column) -> bool:
    """Returns whether a column is an amount in the currency that its own row states."""
    return (
        column.data_type.startswith("decimal")
        and column.name.rpartition("_")[2] in _MONEY_WORDS
        and any(other.format == "currency" for other in table.columns)
    )


def without_mark(text: str) -> str:
    """Returns SQL of an amount without the currency's sign or code, whichever it is.

    Enough to see which sign is the decimal one; not to read the amount.
    """
    return (
        f"case when regexp_full_match({text}, {literal(_MARKED_AMOUNT)})"
        f" then trim(regexp_replace({text}, {literal(_MARK_AND_BLANKS)}, '')) else {text} end"
    )


def without_currency(text: str, currency: str) -> str:
    """Returns SQL of an amount without the sign or code of the currency that its row states.

    Of any other currency it stays as it is, and is no number: whether the sign or the column is
    wrong cannot be told.

    Args:
        text: SQL of the text of an amount.
        currency: SQL of the text of the row's currency; null where none is stated.
    """
    mark = f"upper(regexp_extract({text}, {literal(_CURRENCY_MARK)}))"
    signs = " ".join(
        f"when {literal(sign.upper())} then upper({currency}) in {literals(codes)}"
        for sign, codes in _CURRENCY_SIGNS.items()
    )
    return (
        f"case when regexp_full_match({text}, {literal(_MARKED_AMOUNT)})"
        f" and case {mark} {signs} else upper({currency}) = {mark} end"
        f" then trim(regexp_replace({text}, {literal(_MARK_AND_BLANKS)}, '')) else {text} end"
    )


def typed(
    column: Column,
    text: str,
    plain: str,
    number: str,
    signs: Signs,
    zones: Zones,
    formats: tuple[str, ...],
) -> str:
    """Returns SQL of a column's value in its landing type.

    Args:
        column: Column of the contract.
        text: SQL of its cleaned text.
        plain: SQL of whether that is written plainly (see `plain_pattern`).
        number: SQL of what `with_numbers` made of it, for a number.
        signs: How numbers are written.
        zones: How instants are written.
        formats: Date formats stated in inputs.yml.
    """
    kind = column.data_type.partition("(")[0]
    if kind == "varchar":
        return _word(column, text)
    if kind == "boolean":
        return _boolean(text, plain)
    if kind == "bigint":
        return _whole(text, number, signs)
    if kind == "decimal":
        return _decimal(column, text, number, signs)
    if kind == "timestamp":
        return _instant(text, plain, zones.delivered, formats)
    return _day(text, plain, zones, formats)


def text_needed(column: Column, now: datetime) -> str:
    """Returns SQL of whether the text of a typed column must be kept beside its value.

    It is what a person is shown of a refused row. So it is kept where there is no value, and where
    a rule of the column could refuse it, with room to spare: which rows are refused decide the
    guards alone.

    Args:
        column: A typed column of the contract, not personal.
        now: Moment of the load, UTC without offset.
    """
    value = quoted(column.name)
    if column.accepted_values or column.format or column.reference or column.seed:
        return "true"
    reasons = [f"{value} is null"]
    reasons += [f"{value} < {bound}" for bound in (column.minimum,) if bound is not None]
    reasons += [f"{value} <= {bound}" for bound in (column.above,) if bound is not None]
    reasons += [f"{value} > {bound}" for bound in (column.maximum,) if bound is not None]
    reasons += [f"{value} <= {quoted(other)}" for other in (column.after,) if other]
    reasons += [f"{value} < {quoted(other)}" for other in (column.not_before,) if other]
    if column.event:
        first, last = _FIRST_INSTANT + _ZONES_APART, now - _ZONES_APART
        reasons.append(f"{value} not between timestamp '{first}' and timestamp '{last}'")
    return f"({' or '.join(reasons)})"


def default_of(column: Column) -> str | None:
    """Returns SQL of what stands for an absent value; None = null."""
    if column.default is not None:
        return f"cast({literal(column.default)} as {column.data_type})"
    return "''" if column.key and not column.required else None


def is_true(text: str) -> str:
    """Returns SQL of whether a delivered mark says yes; anything but a no does."""
    return f"coalesce({_is_none_of(f'lower({text})', FALSE_TEXTS)}, false)"


def _is_none_of(text: str, others: Iterable[str]) -> str:
    """SQL of `not in`, which the engine would make a join for every column."""
    return "(" + " and ".join(f"{text} <> {literal(other)}" for other in others) + ")"


def number_evidence(text: str) -> tuple[str, str]:
    """Returns SQL conditions: the text can only have a decimal comma; only a decimal point."""

    def fits(sign: str, group: str) -> str:
        whole = rf"\d{{1,3}}(?:(?:{group}|{_SPACES})\d{{3}})+"
        pattern = (
            rf"[+-]?(?:\d*{sign}\d{{1,2}}|\d*{sign}\d{{4,}}|\d{{4,}}{sign}\d+|0{sign}\d+"
            rf"|{whole}{sign}\d+)-?"
        )
        return f"regexp_full_match({text}, {literal(pattern)})"

    return (
        f"contains({text}, ',') and {fits(',', chr(92) + '.')}",
        f"contains({text}, '.') and {fits(chr(92) + '.', ',')}",
    )


def _word(column: Column, text: str) -> str:
    """Words of a list and currency codes are taken in any case; other text stays as delivered."""
    if column.format == "currency":
        return f"upper({text})"
    if column.accepted_values:
        cases = " ".join(
            f"when {literal(word.lower())} then {literal(word)}" for word in column.accepted_values
        )
        return f"case lower({text}) {cases} else {text} end"
    return text


def _boolean(text: str, plain: str) -> str:
    words = dict.fromkeys(TRUE_TEXTS, "true") | dict.fromkeys(FALSE_TEXTS, "false")
    cases = " ".join(f"when {literal(word)} then {value}" for word, value in words.items())
    return f"case when {plain} then {text} = 'true' else case lower({text}) {cases} end end"


def is_number(column: Column) -> bool:
    """Returns whether a column's text is read as a number."""
    return column.data_type.startswith(("decimal", "bigint"))


def with_numbers(relation: str, numbers: Mapping[str, tuple[str, str]], signs: Signs) -> str:
    """Returns a relation with a column more for each number that is not written plainly.

    It holds such a number with a decimal point and nothing else, an empty text where it is none,
    and null where the number is written plainly. Each step is a select of its own: written as one
    expression, the text would stand in it a hundred times.

    Args:
        relation: SQL relation with the texts.
        numbers: Name of the column to add to SQL of the text and of whether it is plain.
        signs: How numbers are written.
    """
    if not numbers:
        return relation
    unusual = ", ".join(
        f"case when not {plain} then replace({text}, '−', '-') end as {name}"  # noqa: RUF001 - typographers' minus
        for name, (text, plain) in numbers.items()
    )
    relation = f"(select *, {unusual} from {relation})"
    for step in (
        _without_minus_behind,
        _without_spaces,
        _without_groups,
        _plain,
        _without_exponent,
    ):
        replaced = ", ".join(f"{step(name, signs)} as {name}" for name in numbers)
        relation = f"(select * replace ({replaced}) from {relation})"
    return relation


def _without_minus_behind(number: str, _: Signs) -> str:
    """A minus behind the digits, as some accounting systems write it, goes in front."""
    return (
        f"case when regexp_full_match({number}, '[\\d.,]+-')"
        f" then '-' || left({number}, length({number}) - 1) else {number} end"
    )


def _without_spaces(number: str, _: Signs) -> str:
    spaced = f"[+-]?\\d{{1,3}}({_SPACES}\\d{{3}})+([.,]\\d*)?"
    return (
        f"case when regexp_full_match({number}, {literal(spaced)})"
        f" then regexp_replace({number}, {literal(_SPACES)}, '', 'g') else {number} end"
    )


def _without_groups(number: str, signs: Signs) -> str:
    """Thousands signs go where they are stated, or cannot be anything else."""
    other = "," if signs.decimal == "." else "."
    point, group = "\\" + signs.decimal, "\\" + other
    grouped = f"[+-]?\\d{{1,3}}({group}\\d{{3}})+{point}\\d*|[+-]?\\d{{1,3}}({group}\\d{{3}}){{2,}}"
    if signs.thousands == other:
        grouped = f"[+-]?\\d{{1,3}}({group}\\d{{3}})+({point}\\d*)?"
    return (
        f"case when regexp_full_match({number}, {literal(grouped)})"
        f" then replace({number}, {literal(other)}, '') else {number} end"
    )


def _plain(number: str, signs: Signs) -> str:
    """With any other sign left it is no number."""
    point = "\\" + signs.decimal
    whole = f"[+-]?(\\d+{point}?\\d*|{point}\\d+)([eE][+-]?\\d{{1,3}})?"
    return (
        f"case when regexp_full_match({number}, {literal(whole)})"
        f" then replace({number}, {literal(signs.decimal)}, '.')"
        f" when {number} is not null then '' end"
    )


def _without_exponent(number: str, _: Signs) -> str:
    """An exponent is written out, which is exact within 18 decimals."""
    return (
        f"case when regexp_matches({number}, '[eE]')"
        f" then coalesce(cast(try_cast({number} as decimal(38,18)) as varchar), '')"
        f" else {number} end"
    )


def _decimal(column: Column, text: str, number: str, signs: Signs) -> str:
    digits = int(column.data_type.rstrip(")").partition(",")[2])
    kept = _ROUNDED_DIGITS if column.excess_decimals == "round" else digits
    cut = f"regexp_replace({number}, '(\\.\\d{{{kept}}})\\d+$', '\\1')"
    point = text if signs.decimal == "." else f"replace({text}, {literal(signs.decimal)}, '.')"
    return (
        f"case when {number} is null then try_cast({point} as {column.data_type})"
        f" else try_cast({cut} as {column.data_type}) end"
    )


def _whole(text: str, number: str, signs: Signs) -> str:
    """SQL of a whole number; `1.000` is none unless it is known whether it means a thousand."""
    whole = f"regexp_replace({number}, '\\.0*$', '')"
    doubtful = f" when regexp_full_match({number}, '[+-]?[1-9]\\d{{0,2}}\\.000') then null"
    return (
        f"case when {number} is null then try_cast({text} as bigint)"
        f"{'' if signs.is_sure or signs.decimal == ',' else doubtful}"
        f" when regexp_full_match({whole}, '[+-]?\\d+') then try_cast({whole} as bigint) end"
    )


def _instant(text: str, plain: str, zone: str, formats: tuple[str, ...]) -> str:
    """SQL of a UTC timestamp; without an offset the text is local time of the zone."""
    local = f"{_DATE}(?:[T ]{_TIME})?"
    offset = f"{_DATE}[T ]{_TIME} ?{_OFFSET}"
    point = f"replace({text}, ',', '.')"
    zoned = f"regexp_replace(regexp_replace({point}, ' ?({_UTC})$', '+00'), ' ([+-])', '\\1')"
    iso = (
        f"case when {plain}"
        f" then {_to_utc(f'try_cast({text} as timestamp)', zone)}"
        f" when regexp_full_match({text}, '{local}')"
        f" then {_to_utc(f'try_cast({point} as timestamp)', zone)}"
        f" when regexp_full_match({text}, '{offset}')"
        f" then try_cast({zoned} as timestamptz) at time zone 'UTC' end"
    )
    stated = [_by_format(text, zone, text_format) for text_format in formats]
    return f"coalesce({', '.join([*stated, iso])})" if stated else iso


def _by_format(text: str, zone: str, text_format: str) -> str:
    if text_format in EPOCHS:
        digits, factor = _EPOCHS[text_format]
        number = f"try_cast({text} as decimal(30,6))"
        return _in_written_years(
            f"case when regexp_full_match({text}, '-?\\d{{1,{digits}}}(\\.\\d*)?')"
            f" then make_timestamp(cast({number} * {factor} as bigint)) end"
        )
    if text_format == SERIAL_DAYS:
        days = f"try_cast(replace({text}, ',', '.') as decimal(20,12)) - {_DAYS_TO_1970}"
        # to the second, as a fraction of a day is never exact
        local = f"make_timestamp(cast(round(({days}) * 86400) as bigint) * 1000000)"
        return (
            f"case when regexp_full_match({text}, '\\d{{4,6}}([.,]\\d{{1,11}})?')"
            f" then {_to_utc(local, zone)} end"
        )
    # the engine reads `infinity` and `epoch`, which databases export, as 1900 in any format
    written = f"case when regexp_matches({text}, '\\d') then {text} end"
    parsed = _in_written_years(f"try_strptime({written}, {literal(text_format)})")
    if "%z" in text_format:
        return f"({parsed}) at time zone 'UTC'"
    return _to_utc(parsed, zone)


def _in_written_years(instant: str) -> str:
    """SQL of an instant of the years that ISO texts have: `%Y` reads 25 as the year 25."""
    return f"case when year({instant}) between 1000 and 9999 then {instant} end"


def _to_utc(local: str, zone: str) -> str:
    if zone == "UTC":
        return local
    return f"({local}) at time zone {literal(zone)} at time zone 'UTC'"


def _day(text: str, plain: str, zones: Zones, formats: tuple[str, ...]) -> str:
    """SQL of a local day: a day stays itself, an instant falls on the day the business has then."""
    bare = f"case when {plain} then try_cast({text} as date) end"
    iso = _day_of(_instant(text, plain, zones.delivered, ()), zones)
    # stated formats come first, for they may give another reading of digits and dashes
    stated = [_day_by_format(text, zones, text_format) for text_format in formats]
    return f"coalesce({', '.join([*stated, bare, iso])})"


def _day_by_format(text: str, zones: Zones, text_format: str) -> str:
    instant = _by_format(text, zones.delivered, text_format)
    if text_format == SERIAL_DAYS:
        days = f"try_cast(regexp_extract({text}, '^(\\d{{4,6}})([.,]0+)?$', 1) as integer)"
        return f"coalesce({_DAY_ZERO} + {days}, {_day_of(instant, zones)})"
    if text_format in EPOCHS or _TIMED.search(text_format.replace("%%", "")):
        return _day_of(instant, zones)
    # read as an instant of the zone delivered, it could be the day before or after
    return f"cast({_by_format(text, 'UTC', text_format)} as date)"


def _day_of(instant: str, zones: Zones) -> str:
    if zones.business == "UTC":
        return f"cast({instant} as date)"
    return f"cast(({instant}) at time zone 'UTC' at time zone {literal(zones.business)} as date)"
