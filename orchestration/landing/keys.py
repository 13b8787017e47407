"""The key of a row as one text, the same for a delivered and a landed row.

Quarantine names rows by it and heals by it: what was refused under a key is healed when a row of
that key is accepted.
"""

from orchestration.contract import Input


def row_key(table: Input, row: str, *, is_incoming: bool) -> str:
    """Returns the SQL expression of a row's key.

    Its parts are joined by `|`; the source stands in front unless it is `main`. Typed parts are
    written as stored, so that `2024-01-01` and `2024-01-01T00:00` are one key; where a delivered
    part does not parse, its text stands instead.

    Args:
        table: Input of the row.
        row: Alias of the row.
        is_incoming: True for incoming.<input>, which has the delivered text of typed columns;
            False for landing.<input>.

    Returns:
        A varchar expression, never null.
    """
    parts = []
    for name in table.key:
        stored = f'{row}."{name}"'
        if table.column(name).is_text:
            parts.append(f"coalesce({stored}, '')")
        elif is_incoming:
            parts.append(f"""coalesce(cast({stored} as varchar), {row}."{name}__text", '')""")
        else:
            parts.append(f"coalesce(cast({stored} as varchar), '')")
    joined = " || '|' || ".join(parts)
    return f"(case when {row}._source <> 'main' then {row}._source || '|' else '' end || {joined})"
