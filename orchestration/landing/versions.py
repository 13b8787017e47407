"""Which delivered rows are not the latest version of their key.

`_row` rises with the version: later load, later file, later line. Nearly every key stands once in
a delivery, and only the few that do not are looked at closely: no table as wide or as long as the
delivery is sorted or kept in memory for it.
"""

from orchestration.contract import Input
from orchestration.landing.mapping import SOURCE
from orchestration.landing.sql import quoted


def outdated_rows(table: Input, refused: str) -> str:
    """Returns the query of `_row` of the delivered rows that a later row of the same key replaces.

    Args:
        table: The input, whose rows stand in incoming.<input>.
        refused: SQL condition on `delivered` under which a row does not count, as it is refused.

    Returns:
        A select of one column, `_row`.
    """
    incoming = f"incoming.{quoted(table.name)}"
    key = ", ".join(quoted(part) for part in (SOURCE, *table.key))
    # a hash is small; two keys that share one are told apart by the window
    return f"""select _row from (
        select delivered._row, max(delivered._row) over (partition by {key}) as latest_row
        from {incoming} as delivered
        where hash({key}) in (
            select hash({key}) as key_hash from {incoming} group by key_hash having count(*) > 1
        ) and not {refused}
    ) where _row < latest_row"""
