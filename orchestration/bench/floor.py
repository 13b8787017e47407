"""The floor: one DuckDB process that computes the marts from the files by straight SQL.

`python -m orchestration.bench.floor PLAN` runs the statements of a plan that `write_plan` made of
a refreshed warehouse: DuckDB's own readers fill typed tables, the latest version of each key stays,
then the SQL that dbt compiled runs, model after model. No text is kept, nothing is checked,
counted, quarantined, tested or published; a line that does not cast is dropped. What is left is
the least that any way to these marts has to do on this engine.
"""

import argparse
import csv
import gzip
import json
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import duckdb

from orchestration.contract import Column, Contract, Input, load_contract
from orchestration.landing import personal
from orchestration.landing.convert import default_of
from orchestration.landing.files import FoundFile, ending_of, find_files
from orchestration.landing.header import normalised
from orchestration.landing.mapping import Delivery, load_mapping
from orchestration.landing.sql import list_of, literal, quoted
from orchestration.landing.tables import create_tables
from orchestration.memory import memory_limit
from orchestration.settings import Settings
from orchestration.straight import Step, ancestors, read_dbt_manifest, run_step, steps
from orchestration.workspace import Workspace

# Marts that tell of the refresh itself: the floor has nothing to tell.
NOT_IN_FLOOR = "quality"
# dbt compiled the names of relations with this one
DATABASE = "work.duckdb"


@dataclass(frozen=True)
class Task:
    """One thing the floor does.

    Attributes:
        kind: read, or model (seeds too).
        step: Its statements; the name is that of the input, or of the model as schema.name.
        is_needed: Whether any mart asks for it.
    """

    kind: str
    step: Step
    is_needed: bool = True


@dataclass(frozen=True)
class TaskCost:
    """What one thing cost the floor."""

    kind: str
    name: str
    is_needed: bool
    seconds: float
    cpu_seconds: float


def write_plan(workspace: Workspace, settings: Settings, folder: Path) -> Path:
    """Write down what the floor has to do to come to the marts of a refreshed warehouse.

    Args:
        workspace: The warehouse, refreshed, whose compiled models are taken.
        settings: The settings it was refreshed with.
        folder: Folder of the floor, into which its database will go.

    Returns:
        The plan.
    """
    contract = load_contract()
    folder.mkdir(parents=True, exist_ok=True)
    models = steps(workspace.project, workspace.dbt_target, without_schemas=[NOT_IN_FLOOR])
    needed = _needed_inputs(read_dbt_manifest(workspace.dbt_target))
    zone = settings.get("business_timezone")
    landing = workspace.landing
    found = find_files(landing, contract, load_mapping(landing, contract, zone))
    reads = [
        Task(
            "read",
            Step(name, _read_statements(contract.inputs[name], landing, files)),
            name in needed,
        )
        for name, files in found.files.items()
        if files
    ]
    plan = {
        "database": str(folder / DATABASE),
        # hashed e-mail joins guests to accounts, so the marts need it
        "hash_key": personal.hash_key(workspace),
        "feeds": _feeds(contract, found.files),
        "tasks": [asdict(task) for task in (*reads, *(Task("model", step) for step in models))],
    }
    file = folder / "plan.json"
    file.write_text(json.dumps(plan), encoding="utf-8")
    return file


def run_plan(file: Path) -> list[TaskCost]:
    """Run a plan in a new database beside it.

    Args:
        file: What `write_plan` wrote.

    Returns:
        What each task cost, in order.
    """
    plan = json.loads(file.read_text(encoding="utf-8"))
    database = Path(plan["database"])
    database.unlink(missing_ok=True)
    costs = []
    with duckdb.connect(str(database), config=_engine()) as con:
        con.execute("set TimeZone = 'UTC'")
        con.execute("set enable_progress_bar = false")
        con.execute("set preserve_insertion_order = false")
        create_tables(con, load_contract())
        personal.use_key(con, plan["hash_key"])
        for feed in plan["feeds"]:
            con.execute(
                "insert into ops.feeds values (?, 'main', now()::timestamp, now()::timestamp, ?)",
                feed,
            )
        for one in plan["tasks"]:
            task = Task(one["kind"], Step(**one["step"]), one["is_needed"])
            started, cpu = time.monotonic(), time.process_time()
            run_step(con, task.step)
            costs.append(
                TaskCost(
                    task.kind,
                    task.step.name,
                    task.is_needed,
                    round(time.monotonic() - started, 3),
                    round(time.process_time() - cpu, 3),
                )
            )
    return costs


def _engine() -> dict[str, str]:
    """Settings of the engine, as the profile of the refresh has them."""
    return {
        "memory_limit": memory_limit(),
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
    }


def _feeds(
    contract: Contract, files: Mapping[str, tuple[FoundFile, ...]]
) -> list[tuple[str, str | None]]:
    """List the inputs that were delivered, and up to when each is complete."""
    return [
        (
            table.name,
            next(
                (
                    file.delivery.loaded_through.isoformat()
                    for file in files[table.name]
                    if file.delivery.loaded_through
                ),
                None,
            ),
        )
        for table in contract
        if files[table.name]
    ]


# --- reading --------------------------------------------------------------------------------------


def _read_statements(table: Input, landing: Path, files: tuple[FoundFile, ...]) -> list[str]:
    """SQL that reads all files of an input and keeps the latest version of each key.

    The last file by name has it; what stands twice in one file of the benchmark is the same.
    """
    target = f"landing.{quoted(table.name)}"
    inserts = []
    for ending, group in groupby(files, key=lambda file: ending_of(file.name)):
        same = list(group)
        paths = [landing / file.name for file in same]
        rows = _select(table, ending, same[0].delivery, paths)
        inserts.append(f"insert into {target} by name {rows}")
    # not by rowid alone: DuckDB does not keep the order of several files
    keys = ", ".join(quoted(part) for part in table.key)
    latest = f"""delete from {target} where rowid in (
        select row_id from (
            select rowid as row_id,
                row_number() over (partition by {keys} order by _file desc, rowid desc) as version
            from {target} semi join (
                select {keys} from {target} group by {keys} having count(*) > 1
            ) as repeated using ({keys})
        ) where version > 1
    )"""
    return [*inserts, latest]


def _select(table: Input, ending: str | None, delivery: Delivery, paths: list[Path]) -> str:
    """SQL of the typed rows of files of one format, all laid out as the first."""
    names = _names(paths[0], ending)
    delivered = {
        column.name: name
        for column in table.columns
        for name in names
        if name == delivery.columns.get(column.name, name)
        and (column.name in delivery.columns or normalised(name) == column.name)
    }
    values = {
        "_source": "'main'",
        "_file": "filename",
        "_is_deleted": "false",
        "_is_held": "false",
    }
    for column in table.columns:
        if column.name in delivered:
            values |= _value(column, quoted(delivered[column.name]), ending)
        elif default_of(column) is not None:
            values[column.name] = str(default_of(column))
    selected = ", ".join(f"{sql} as {quoted(name)}" for name, sql in values.items())
    types = {delivered[c.name]: _read_type(c) for c in table.columns if c.name in delivered}
    return f"select {selected} from {_scan(ending, delivery, paths, names, types)}"


def _read_type(column: Column) -> str:
    """The type the reader casts to: text where more has to be made of it than a cast does."""
    return "varchar" if column.personal else column.data_type


def _value(column: Column, name: str, ending: str | None) -> dict[str, str]:
    """SQL of the landing columns of one delivered column."""
    if not column.personal:
        typed = name if ending != "parquet" else f"try_cast({name} as {column.data_type})"
        default = default_of(column)
        return {column.name: typed if default is None else f"coalesce({typed}, {default})"}
    text = personal.normalised(column, f"trim({name})")
    reduced = personal.reduced(column, text, f"try_cast({name} as date)", keep_free_text=False)
    return {
        stored: sql
        for stored, sql in reduced.items()
        if stored in (column.stored_as or {column.name})
    }


def _scan(
    ending: str | None,
    delivery: Delivery,
    paths: list[Path],
    names: list[str],
    types: Mapping[str, str],
) -> str:
    """SQL of DuckDB's reader over files of one format, each known column read in its type."""
    files = list_of([str(path) for path in paths])
    if ending == "parquet":
        return f"read_parquet({files}, filename = true)"
    listed = types if ending == "jsonl" else {name: types.get(name, "varchar") for name in names}
    columns = ", ".join(f"{literal(name)}: {literal(kind)}" for name, kind in listed.items())
    if ending == "jsonl":
        return (
            f"read_json({files}, format = 'newline_delimited', ignore_errors = true, "
            f"filename = true, columns = {{{columns}}})"
        )
    return (
        f"read_csv({files}, auto_detect = false, header = true, quote = '\"', escape = '\"', "
        f"delim = {literal(delivery.delimiter or ',')}, ignore_errors = true, filename = true, "
        f"decimal_separator = {literal(delivery.decimal or '.')}, columns = {{{columns}}})"
    )


def _names(path: Path, ending: str | None) -> list[str]:
    """List the columns of a file as they are named in it."""
    if ending == "csv":
        opened = gzip.open if path.suffix == ".gz" else open
        with opened(path, "rt", encoding="utf-8-sig", newline="") as file:
            first = file.readline()
        sign = max(",;", key=first.count)
        return next(csv.reader([first.strip()], delimiter=sign))
    with duckdb.connect() as con:
        reader = "read_parquet" if ending == "parquet" else "read_json"
        return [
            row[0]
            for row in con.execute(
                f"describe select * from {reader}({literal(str(path))})"
            ).fetchall()
        ]


def _needed_inputs(manifest: Mapping[str, Any]) -> set[str]:
    """Names of the inputs that a mart of the floor reads, over however many models."""
    nodes, sources = manifest["nodes"], manifest["sources"]
    marts = [
        name
        for name, node in nodes.items()
        if node["resource_type"] == "model"
        and "marts" in node["fqn"]
        and node["schema"] != NOT_IN_FLOOR
    ]
    graph = {name: node.get("depends_on", {}).get("nodes", []) for name, node in nodes.items()}
    return {sources[name]["name"] for name in ancestors(graph, marts) if name in sources}


def main(arguments: list[str] | None = None) -> int:
    """Run a plan and print what it cost as JSON.

    Args:
        arguments: Command line; None = the process's own.

    Returns:
        0; what fails raises.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("plan", type=Path)
    costs = run_plan(parser.parse_args(arguments).plan)
    sys.stdout.write(json.dumps([asdict(cost) for cost in costs]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
