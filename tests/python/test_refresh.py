"""The refresh as a person runs it: what it says, when it does nothing, and what it never breaks."""

import hashlib
import os
import shutil
import subprocess
import sys
from dataclasses import replace

import duckdb
import pytest

from orchestration.contract import load_contract
from orchestration.lock import writer_lock
from orchestration.nothing_new import find_nothing_new
from orchestration.publishing.publish import read_manifest
from orchestration.ready import make_ready
from orchestration.records import Ending, begin, finish
from orchestration.refresh import main
from orchestration.sample import keep_sample_apart, make_sample
from orchestration.settings import PROJECT, SettingsError, load_settings
from orchestration.summary import nothing_new, print_summary
from orchestration.workspace import Workspace


def run(workspace, **variables):
    """Run `python -m orchestration.refresh` as make does; returns the ended process."""
    return subprocess.run(
        [sys.executable, "-m", "orchestration.refresh"],
        cwd=PROJECT,
        env=os.environ | workspace.environment() | variables,
        capture_output=True,
        text=True,
        check=False,
    )


def published_state(workspace):
    """Hash everything a reader can see."""
    files = [
        workspace.marts_db,
        workspace.manifest,
        *sorted(workspace.parquet_dir.rglob("*.parquet")),
    ]
    return [(str(path), hashlib.sha256(path.read_bytes()).hexdigest()) for path in files]


def last_refresh(workspace):
    """Read result and message of the latest refresh."""
    with duckdb.connect(str(workspace.work_db), read_only=True) as con:
        return con.execute(
            "select result, message from ops.refreshes order by refresh_id desc limit 1"
        ).fetchall()[0]


@pytest.fixture
def own_warehouse(sample_warehouse, sample_landing, tmp_path):
    """A copy of the sample's landing folder and warehouse, to be changed at will."""
    shutil.copytree(sample_landing, tmp_path / "landing")
    shutil.copytree(sample_warehouse.warehouse, tmp_path / "warehouse", symlinks=True)
    return replace(sample_warehouse, landing=tmp_path / "landing", warehouse=tmp_path / "warehouse")


@pytest.fixture
def empty_workspace(tmp_path):
    """A workspace in which nothing was ever refreshed."""
    (tmp_path / "landing").mkdir()
    return Workspace(PROJECT, tmp_path / "landing", tmp_path / "warehouse")


def test_summary_says_what_the_marts_say(sample_warehouse, capsys):
    """The last words would quote numbers that no mart has."""
    manifest = read_manifest(sample_warehouse)
    print_summary(sample_warehouse, manifest, "EUR")
    text = capsys.readouterr().out
    with duckdb.connect(str(sample_warehouse.marts_db), read_only=True) as con:
        active = con.execute(
            "select count(*) from core.customers "
            "where lifecycle_state in ('active', 'at_risk', 'returned', 'paused')"
        ).fetchall()[0][0]
        churn_rate, month = con.execute(
            "select churn_rate, period_start from retention.retention_rates "
            "where grain = 'month' and basis = 'any' and dimension = 'all' and is_complete "
            "order by period_start desc limit 1"
        ).fetchall()[0]
        revenue = con.execute(
            "select sum(net_revenue) from core.orders "
            "where is_valid and date_trunc('month', ordered_on) = ?",
            [month],
        ).fetchall()[0][0]
        refused = con.execute(
            "select count(distinct (input, file, line)) from quality.quarantined_rows"
        ).fetchall()[0][0]
        loaded = con.execute("select sum(rows_loaded) from quality.input_loads").fetchall()[0][0]
    assert active > 0
    assert refused > 0
    for part in (
        f"{active:,} active",
        f"churn {churn_rate:.1%}, retention {1 - churn_rate:.1%}",
        f"{revenue:,.2f} EUR net in {month:%B %Y}",
        f"{refused:,} rows (quality.quarantined_rows",
        f"{loaded:,} rows of",
        f"up to and including {manifest['cutoff_day']}",
        str(sample_warehouse.marts_db),
        str(sample_warehouse.checks_page),
    ):
        assert part in text, part


def test_published_marts_are_those_of_the_models(sample_warehouse):
    """A mart could be missing from the published file, or hold other rows than were tested."""
    manifest = read_manifest(sample_warehouse)
    with duckdb.connect() as con:
        con.execute(f"attach '{sample_warehouse.work_db}' as work (read_only)")
        con.execute(f"attach '{sample_warehouse.marts_db}' as marts (read_only)")
        for table in manifest["tables"]:
            if (table["schema"], table["name"]) == ("quality", "refreshes"):
                continue  # its row of this refresh says published only in the published file
            name = f"{table['schema']}.{table['name']}"
            built, published = (
                con.execute(
                    "select count(*), sum(hash(rows)::hugeint) "
                    f"from (select rows from {database}.{name} as rows) as all_rows"
                ).fetchall()
                for database in ("work", "marts")
            )
            assert built == published, name
        results = con.execute("select result, cutoff_day from marts.quality.refreshes").fetchall()
    assert [(result, day.isoformat()) for result, day in results] == [
        ("published", manifest["cutoff_day"])
    ]
    schemas = {table["schema"] for table in manifest["tables"]}
    assert {"core", "retention", "revenue", "quality"} <= schemas


def test_nothing_new_does_nothing_and_says_so(sample_warehouse):
    """Every refresh would take minutes, or rewrite the marts under their readers."""
    before = published_state(sample_warehouse), sample_warehouse.marts_db.stat().st_ino
    script = (
        "import sys, time\n"
        "from orchestration.refresh import main\n"
        "code = main()\n"
        "print('slow imports:', [name for name in ('dagster', 'dbt', 'great_expectations') "
        "if name in sys.modules])\n"
        "print('cpu seconds:', time.process_time())\n"
        "sys.exit(code)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script],
        cwd=PROJECT,
        env=os.environ | sample_warehouse.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith("Nothing new"), ended.stdout
    assert "slow imports: []" in ended.stdout
    # the promise is three seconds; CPU time does not depend on what else the machine does
    assert float(ended.stdout.split("cpu seconds:")[1]) < 3
    assert (published_state(sample_warehouse), sample_warehouse.marts_db.stat().st_ino) == before


def test_whatever_changed_is_new(own_warehouse, monkeypatch, tmp_path):
    """A changed file, setting or model would be answered with the old marts."""
    settings = load_settings()
    assert find_nothing_new(own_warehouse, settings)

    changed = tmp_path / "settings.yml"
    changed.write_text("small_cell_size: 7")
    assert not find_nothing_new(own_warehouse, load_settings(changed))
    assert not find_nothing_new(own_warehouse, load_settings(as_of="2026-05-31"))

    with monkeypatch.context() as patch:
        patch.setattr("orchestration.nothing_new.code_hash", lambda *_: "another")
        assert not find_nothing_new(own_warehouse, settings)

    file = own_warehouse.landing / "one_more.csv"
    file.touch()
    assert not find_nothing_new(own_warehouse, settings)
    file.unlink()
    assert find_nothing_new(own_warehouse, settings)

    work_db = own_warehouse.work_db
    work_db.rename(tmp_path / "aside")
    assert not find_nothing_new(own_warehouse, settings)
    (tmp_path / "aside").rename(work_db)

    with own_warehouse.marts_db.open("ab") as marts:
        marts.write(b"x")
    assert not find_nothing_new(own_warehouse, settings)


def test_age_limit_makes_each_day_new(sample_warehouse, monkeypatch, tmp_path):
    """A feed that stops would never be noticed, since nothing new comes."""
    from orchestration import fingerprint

    limited = tmp_path / "settings.yml"
    limited.write_text("max_data_age_days: 30")
    settings = load_settings(limited)

    def on(day):
        class Clock(fingerprint.datetime):
            @classmethod
            def now(cls, tz=None):
                return cls.fromisoformat(day).replace(tzinfo=tz)

        with monkeypatch.context() as patch:
            patch.setattr(fingerprint, "datetime", Clock)
            return fingerprint.inputs_hash(sample_warehouse.landing, settings)

    assert on("2026-11-01T08:00") == on("2026-11-01T20:00")
    assert on("2026-11-01T08:00") != on("2026-11-02T08:00")


def test_stopped_refresh_leaves_the_marts_and_says_why(own_warehouse):
    """Bad data would take the marts away, or the person would not learn what to do."""
    before = published_state(own_warehouse)
    (own_warehouse.landing / "orders").mkdir(exist_ok=True)
    (own_warehouse.landing / "orders" / "zz_late.csv").write_text("order_id;total\n1;2\n")
    ended = run(own_warehouse)
    assert ended.returncode == 1
    assert "NOT PUBLISHED" in ended.stderr
    assert "ordered_at" in ended.stderr
    assert "orders" in ended.stderr
    assert "stand as they were" in ended.stderr
    assert "Traceback" not in ended.stdout + ended.stderr
    assert published_state(own_warehouse) == before
    result, message = last_refresh(own_warehouse)
    assert result == "stopped"
    assert "ordered_at" in message
    # no model ran, and nothing of the delivery was taken
    assert "models " not in ended.stdout
    with duckdb.connect(str(own_warehouse.work_db), read_only=True) as con:
        assert con.execute(
            "select count(*) from landing.orders where _file like '%zz_late%'"
        ).fetchall() == [(0,)]

    # taken back, the old state is published and nothing has to run
    (own_warehouse.landing / "orders" / "zz_late.csv").unlink()
    assert find_nothing_new(own_warehouse, load_settings())


def test_work_database_held_by_another_program_is_said(own_warehouse):
    """An analyst's open notebook would end the nightly refresh in a stack trace."""
    (own_warehouse.landing / "one_more.csv").touch()
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            f"import duckdb, time; con = duckdb.connect({str(own_warehouse.work_db)!r}); "
            "print('open', flush=True); time.sleep(60)",
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert holder.stdout.readline() == "open\n"
        ended = run(own_warehouse)
    finally:
        holder.kill()
        holder.wait()
    assert ended.returncode == 1
    assert "NOT PUBLISHED" in ended.stderr
    assert f"PID {holder.pid}" in ended.stderr
    assert "stand as they were" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_dead_refresh_is_recorded_as_interrupted(empty_workspace):
    """A killed refresh would look as if it still ran."""
    contract, settings = load_contract(), load_settings()
    first = begin(empty_workspace, contract, settings, "code", "inputs")
    second = begin(empty_workspace, contract, settings, "code", "inputs")
    finish(empty_workspace, second, Ending("failed", "No."))
    with duckdb.connect(str(empty_workspace.work_db), read_only=True) as con:
        rows = con.execute(
            "select refresh_id, result, message, finished_at is not null "
            "from ops.refreshes order by refresh_id"
        ).fetchall()
    assert rows == [
        (first.refresh_id, "interrupted", "The process ended before the refresh did.", False),
        (second.refresh_id, "failed", "No.", True),
    ]


def test_refresh_killed_after_publishing_counts_as_published(empty_workspace):
    """The record would deny what every reader sees."""
    contract, settings = load_contract(), load_settings()
    first = begin(empty_workspace, contract, settings, "code", "inputs")
    empty_workspace.manifest.write_text(f'{{"refresh_id": "{first.refresh_id}"}}')
    begin(empty_workspace, contract, settings, "code", "inputs")
    with duckdb.connect(str(empty_workspace.work_db), read_only=True) as con:
        results = con.execute("select result from ops.refreshes order by refresh_id").fetchall()
    assert results == [("published",), ("running",)]


def test_second_refresh_is_told_who_writes(empty_workspace):
    """Two refreshes at once would spoil each other's work, or the second would hang."""
    with writer_lock(empty_workspace.lock_file, 0):
        ended = run(empty_workspace, HOLDFAST_LOCK_TIMEOUT="0")
    assert ended.returncode == 1
    assert f"process {os.getpid()}" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("HOLDFAST_AS_OF", "31.05.2026", "AS_OF must be a day written YYYY-MM-DD"),
        ("HOLDFAST_LANDING", "/nowhere", "LANDING is /nowhere"),
        ("HOLDFAST_SETTINGS", "/nowhere.yml", "SETTINGS is /nowhere.yml"),
    ],
)
def test_what_cannot_be_used_is_said_in_one_line(monkeypatch, capsys, name, value, told):
    """A mistyped variable would end in a stack trace, or in marts of something else."""
    monkeypatch.setenv(name, value)
    assert main() == 1
    assert told in capsys.readouterr().err


def test_sample_is_made_once_and_again_when_the_generator_changed(tmp_path, monkeypatch):
    """Each refresh of the sample would make new files, or old ones would outlive the generator."""
    workspace = Workspace(PROJECT, tmp_path / "sample" / "landing", tmp_path / "w", is_sample=True)
    made = []

    def generate(*args, **_):
        made.append(args)
        return subprocess.CompletedProcess(args, 0)

    monkeypatch.setattr("orchestration.sample.subprocess.run", generate)
    make_sample(workspace)
    make_sample(workspace)
    assert len(made) == 1
    monkeypatch.setattr("orchestration.sample.sample_hash", lambda _: "changed")
    make_sample(workspace)
    assert len(made) == 2


def test_summary_of_nothing_new_names_the_publication(sample_warehouse, capsys):
    """A person could not tell which publication stands."""
    manifest = read_manifest(sample_warehouse)
    nothing_new(sample_warehouse, manifest, "EUR")
    text = capsys.readouterr().out
    assert manifest["published_at"].replace("T", " ").removesuffix("Z") in text
    assert str(sample_warehouse.marts_db) in text


def test_sample_gives_way_to_own_files_and_never_joins_them(tmp_path, monkeypatch):
    """Whoever tried the sample first would have its 5,000 invented customers among their own."""
    own = Workspace(PROJECT, tmp_path / "own", tmp_path / "w")
    sample = replace(own, landing=tmp_path / "sample" / "landing", is_sample=True)
    marts = own.marts_db

    keep_sample_apart(sample)
    own.work_db.write_text("rows of the sample")
    marts.write_text("published")
    keep_sample_apart(sample)
    assert own.work_db.read_text() == "rows of the sample"

    def is_empty():
        with duckdb.connect(str(own.work_db), read_only=True) as con:
            return con.execute("select count(*) from landing.orders").fetchall() == [(0,)]

    monkeypatch.setattr("orchestration.sample.sample_hash", lambda _: "changed")
    keep_sample_apart(sample)
    assert is_empty(), "rows of two samples in one warehouse"

    own.work_db.write_text("rows of the sample")
    keep_sample_apart(own)
    assert is_empty()
    assert marts.exists(), "the published marts stand until new ones replace them"
    # killed here, the next refresh would ask for the sample's files
    make_ready(own)

    own.work_db.write_text("rows of a business")
    keep_sample_apart(own)
    with pytest.raises(SettingsError, match="Name your LANDING"):
        keep_sample_apart(sample)
    assert own.work_db.read_text() == "rows of a business"
