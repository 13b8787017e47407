"""Rules for a delivery as a whole: files, columns, emptiness, refused share, volume, age.

What breaks one of them stops the refresh before any model runs. All is counted in SQL; Python sees
one row per input.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

from orchestration.contract import Contract, Input
from orchestration.landing.sql import literal, quoted
from orchestration.quality.messages import example, joined, percent, rows, told
from orchestration.quality.results import (
    BLOCKING,
    ERROR,
    NOTHING_TAKEN,
    WARNING,
    CheckResult,
)
from orchestration.quality.suggest import Advice, advised, columns_line
from orchestration.quality.views import SCHEMA, stand
from orchestration.settings import Settings
from orchestration.showing import showable_name

# A person is known by either of these; everything else is optional.
REQUIRED_INPUTS = ("orders", "subscription_periods")

WINDOW_DAYS = 7
WINDOWS = 8
# What comes in bursts, such as newsletters, may outdo its largest week so far by this factor.
PEAK_GROWTH = 3


@dataclass(frozen=True)
class Delivered:
    """What was delivered for one input.

    Attributes:
        table: The input.
        files: Number of new files.
        rows_read: Data rows in them, lines that do not parse included.
        rows_refused: Rows refused for any reason, lines that do not parse included.
        is_faulty: Whether a file cannot be taken at all, so that its rows are not judged.
    """

    table: Input
    files: int
    rows_read: int
    rows_refused: int
    is_faulty: bool


def deliveries(con: duckdb.DuckDBPyConnection, contract: Contract) -> list[Delivered]:
    """Count what was delivered, by input.

    Args:
        con: Open connection to the work database; guard._found has the rows refused so far.
        contract: The contract.

    Returns:
        One record per input with new files, in the contract's order.
    """
    found = con.execute(
        f"""select files.input, count(*), coalesce(sum(files.rows_read), 0),
            coalesce(sum(files.rows_rejected), 0) + coalesce(any_value(refused.rows_refused), 0),
            bool_or(files.error is not null or coalesce(len(files.missing_columns), 0) > 0)
        from incoming._files as files
        left join (
            select input, count(distinct _row) as rows_refused
            from {SCHEMA}._found where severity = '{ERROR}' group by input
        ) as refused on refused.input = files.input
        group by files.input"""
    ).fetchall()
    by_name = {name: counts for name, *counts in found}
    return [
        Delivered(table, int(counts[0]), int(counts[1]), int(counts[2]), bool(counts[3]))
        for table in contract
        if (counts := by_name.get(table.name))
    ]


def file_results(
    con: duckdb.DuckDBPyConnection,
    contract: Contract,
    landing: Path,
) -> list[CheckResult]:
    """Check the files before any row: there, readable, with their columns.

    Args:
        con: Open connection to the work database.
        contract: The contract.
        landing: Landing folder, to name what lies there where nothing is recognised.

    Returns:
        The results, for every delivered input.
    """
    results = [_required_file(con, landing), *_idle_patterns(con, landing)]
    for delivered in deliveries(con, contract):
        name = delivered.table.name
        files = con.execute(
            "select _file, error, missing_columns, unknown_columns, rows_read, rows_rejected "
            "from incoming._files where input = ? order by _file",
            [name],
        ).fetchall()
        results.append(_readable(name, [(file, error) for file, error, *_ in files]))
        if any(error is None for _, error, *_ in files):
            results.append(_required_columns(delivered.table, files))
            results.append(_unknown_columns(delivered.table, files))
            results.append(_lines(con, name, files))
    return results


def delivery_results(
    con: duckdb.DuckDBPyConnection,
    contract: Contract,
    settings: Settings,
    now: datetime,
    suggested: Mapping[str, Advice],
) -> list[CheckResult]:
    """Check each delivery as a whole, after its rows.

    Args:
        con: Open connection to the work database; guard._found has every refused row.
        contract: The contract.
        settings: The settings; max_quarantined_share, volume_tolerance, max_data_age_days, and
            as_of, against which age is measured where it is given.
        now: Moment of the load, UTC without offset.
        suggested: What would make refused values fit, by the id of the check that refuses them.

    Returns:
        The results, for every delivered input that can be judged.
    """
    results = []
    for delivered in deliveries(con, contract):
        if delivered.is_faulty:
            continue
        if delivered.table.name in REQUIRED_INPUTS:
            results.append(_not_empty(con, delivered))
        if delivered.rows_read:
            results.extend(_leading_zeros(con, delivered.table))
            limit = settings.get("max_quarantined_share")
            results.append(_refused_share(con, delivered, limit, suggested))
            results.extend(_volume(con, delivered.table, settings.get("volume_tolerance"), now))
    limit = settings.get("max_data_age_days")
    if limit:
        zone = ZoneInfo(settings.get("business_timezone"))
        as_of = settings.get("as_of")
        today = now.replace(tzinfo=UTC).astimezone(zone).date()
        day, clock = (date.fromisoformat(as_of), "AS_OF") if as_of else (today, "today")
        faulty = {d.table.name for d in deliveries(con, contract) if d.is_faulty}
        for name in REQUIRED_INPUTS:
            if name not in faulty:
                results.extend(_age(con, contract.inputs[name], limit, day, clock, zone.key))
    return results


def newest_days(
    con: duckdb.DuckDBPyConnection, contract: Contract, settings: Settings, now: datetime
) -> dict[str, str]:
    """Say of which local day the newest accepted data of each required input are.

    It is what `max_data_age_days` is measured from, kept so that it can be measured again when
    nothing more comes.

    Args:
        con: Open connection to the work database, after the delivery was accepted.
        contract: The contract.
        settings: business_timezone.
        now: Moment of the load, UTC without offset.

    Returns:
        The days as YYYY-MM-DD by input; an input without any event has none.
    """
    zone = ZoneInfo(settings.get("business_timezone"))
    today = now.replace(tzinfo=UTC).astimezone(zone).date()
    found = {
        name: _newest(con, contract.inputs[name], today, zone.key, is_accepted=True)
        for name in REQUIRED_INPUTS
    }
    return {name: day.isoformat() for name, day in found.items() if day is not None}


def _required_file(con: duckdb.DuckDBPyConnection, landing: Path) -> CheckResult:
    """Check that orders or subscription_periods are there, now or from before."""
    listed = ", ".join(literal(name) for name in REQUIRED_INPUTS)
    there = " or ".join(
        f"exists (select 1 from landing.{quoted(name)})" for name in REQUIRED_INPUTS
    )
    is_there = con.execute(
        f"select exists (select 1 from incoming._files where input in ({listed})) or {there}"
    ).fetchall()[0][0]
    lying = _names_in(landing)
    finding = "orders: neither orders nor subscription_periods was delivered, now or before"
    if lying:
        finding += ", though other files lie there"
    idle = [
        f"{showable_name(pattern)} for {name}"
        for name, pattern in con.execute(
            f"select input, pattern from incoming._idle_patterns where input in ({listed})"
            " order by all"
        ).fetchall()
    ]
    if idle and not is_there:
        finding += f"; inputs.yml waits for {', '.join(idle[:3])}, and no file is named so"
    return _result(
        "orders",
        "required_file",
        BLOCKING,
        checked=1,
        failed=0 if is_there else 1,
        expected="a file of orders or of subscription_periods",
        observed=None if is_there else f"{landing}: {', '.join(lying) or 'nothing'}",
        examples=lying,
        message="orders or subscription_periods are there."
        if is_there
        else told(
            finding,
            "orders.required_file",
            lying,
            "Without one of them nobody can be called a customer. " + NOTHING_TAKEN,
            f"put orders.csv or subscription_periods.csv (or a folder of that name) into {landing}"
            "; a file under another name is assigned in inputs.yml, and `make templates` writes "
            "empty ones with the right headers",
        ),
    )


def _idle_patterns(con: duckdb.DuckDBPyConnection, landing: Path) -> list[CheckResult]:
    """Report patterns of inputs.yml under which nothing lies: most are misspelt."""
    patterns: dict[str, list[str]] = {}
    for name, pattern in con.execute(
        "select input, pattern from incoming._idle_patterns order by all"
    ).fetchall():
        patterns.setdefault(name, []).append(showable_name(pattern))
    lying = _names_in(landing)
    return [
        _result(
            name,
            "files_pattern",
            WARNING,
            checked=len(idle),
            failed=len(idle),
            expected="patterns under `files` that name a file",
            observed=", ".join(idle),
            examples=idle,
            message=told(
                f"{name}: no file is there for {', '.join(idle[:3])} of inputs.yml",
                f"{name}.files_pattern",
                [f"there lies {each}" for each in lying],
                "Nothing was read for it; everything else goes on.",
                "nothing, if the file comes later; else correct `files` in inputs.yml, under "
                f"inputs: {name} (names and folders below the landing folder, as they are written)",
            ),
        )
        for name, idle in patterns.items()
    ]


def _readable(name: str, files: list[tuple[str, str | None]]) -> CheckResult:
    """Check that every file of an input can be read, its header included."""
    broken = [f"{file}: {error.rstrip('.')}" for file, error in files if error]
    return _result(
        name,
        "readable_file",
        BLOCKING,
        checked=len(files),
        failed=len(broken),
        expected="files that can be read, with a header that names each column once",
        observed="; ".join(broken) or None,
        examples=broken,
        message=f"{name}: {rows(len(files), 'file')} read."
        if not broken
        else told(
            f"{name}: {len(broken)} of {rows(len(files), 'file')} cannot be read",
            f"{name}.readable_file",
            broken,
            NOTHING_TAKEN,
            "deliver the file again as CSV, JSON Lines or Parquet, each column named once; what is "
            "unusual about it (delimiter, encoding, column names) can be stated in inputs.yml",
        ),
    )


def _required_columns(table: Input, files: list[tuple]) -> CheckResult:
    """Check that no file lacks a required column."""
    lacking = [(file, missing) for file, _, missing, *_ in files if missing]
    strange = sorted({name for _, _, missing, unknown, *_ in files if missing for name in unknown})
    hint = f"Columns of the file that are not known: {', '.join(strange)}. " if strange else ""
    columns = sorted({column for _, missing in lacking for column in missing})
    examples = [f"{file}: {', '.join(missing)}" for file, missing in lacking]
    required = [column.name for column in table.columns if column.required]
    line = columns_line(table.name, columns, strange)
    blank = ", with its name in the file in the place of each ?" if "?" in line else ""
    wrong = "column is" if len(columns) == 1 else "columns are"
    return _result(
        table.name,
        "required_column",
        BLOCKING,
        checked=len(files),
        failed=len(lacking),
        expected=f"the columns {', '.join(required)}",
        observed=", ".join(columns) or None,
        examples=examples,
        message=f"{table.name}: all required columns are there."
        if not lacking
        else told(
            f"{table.name}: {len(columns)} required {wrong} missing, {', '.join(columns)}, in "
            f"{len(lacking)} of {rows(len(files), 'file')}",
            f"{table.name}.required_column",
            examples,
            hint + NOTHING_TAKEN,
            "add the missing columns to the export, or say in inputs.yml, under inputs, which "
            f"column of the file holds each: `{line}`{blank}",
        ),
    )


def _unknown_columns(table: Input, files: list[tuple]) -> CheckResult:
    """Report columns the contract does not know, once for all files of an input."""
    strange = [(file, unknown) for file, _, _, unknown, *_ in files if unknown]
    columns = sorted({column for _, unknown in strange for column in unknown})
    examples = [f"{file}: {', '.join(unknown)}" for file, unknown in strange]
    wrong = "column is" if len(columns) == 1 else "columns are"
    return _result(
        table.name,
        "unknown_column",
        WARNING,
        checked=len(files),
        failed=len(columns),
        expected="columns of the contract only",
        observed=", ".join(columns) or None,
        examples=examples,
        message=f"{table.name}: every column is known."
        if not columns
        else told(
            f"{table.name}: {len(columns)} {wrong} not known, {', '.join(columns)}",
            f"{table.name}.unknown_column",
            examples,
            "Their values were kept out; everything else goes on.",
            "nothing, if they are not needed; if one of them is a known column under another name, "
            "say so in inputs.yml",
        ),
    )


def _lines(con: duckdb.DuckDBPyConnection, name: str, files: list[tuple]) -> CheckResult:
    """Check that every line parses."""
    read = sum(row[4] or 0 for row in files)
    failed = sum(row[5] or 0 for row in files)
    examples = [
        example(file, line, message)
        for file, line, message in con.execute(
            "select _file, _line, message from incoming._rejected_lines where input = ? "
            "order by _file, _line limit 3",
            [name],
        ).fetchall()
    ]
    does = "does" if failed == 1 else "do"
    return _result(
        name,
        "line",
        ERROR,
        checked=read,
        failed=failed,
        expected="lines with as many fields as the header, in one encoding",
        observed=None,
        examples=examples,
        message=f"{name}: {rows(read, 'line')} read, each one parses."
        if not failed
        else told(
            f"{name}: {failed:,} of {rows(read, 'line')} {does} not parse",
            f"{name}.line",
            examples,
            "Such lines are kept out, in quarantine.",
            "look at these lines for a missing or extra delimiter, an open quote or another "
            "encoding, then deliver them again",
        ),
    )


def _not_empty(con: duckdb.DuckDBPyConnection, delivered: Delivered) -> CheckResult:
    """Check that a required input has something to go on, now or from before."""
    name = delivered.table.name
    has_landed = con.execute(f"select exists (select 1 from landing.{quoted(name)})").fetchall()
    sound = delivered.rows_read - delivered.rows_refused
    failed = 0 if sound > 0 or has_landed[0][0] else 1
    files = [
        f"{file} ({rows(read or 0)})"
        for file, read in con.execute(
            "select _file, rows_read from incoming._files where input = ? order by _file limit 3",
            [name],
        ).fetchall()
    ]
    what = (
        "was delivered without any row"
        if not delivered.rows_read
        else f"was delivered, but every one of its {rows(delivered.rows_read)} is refused"
    )
    return _result(
        name,
        "not_empty",
        BLOCKING,
        checked=delivered.rows_read,
        failed=failed,
        expected="at least one sound row",
        observed=rows(sound),
        examples=files if failed else [],
        message=f"{name}: has rows."
        if not failed
        else told(
            f"{name}: {what}, and none is there from before",
            f"{name}.not_empty",
            files,
            NOTHING_TAKEN,
            "look whether the export ran to its end and whether the reasons for refusal, where "
            "there are some, have one common cause, then deliver the file again",
        ),
    )


def _leading_zeros(con: duckdb.DuckDBPyConnection, table: Input) -> list[CheckResult]:
    """Report ids that stand here with zeros in front and came without: a spreadsheet ate them.

    Told only where all ids with zeros in front have one width and an id with them, known from
    before, is the delivered one; nothing is mended, for the shorter id may be another.
    """
    results = []
    for column in table.columns:
        if not column.is_text or column.personal or not column.name.endswith("_id"):
            continue
        name = quoted(column.name)
        widths = con.execute(
            f"""select length({name}) from landing.{quoted(table.name)}
            where {name} like '0%' and regexp_full_match({name}, '[0-9]+') group by 1 limit 2"""
        ).fetchall()
        if len(widths) != 1:
            continue
        width = int(widths[0][0])
        shorter = f"regexp_full_match({name}, '[1-9][0-9]*') and length({name}) < {width}"
        # mostly there are none, and no key is looked up
        if not con.execute(
            f"select 1 from incoming.{quoted(table.name)} where {shorter} limit 1"
        ).fetchall():
            continue
        suspects = f"""
            select delivered._file, min(delivered._line) as line, delivered.{name} as id
            from (select * from incoming.{quoted(table.name)} where {shorter}) as delivered
            where (delivered._source, lpad(delivered.{name}, {width}, '0')) in (
                    select (_source, {name}) from landing.{quoted(table.name)}
                )
                and (delivered._source, delivered.{name}) not in (
                    select (_source, {name}) from landing.{quoted(table.name)}
                    where {name} is not null
                )
            group by all"""
        found = con.execute(f"select count(distinct id) from ({suspects})").fetchall()[0][0]
        examples = [
            f"{example(file, line, value)}, known as {value.zfill(width)}"
            for file, line, value in con.execute(
                f"select * from ({suspects}) order by 1, 2 limit 3"
            ).fetchall()
        ]
        results.append(
            _result(
                table.name,
                f"{column.name}.leading_zeros",
                WARNING,
                checked=found,
                failed=found,
                expected=f"{column.name} with the zeros in front that it had before",
                observed=None,
                examples=examples,
                message=f"{table.name}: each {column.name} has its zeros in front."
                if not found
                else told(
                    f"{table.name}: {rows(found, column.name)} came without the zeros in front "
                    "that the same ids had before",
                    f"{table.name}.{column.name}.leading_zeros",
                    examples,
                    "They are taken as they came, as other ids.",
                    "if they are the same, export the column as text (a spreadsheet drops zeros in "
                    "front of a number), deliver the file again and mark the wrong rows with "
                    "_deleted",
                ),
            )
        )
    return results


def _refused_share(
    con: duckdb.DuckDBPyConnection,
    delivered: Delivered,
    limit: float,
    suggested: Mapping[str, Advice],
) -> CheckResult:
    """Check that not too many rows of an input are refused."""
    name = delivered.table.name
    share = delivered.rows_refused / delivered.rows_read
    is_fine = share <= limit
    reasons = _reasons(con, name)
    examples = _refused_examples(con, name)
    cures = [advice for check, advice in suggested.items() if check.startswith(f"{name}.")]
    remedy = (
        "so many faults mostly have one cause, such as a changed export; correct it and deliver "
        "the file again. If the rows are rightly refused, raise max_quarantined_share in SETTINGS"
    )
    return _result(
        name,
        "max_quarantined_share",
        BLOCKING,
        checked=delivered.rows_read,
        failed=delivered.rows_refused,
        is_success=is_fine,
        expected=f"at most {percent(limit)} of the rows refused",
        observed=f"{percent(share)}",
        examples=examples,
        message=f"{name}: {delivered.rows_refused:,} of {rows(delivered.rows_read)} refused "
        f"({percent(share)}; at most {percent(limit)} are allowed)."
        if is_fine
        else told(
            f"{name}: {delivered.rows_refused:,} of {rows(delivered.rows_read)} "
            f"{'is' if delivered.rows_refused == 1 else 'are'} refused, {percent(share)}, where "
            f"at most {percent(limit)} are allowed",
            f"{name}.max_quarantined_share",
            examples,
            f"Most often for: {reasons}. {NOTHING_TAKEN}",
            advised(name, cures) or remedy,
        ),
    )


def _reasons(con: duckdb.DuckDBPyConnection, name: str) -> str:
    """Name the three most frequent reasons for refusal."""
    found = con.execute(
        f"""select rule, count(*) as rows_found from {SCHEMA}._found
        where input = ? and severity = '{ERROR}' group by rule
        union all
        select 'line', count(*) from incoming._rejected_lines where input = ? having count(*) > 0
        order by rows_found desc, rule limit 3""",
        [name, name],
    ).fetchall()
    return ", ".join(f"{rule} ({rows(count)})" for rule, count in found)


def _refused_examples(con: duckdb.DuckDBPyConnection, name: str) -> list[str]:
    """Show three refused rows or lines."""
    found = con.execute(
        f"""select delivered_row._file, delivered_row._line,
            found.rule || ' ' || coalesce(found.value, '(empty)') as shown
        from {SCHEMA}._found as found
        inner join incoming.{quoted(name)} as delivered_row on delivered_row._row = found._row
        where found.input = ? and found.severity = '{ERROR}'
        union all
        select _file, _line, 'line ' || coalesce(message, '') from incoming._rejected_lines
        where input = ?
        order by 1, 2, 3 limit 3""",
        [name, name],
    ).fetchall()
    return [example(file, line, shown) for file, line, shown in found]


def event_column(table: Input) -> str | None:
    """Name the column that says when a row of an input happened; None where none does.

    The first required event, else (subscription periods) the first required time.
    """
    required = [c for c in table.columns if c.required and c.data_type in {"timestamp", "date"}]
    events = [c for c in required if c.event] or [c for c in required if c.key]
    return events[0].name if events else None


@dataclass(frozen=True)
class History:
    """What an input had, by windows of 7 days, before this delivery.

    Attributes:
        usual: Median over the last 8 windows.
        most: Largest of all windows.
        newest: The same in the newest 7 days if this delivery is taken.
        first_day: First of these 7 days.
        last_day: Last of them.
        examples: The last windows before, as a person reads them.
    """

    usual: float
    most: float
    newest: float
    first_day: date
    last_day: date
    examples: tuple[str, ...]


def _volume(
    con: duckdb.DuckDBPyConnection, table: Input, tolerance: float, now: datetime
) -> list[CheckResult]:
    """Check rows, for orders revenue too, of the newest 7 days against the input's own history.

    The history is what was taken before, never this delivery. Too much is more than the tolerance
    times the usual week and PEAK_GROWTH times the largest: what comes every December is no fault.
    """
    event = event_column(table)
    if event is None or not _has_history(con, table, event, now):
        return []
    measures = {"weekly_rows": ("rows", "count(*)")}
    money = ["gross_amount", "discount_amount"] if table.name == "orders" else []
    if money:
        revenue = "sum(gross_amount - coalesce(discount_amount, 0))"
        measures["weekly_revenue"] = ("revenue (gross less discount)", revenue)
    standing = stand(con, table, [event, *money])
    results = []
    for rule, (noun, measure) in measures.items():
        history = _history(con, table, event, standing, measure, now)
        if history.usual > 0:
            results.append(_volume_result(table.name, rule, noun, history, tolerance))
    return results


def _volume_result(
    name: str, rule: str, noun: str, history: History, tolerance: float
) -> CheckResult:
    """Judge the newest 7 days."""
    newest, usual = history.newest, history.usual
    is_low = newest * tolerance < usual
    is_high = newest > usual * tolerance and newest > history.most * PEAK_GROWTH
    allowed = f"{_amount(usual / tolerance)} to {_amount(usual * tolerance)}"
    days = f"{history.first_day} to {history.last_day}"
    many = "far fewer" if noun == "rows" else "far less"
    return _result(
        name,
        rule,
        BLOCKING,
        checked=1,
        failed=1 if is_low or is_high else 0,
        expected=f"{noun} in 7 days: {allowed}; usual are {_amount(usual)}",
        observed=f"{_amount(newest)} from {days}",
        examples=history.examples,
        message=f"{name}: {noun} of the newest 7 days ({days}) {_amount(newest)}, usual "
        f"{_amount(usual)}."
        if not is_low and not is_high
        else told(
            f"{name}: {noun} of the newest 7 days ({days}) are {_amount(newest)}, "
            f"{many if is_low else 'far more'} than the usual {_amount(usual)}; "
            f"{allowed} would pass",
            f"{name}.{rule}",
            history.examples,
            NOTHING_TAKEN,
            "look whether the export is whole, not doubled, and in the usual currency and decimal "
            "sign. If the numbers are right, raise volume_tolerance in SETTINGS for this refresh",
        ),
    )


def _has_history(con: duckdb.DuckDBPyConnection, table: Input, event: str, now: datetime) -> bool:
    """Tell whether enough was taken before to say what is usual."""
    days = con.execute(
        f"""select datediff('day', min({quoted(event)})::date, max({quoted(event)})::date) + 1
        from landing.{quoted(table.name)} where not _is_deleted and {quoted(event)} <= ?""",
        [now],
    ).fetchall()[0][0]
    return days is not None and days >= WINDOWS * WINDOW_DAYS


def _history(
    con: duckdb.DuckDBPyConnection,
    table: Input,
    event: str,
    standing: str,
    measure: str,
    now: datetime,
) -> History:
    """Measure the weeks before this delivery, counted back from its newest day, and the newest."""
    weeks = """
        select datediff('day', happened, last_day) // {size} as weeks_back, {measure} as amount,
            any_value(last_day) as last_day
        from (
            select *, {event}::date as happened, max({event}::date) over () as last_day
            from {relation} where not _is_deleted and {event} <= ?
        )
        group by weeks_back"""
    parts = {"size": WINDOW_DAYS, "measure": measure, "event": quoted(event)}
    before = con.execute(
        weeks.format(relation=f"landing.{quoted(table.name)}", **parts), [now]
    ).fetchall()
    newest = con.execute(
        f"select * from ({weeks.format(relation=standing, **parts)}) where weeks_back = 0", [now]
    ).fetchall()
    amounts = {int(week): float(amount or 0) for week, amount, _ in before}
    landed_until = before[0][2]
    # whole weeks only: the oldest one may have begun before the history did
    recent = sorted(amounts.get(week, 0.0) for week in range(WINDOWS))
    half = WINDOWS // 2
    last_day = newest[0][2] if newest else landed_until
    return History(
        usual=(recent[half - 1] + recent[half]) / 2,
        most=max(amounts.values()),
        newest=float(newest[0][1] or 0) if newest else 0.0,
        first_day=last_day - timedelta(days=WINDOW_DAYS - 1),
        last_day=last_day,
        examples=tuple(
            f"7 days to {landed_until - timedelta(days=WINDOW_DAYS * week)}: "
            f"{_amount(amounts.get(week, 0.0))}"
            for week in range(3)
        ),
    )


def _age(
    con: duckdb.DuckDBPyConnection,
    table: Input,
    limit: int,
    day: date,
    clock: str,
    timezone: str,
) -> list[CheckResult]:
    """Check that the newest event of a required input is not too old."""
    newest = _newest(con, table, day, timezone)
    if newest is None:
        return []
    age = max((day - newest).days, 0)
    name = table.name
    return [
        _result(
            name,
            "max_data_age_days",
            BLOCKING,
            checked=1,
            failed=1 if age > limit else 0,
            expected=f"newest data at most {rows(limit, 'day')} old",
            observed=f"newest data of {newest}, {rows(age, 'day')} before {clock} ({day})",
            examples=[f"newest: {newest}"],
            message=f"{name}: newest data of {newest}, {rows(age, 'day')} old."
            if age <= limit
            else told(
                f"{name}: the newest data are of {newest}, {rows(age, 'day')} before {clock} "
                f"({day}), where at most {rows(limit, 'day')} are allowed",
                f"{name}.max_data_age_days",
                [f"newest: {newest}"],
                NOTHING_TAKEN,
                "look whether the export still runs and deliver newer files, or raise "
                "max_data_age_days in SETTINGS (0 = no limit)",
            ),
        )
    ]


def _newest(
    con: duckdb.DuckDBPyConnection,
    table: Input,
    day: date,
    timezone: str,
    *,
    is_accepted: bool = False,
) -> date | None:
    """Return the local day of the newest event of an input until the end of a day."""
    return con.execute(
        f"""select cast(max(happened) at time zone 'UTC' at time zone {literal(timezone)} as date)
        from ({_events(table, is_accepted=is_accepted)}) where happened is not null""",
        {"end": _end_of(day, timezone)},
    ).fetchall()[0][0]


def _events(table: Input, *, is_accepted: bool) -> str:
    """Return the SQL of all instants at which an input says that something happened.

    What is accepted stands in the landing tables; before, the delivery is looked at beside them.
    """
    times = [c.name for c in table.columns if c.data_type == "timestamp"]
    events = [c.name for c in table.columns if c.event]
    # starts and ends of subscriptions tell of life too, once they are past
    columns = times if event_column(table) not in events else events
    relations = [f"landing.{quoted(table.name)}"]
    marks, payments = ["ops.feeds"], ["landing.payments"]
    if not is_accepted:
        relations.append(
            f"""(select * from incoming.{quoted(table.name)} as delivered_row where not exists (
                select 1 from {SCHEMA}._found as found where found.input = {literal(table.name)}
                    and found._row = delivered_row._row and found.severity = '{ERROR}'))"""
        )
        marks.append("incoming._files")
        payments.append("incoming.payments")
    parts = [
        f"select {quoted(column)} as happened from {relation} "
        f"where {quoted(column)} < $end and not coalesce(_is_deleted, false)"
        for column in columns
        for relation in relations
    ]
    parts += [
        f"select max(loaded_through) from {mark} where input = {literal(table.name)}"
        for mark in marks
    ]
    if table.name == "subscription_periods":
        parts += [
            f"select paid_at from {relation} where subscription_id is not null and paid_at < $end"
            for relation in payments
        ]
    return " union all ".join(parts)


def _result(
    name: str,
    rule: str,
    severity: str,
    *,
    checked: int,
    failed: int,
    expected: str,
    observed: str | None,
    examples: Iterable[str],
    message: str,
    is_success: bool | None = None,
) -> CheckResult:
    """Build the result of a rule for a whole delivery."""
    return CheckResult(
        check_id=f"{name}.{rule}",
        input=name,
        column_name=None,
        rule=rule,
        severity=severity,
        is_success=failed == 0 if is_success is None else is_success,
        rows_checked=checked,
        rows_failed=failed,
        observed=observed,
        expected=expected,
        examples=joined(list(examples)),
        message=message,
    )


def _end_of(day: date, timezone: str) -> datetime:
    """Return the UTC instant at which a local day ends."""
    midnight = datetime.combine(day + timedelta(days=1), time(), ZoneInfo(timezone))
    return midnight.astimezone(UTC).replace(tzinfo=None)


def _amount(number: float) -> str:
    return f"{number:,.0f}" if number >= 10 or number == int(number) else f"{number:,.1f}"


def _names_in(folder: Path) -> list[str]:
    """Name up to three things that lie in a folder."""
    if not folder.is_dir():
        return []
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))[:3]
