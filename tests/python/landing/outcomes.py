"""Deliveries of the tables of cases, refreshed as the real steps do, and what became of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import yaml

from orchestration.contract import PROJECT_ROOT, load_contract
from orchestration.landing.accept import accept, stop
from orchestration.landing.holds import HOLDS
from orchestration.landing.read import read_deliveries
from orchestration.landing.sql import literals
from orchestration.quality.inputs import check_inputs
from orchestration.quality.page import write_checks_page
from orchestration.quality.results import BLOCKING
from orchestration.settings import load_settings
from orchestration.workspace import Workspace
from tests.python.landing.damaged_cases import Case

NOW = datetime(2026, 11, 23, 12)  # noqa: DTZ001 - UTC


@dataclass
class Outcome:
    """The work database after both refreshes, with what was told on the way in schema kept."""

    con: duckdb.DuckDBPyConnection
    workspace: Workspace

    def ask(self, query: str, *parameters: object) -> list[tuple]:
        return self.con.execute(query, list(parameters)).fetchall()


@contextmanager
def refreshed(folder: Path, cases: list[Case]) -> Iterator[Outcome]:
    """Refreshes twice: guards, then taking, or stopping where the guards say so."""
    landing, warehouse = folder / "landing", folder / "warehouse"
    landing.mkdir()
    warehouse.mkdir()
    workspace = Workspace(project=PROJECT_ROOT, landing=landing, warehouse=warehouse)
    (landing / "inputs.yml").write_text(yaml.safe_dump({"inputs": _mapping(cases)}))
    path = warehouse / "settings.yml"
    path.write_text("business_timezone: Europe/Berlin\nmax_quarantined_share: 1.0\n")
    contract, settings = load_contract(), load_settings(path)
    for number in (1, 2):
        now = NOW + timedelta(hours=number - 1)
        for case in cases:
            _deliver(landing, case, case.files if number == 1 else case.later)
        if number == 2 and not any(case.later for case in cases):
            break
        read_deliveries(workspace, contract, settings, f"r{number}", now)
        with duckdb.connect(str(workspace.work_db)) as con:
            con.execute("create schema if not exists kept")
            for name in ("_files", "_rejected_lines"):
                con.execute(
                    f"create table if not exists kept.{name} as from incoming.{name} limit 0"
                )
                con.execute(f"insert into kept.{name} from incoming.{name}")
        results = check_inputs(workspace, contract, settings, f"r{number}", now)
        blocks = [r for r in results if r.severity == BLOCKING and not r.is_success]
        assert bool(blocks) == cases[0].stops, [r.message for r in blocks]
        end = stop if blocks else accept
        end(workspace, contract, settings, f"r{number}", now)
        write_checks_page(workspace, f"r{number}")
    with duckdb.connect(str(workspace.work_db), read_only=True) as con:
        assert_accounts(con)
        yield Outcome(con, workspace)


def _mapping(cases: list[Case]) -> dict[str, list[dict[str, object]]]:
    entries: dict[str, list[dict[str, object]]] = {}
    for case in cases:
        for table in {file.split("/")[0] for file in (*case.files, *case.later)}:
            entries.setdefault(table, []).append(
                {"files": f"{table}/{case.slug}"}
                | dict(case.mapping)
                | {"constants": {"_source": case.slug} | dict(case.mapping.get("constants", {}))}
            )
        for table, entry in case.elsewhere.items():
            entries.setdefault(table, []).append(dict(entry))
    return entries


def _deliver(landing: Path, case: Case, files: object) -> None:
    for name, content in dict(files).items():  # type: ignore[call-overload]
        table, file = name.split("/", 1)
        path = landing / table / case.slug / file
        path.parent.mkdir(parents=True, exist_ok=True)
        made = content() if callable(content) else content
        path.write_bytes(made.encode() if isinstance(made, str) else made)


def _loads(outcome: Outcome, case: Case) -> list[tuple]:
    return outcome.ask(
        """select input, file, status, rows_read, rows_loaded, rows_refused, rows_superseded
        from ops.input_loads where contains(file, '/' || ? || '/')
        order by refresh_id, input = ? desc, file""",
        case.slug,
        case.input,
    )


def _told(outcome: Outcome, case: Case) -> str:
    """All that stands about the files of a case: the file's own, its lines', its rows' messages."""
    queries = (
        """select concat_ws('; ', error, message, case when len(missing_columns) > 0
            then 'lacks ' || array_to_string(missing_columns, ', ') end) from kept._files
        where contains(_file, '/' || ? || '/')""",
        "select message from kept._rejected_lines where contains(_file, '/' || ? || '/')",
        """select input || '.' || case when column_name is null or starts_with(rule, column_name)
            then rule else column_name || '.' || rule end || ': ' || coalesce(value, '')
        from ops.quarantined_rows where rule <> 'line' and contains(file, '/' || ? || '/')""",
    )
    told = [text for q in queries for (text,) in outcome.ask(q, case.slug) if text]
    # what is told of an input as a whole: by its examples, or the pattern that names no file
    told += [
        text
        for (text,) in outcome.ask(
            """select message from ops.input_checks where not is_success
            and (rule = 'files_pattern' or contains(message, '/' || ? || '/')) and rule not in (
                select rule from ops.quarantined_rows)""",
            case.slug,
        )
        if text and (case.elsewhere or "/" + case.slug + "/" in text)
    ]
    return "\n".join(told)


def _shown(value: object) -> str:
    if isinstance(value, Decimal):
        return f"{value:f}".rstrip("0").rstrip(".") if "." in f"{value:f}" else str(value)
    return str(value)


def check_case(outcome: Outcome, case: Case) -> None:
    """Asserts that a case ended as its row of the table says."""
    loads = _loads(outcome, case)
    counts = [None if load[2] == "unreadable" else tuple(load[3:]) for load in loads]
    key = load_contract().inputs[case.input].key[0]
    holds = outcome.ask(
        f"select {key}, {case.shows} from landing.{case.input} where _source = ? and not _is_held"
        " order by 1",
        case.slug,
    )
    told = _told(outcome, case)
    healed = outcome.ask(
        "select count(*) from ops.quarantined_rows where healed_at is not null"
        " and contains(file, '/' || ? || '/')",
        case.slug,
    )[0][0]
    assert (counts, ", ".join(f"{key}={_shown(value)}" for key, value in holds)) == (
        list(case.counts),
        case.holds,
    ), told
    assert case.told in told
    assert healed == case.healed
    if any(load[5] for load in loads) or None in counts:
        assert told, "something was refused and nobody is told"


def assert_accounts(con: duckdb.DuckDBPyConnection) -> None:
    """Asserts that every file's rows add up, counted anew from where they are now.

    Read = loaded + refused + superseded; loaded are the rows that stand under the file's name, and
    refused the lines of it that lie in quarantine, but for those that waited and are free now.
    """
    loads = con.execute(
        """select refresh_id, input, file, status, rows_read, rows_loaded, rows_refused,
            rows_superseded from ops.input_loads""",
    ).fetchall()
    held = literals(hold.rule for hold in HOLDS)
    for refresh_id, table, file, status, read, loaded, refused, superseded in loads:
        place = f"{refresh_id} {table} {file}"
        assert read == loaded + refused + superseded, place
        assert min(read, loaded, refused, superseded) >= 0, place
        if status != "loaded":
            assert loaded == superseded == 0, place
            continue
        (standing,) = con.execute(
            f"""select count(*) from landing."{table}"
            where _refresh_id = ? and _file = ? and not _is_held""",
            [refresh_id, file],
        ).fetchall()[0]
        assert loaded == standing, place
        (quarantined,) = con.execute(
            f"""select count(distinct line) from ops.quarantined_rows
            where refresh_id = ? and input = ? and file = ?
                and not (rule in {held} and healed_at is not null)""",
            [refresh_id, table, file],
        ).fetchall()[0]
        assert refused == quarantined, place
