"""Names and texts made safe to stand in SQL."""

from collections.abc import Iterable


def quoted(name: str) -> str:
    """Returns an identifier safe to stand in SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Returns a text literal safe to stand in SQL."""
    return "'" + text.replace("'", "''") + "'"


def literals(texts: Iterable[str]) -> str:
    """Returns text literals in brackets, as `in` takes them; at least one is needed."""
    return "(" + ", ".join(literal(text) for text in texts) + ")"


def list_of(texts: Iterable[str]) -> str:
    """Returns a SQL list of text literals."""
    return "[" + ", ".join(literal(text) for text in texts) + "]"
