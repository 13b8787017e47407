"""The rules of the contract, one object each: what is asked of a row, how a person hears of it.

Nothing here knows Great Expectations; `suites` turns these rules into expectations.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from orchestration.contract import Column, Contract, Input
from orchestration.landing.holds import HOLDS, ORDER_WITHOUT_ITEMS
from orchestration.quality.results import ERROR

ROWS = "rows"  # decided by the row alone
LINKS = "links"  # needs the rows of other inputs, so it runs when these have passed their own rules

KINDS = {
    "timestamp": "a date and time",
    "date": "a day",
    "boolean": "true or false",
    "bigint": "a whole number",
    "decimal": "a number",
    "varchar": "text",
}
WRITTEN = {
    "timestamp": "2024-03-01T12:00:00",
    "date": "2024-03-01",
    "boolean": "true",
    "bigint": "12",
    "decimal": "1234.50",
}
# What inputs.yml can say about values written in another way.
STATED = {
    "timestamp": "state the file's date_formats in inputs.yml",
    "date": "state the file's date_formats in inputs.yml",
    "boolean": "say under values in inputs.yml which words mean true and false",
    "bigint": "state the file's thousands sign in inputs.yml",
    "decimal": "state the file's decimal and thousands signs in inputs.yml",
}


@dataclass(frozen=True)
class Rule:
    """One rule for the rows of one input.

    Attributes:
        input: Name of the input.
        column: Column it is about.
        name: Kind of rule, such as `minimum`.
        about: What its column is checked against, as the first part of `quarantine_rule`: the
            column, but for orders without items.
        severity: `error` (the row is refused) or `warning` (counted).
        stage: ROWS or LINKS.
        is_key: Whether a row that only says "deleted" must meet it too.
        expected: What it asks, such as `at least 0`.
        broken: What is wrong with a row that breaks it, to stand behind "rows have".
        remedy: What to do about such rows.
    """

    input: str
    column: str
    name: str
    about: str
    severity: str
    stage: str
    is_key: bool
    expected: str
    broken: str
    remedy: str

    @property
    def check_id(self) -> str:
        """Id in ops.input_checks, such as `orders.gross_amount.minimum`."""
        return f"{self.input}.{self.quarantine_rule}"

    @property
    def quarantine_rule(self) -> str:
        """Rule in ops.quarantined_rows, such as `gross_amount.minimum`."""
        return f"{self.about}.{self.name}"


def rules_of(table: Input) -> list[Rule]:
    """Make the rules of one input from the contract.

    Args:
        table: The input.

    Returns:
        Its rules, in the order of the contract's columns.
    """
    rules = [_rule(table, column, name) for column in table.columns for name in _names(column)]
    if table.name == ORDER_WITHOUT_ITEMS.input:
        rules.append(_order_without_items())
    return rules


def all_rules(contract: Contract) -> list[Rule]:
    """Return the rules of every input, in the order of the contract."""
    return [rule for table in contract for rule in rules_of(table)]


def is_hold(rule: Rule) -> bool:
    """Whether rows that break the rule are loaded and held (E47) instead of kept out."""
    return rule.check_id in {hold.check_id for hold in HOLDS}


def has_stored_text(column: Column) -> bool:
    """Whether incoming.<input> holds the delivered text (or its shape) beside the column."""
    return f"{column.name}__text" in column.incoming_columns


def _names(column: Column) -> Iterable[str]:
    """Name the rules a column has."""
    if not column.is_text and (column.personal is None or len(column.stored_as) == 1):
        yield "type"
    for name in (
        "required",
        "accepted_values",
        "minimum",
        "above",
        "maximum",
        "format",
        "event",
        "after",
        "not_before",
        "reference",
        "seed",
    ):
        asked = getattr(column, name)
        # by identity: a bound of 0 is a rule too
        if asked is not None and asked is not False and asked != ():
            yield name


def _rule(table: Input, column: Column, name: str) -> Rule:
    expected, broken, remedy = _words(column, name)
    return Rule(
        input=table.name,
        column=column.name,
        name=name,
        about=column.name,
        severity=column.severity_of(name),
        stage=LINKS if name == "reference" else ROWS,
        is_key=column.key and name in {"type", "required"},
        expected=expected,
        broken=broken,
        remedy=remedy,
    )


def _words(column: Column, name: str) -> tuple[str, str, str]:
    """Return what a rule expects, what is wrong where it is broken, and what to do."""
    it = column.name
    kind = column.data_type.partition("(")[0]
    correct = f"correct {it} where the file comes from"
    if name == "type":
        return (
            f"{KINDS[kind]}, such as {WRITTEN[kind]}",
            f"{an(it)} that is not {KINDS[kind]}",
            f"write {it} as in {WRITTEN[kind]}, or {STATED[kind]}",
        )
    if name == "required":
        return (
            "a value in every row",
            f"no {it}",
            f"fill {it} where the file comes from, or name in inputs.yml the column that holds it",
        )
    if name == "accepted_values":
        listed = _listed(column.accepted_values)
        return (
            listed,
            f"{an(it)} that is not {listed}",
            f"use one of these words for {it}, or say under values in inputs.yml what yours mean",
        )
    if name in {"minimum", "above", "maximum"}:
        bound = _plain(getattr(column, name))
        asked, wrong = {
            "minimum": (f"at least {bound}", f"below {bound}"),
            "above": (f"above {bound}", f"of {bound} or less"),
            "maximum": (f"at most {bound}", f"above {bound}"),
        }[name]
        return asked, f"{an(it)} {wrong}", correct
    if name == "format":
        return (
            "a currency code of three capitals (ISO 4217), such as EUR",
            f"{an(it)} that is not a currency code of three capitals, such as EUR",
            f"write {it} as an ISO 4217 code, such as EUR, USD or GBP",
        )
    if name == "event":
        return (
            "from 1970 to the moment of the load",
            f"{an(it)} that lies before 1970 or later than this load",
            f"check the year, the order of day and month and the time zone of {it}; "
            "what is only planned has not happened yet",
        )
    if name in {"after", "not_before"}:
        other = getattr(column, name)
        asked = "later than" if name == "after" else "not earlier than"
        wrong = f"not later than its {other}" if name == "after" else f"earlier than its {other}"
        return f"{asked} {other}", f"{an(it)} that is {wrong}", f"correct {it} or {other}"
    if name == "seed":
        seed = (column.seed or "").partition(".")[0]
        return (
            f"one of the values listed in seeds/{seed}.csv",
            f"{an(it)} that is not listed in seeds/{seed}.csv",
            f"add it to seeds/{seed}.csv, which reads the files in the landing folder anew, "
            f"or use a listed {it}",
        )
    target = (column.reference or "").partition(".")[0]
    return (
        f"a row of {target}",
        f"{an(it)} that is not in {target}",
        f"deliver the missing rows of {target}, or correct {it}",
    )


def _order_without_items() -> Rule:
    about, _, name = ORDER_WITHOUT_ITEMS.rule.partition(".")
    return Rule(
        input=ORDER_WITHOUT_ITEMS.input,
        column=ORDER_WITHOUT_ITEMS.column_name,
        name=name,
        about=about,
        severity=ERROR,
        stage=LINKS,
        is_key=False,
        expected="at least one row of order_items, where the source delivers order_items",
        broken="no row in order_items, although their source delivers order_items",
        remedy="deliver the missing rows of order_items",
    )


def an(word: str) -> str:
    """Put the article before a word: `a status`, `an amount`."""
    return f"{'an' if word[0] in 'aeio' else 'a'} {word}"


def _listed(words: tuple[str, ...]) -> str:
    if len(words) == 1:
        return words[0]
    return f"{', '.join(words[:-1])} or {words[-1]}"


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"
