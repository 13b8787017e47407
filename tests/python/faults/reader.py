"""A reader in a process of its own: queries until a stop file appears, then reports as JSON.

python reader.py KIND WAREHOUSE STOP_FILE PAUSE, where KIND is

- query: connects for each query, as a BI tool does;
- held: keeps one connection over publications, and must see one version as long as it does;
- long: keeps a connection until manifest.json names another refresh, then opens anew, as
  docs/reliability.md tells a long-lived reader to do;
- parquet: takes the file names from manifest.json.

Every look reads several tables and says of which refresh each is; the reader needs no project.
"""

import json
import sys
import time
from pathlib import Path

import duckdb

# the latest published refresh, and what its marts hold
_LOOK = """
select
    (select max(refresh_id) from {refreshes} where result = 'published'),
    (select count(*) from {orders}),
    (select count(*) from {items}),
    (select sum(orders) from {growth} where grain = 'month')
"""
_TABLES = {
    "refreshes": ("quality", "refreshes"),
    "orders": ("core", "orders"),
    "items": ("core", "order_items"),
    "growth": ("revenue", "revenue_growth"),
}
_HELD_SECONDS = 0.5


class Reader:
    """What one reader has seen."""

    def __init__(self, warehouse: Path, pause: float) -> None:
        self.warehouse = warehouse
        self.pause = pause
        self.marts = warehouse / "marts.duckdb"
        self.reads = 0
        self.seen: dict[str, list] = {}
        self.problems: list[str] = []

    def look(self, con: duckdb.DuckDBPyConnection) -> str:
        """Read all tables of one connection in one query and one by one."""
        names = {key: f"{schema}.{name}" for key, (schema, name) in _TABLES.items()}
        refresh_id, *facts = con.execute(_LOOK.format(**names)).fetchall()[0]
        (orders,) = con.execute("select count(*) from core.orders").fetchall()[0]
        if orders != facts[0]:
            self.problems.append(f"{facts[0]} orders, then {orders} in one connection")
        self.note(refresh_id, facts)
        return refresh_id

    def note(self, refresh_id: str, facts: list) -> None:
        """Take down what a refresh holds: another look at it must find the same."""
        facts = [None if fact is None else int(fact) for fact in facts]
        self.reads += 1
        if self.seen.setdefault(refresh_id, facts) != facts:
            self.problems.append(f"mixed: {refresh_id} has {self.seen[refresh_id]} and {facts}")

    def query(self, _: Path) -> None:
        """Connect, read, close."""
        with duckdb.connect(str(self.marts), read_only=True) as con:
            self.look(con)

    def held(self, _: Path) -> None:
        """Keep a connection for a while: it stays with its version."""
        with duckdb.connect(str(self.marts), read_only=True) as con:
            until = time.monotonic() + _HELD_SECONDS
            found = set()
            while time.monotonic() < until:
                found.add(self.look(con))
                time.sleep(self.pause)
        if len(found) != 1:
            self.problems.append(f"one connection saw {sorted(found)}")

    def long(self, stop: Path) -> None:
        """Keep a connection until another refresh is published, then open anew."""
        con, standing = None, None
        while not stop.exists():
            named = json.loads((self.warehouse / "manifest.json").read_text())["refresh_id"]
            if con is None or named != standing:
                if con is not None:
                    con.close()
                con = duckdb.connect(str(self.marts), read_only=True)
                standing = named
            self.look(con)
            time.sleep(self.pause)
        if con is not None:
            con.close()

    def parquet(self, _: Path) -> None:
        """Take the files from the manifest: all are of its refresh."""
        manifest = json.loads((self.warehouse / "manifest.json").read_text())
        entries = {(table["schema"], table["name"]): table for table in manifest["tables"]}
        names = {
            key: f"read_parquet('{self.warehouse / entries[table]['parquet']}')"
            for key, table in _TABLES.items()
        }
        with duckdb.connect() as con:
            refresh_id, *facts = con.execute(_LOOK.format(**names)).fetchall()[0]
        if refresh_id != manifest["refresh_id"]:
            self.problems.append(f"mixed: {manifest['refresh_id']} names files of {refresh_id}")
        if facts[0] != entries["core", "orders"]["rows"]:
            self.problems.append(f"{refresh_id} has other rows than its manifest says")
        self.note(refresh_id, facts)


def main() -> None:
    """Read until told to stop."""
    kind, stop = sys.argv[1], Path(sys.argv[3])
    reader = Reader(Path(sys.argv[2]), float(sys.argv[4]))
    while not stop.exists():
        try:
            getattr(reader, kind)(stop)
        except Exception as error:
            reader.problems.append(f"{type(error).__name__}: {error}")
        time.sleep(reader.pause)
    print(json.dumps({"reads": reader.reads, "seen": reader.seen, "problems": reader.problems[:5]}))


if __name__ == "__main__":
    main()
