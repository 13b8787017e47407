"""What tests of one session share, whichever worker needs it first: made once, never changed.

Reading the project takes dbt half a minute and starting every model of a warehouse a minute more.
Here it is parsed and compiled once for each set of settings; warehouses of which only the models'
rows are looked at are then built by DuckDB alone.
"""

import fcntl
import json
import os
import re
import shutil
import tempfile
import time
from argparse import Namespace
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
from dbt.cli.main import dbtRunner
from dbt.config import RuntimeConfig
from dbt.constants import PARTIAL_PARSE_FILE_NAME
from dbt.contracts.graph.manifest import Manifest, ManifestStateCheck
from dbt.flags import get_flags, set_from_args
from dbt.parser.manifest import ManifestLoader
from dbt_common.context import set_invocation_context

from orchestration.contract import load_contract
from orchestration.dbt_manifest import STAMP, dbt_arguments, ensure_manifest
from orchestration.extensions.project import lay_out
from orchestration.fingerprint import dbt_hash
from orchestration.guard import run_guards
from orchestration.landing.accept import accept
from orchestration.landing.read import read_deliveries
from orchestration.publishing.marts import read_marts
from orchestration.publishing.publish import publish
from orchestration.publishing.restatements import record_restatements
from orchestration.records import Ending, utc_now
from orchestration.session import open_session
from orchestration.settings import PROJECT, Settings, load_settings
from orchestration.straight import read_dbt_manifest, run_step, steps
from orchestration.workspace import Workspace

_VARIABLE = "HOLDFAST_TESTS_SHARED"
# What `make test` makes with the default settings: parsed/, dbt's target folder after it has parsed
# the project; target/, after it has built it on empty inputs; then ended.well or ended.badly.
_BUILT = "HOLDFAST_TESTS_BUILT"
# without AS_OF; the only place where it enters the models
_NO_AS_OF = "coalesce(cast(null as date), min(mark_on)) as cutoff_day"


def open_shared_folder() -> bool:
    """Make the folder of this session unless a process above did; returns whether it is ours."""
    if _VARIABLE in os.environ:
        return False
    os.environ[_VARIABLE] = tempfile.mkdtemp(prefix="holdfast-tests-shared-")
    return True


def remove_shared_folder() -> None:
    """Remove the folder of this session with all that was shared."""
    shutil.rmtree(os.environ.pop(_VARIABLE), ignore_errors=True)


def once(name: str, make: Callable[[Path], None]) -> Path:
    """Return a folder that is filled by the first who asks; others wait for it.

    Args:
        name: Equal names share one folder.
        make: Fills the folder, which is there and empty.

    Returns:
        The folder; read it, do not write into it.
    """
    shared = Path(os.environ[_VARIABLE])
    folder, done = shared / name, shared / f"{name}.done"
    with (shared / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            make(folder)
            done.touch()
    return folder


def copy_parsed(settings: Settings, workspace: Workspace) -> None:
    """Give a workspace the project as dbt parsed it, so that it parses only what is added to it.

    Neither the place of the work database nor a setting enters what dbt parses, but dbt parses all
    anew when one of them differs, which is a quarter of a small refresh.

    Args:
        settings: Those the workspace is used with.
        workspace: Where dbt's artifacts go; what its extension adds is left to be parsed.
    """

    def parse(folder: Path) -> None:
        ensure_manifest(Workspace(PROJECT, folder, folder), load_settings())

    if _BUILT in os.environ:
        parsed = Path(os.environ[_BUILT]) / "parsed"
    else:
        folder = once("parsed", parse)
        parsed = Workspace(PROJECT, folder, folder).dbt_target
    workspace.dbt_target.mkdir(parents=True, exist_ok=True)
    for name in ("manifest.json", PARTIAL_PARSE_FILE_NAME):
        shutil.copyfile(parsed / name, workspace.dbt_target / name)
    lay_out(workspace)
    manifest = read_parsed(workspace)
    manifest.state_check = _state_check(settings, workspace)
    (workspace.dbt_target / PARTIAL_PARSE_FILE_NAME).write_bytes(manifest.to_msgpack())
    if workspace.extensions is None:
        digest = dbt_hash(PROJECT, settings)
        (workspace.dbt_target / STAMP).write_text(digest, encoding="utf-8")


def _built() -> Path | None:
    """Return dbt's target folder of the build that `make test` began, once it has ended."""
    if _BUILT not in os.environ:
        return None
    folder = Path(os.environ[_BUILT])
    while not (folder / "ended.well").exists():
        assert not (folder / "ended.badly").exists(), "dbt build failed, see below why"
        time.sleep(0.2)
    return folder / "target"


def read_parsed(workspace: Workspace) -> Manifest:
    """Read what dbt keeps to itself of the project it parsed."""
    return Manifest.from_msgpack((workspace.dbt_target / PARTIAL_PARSE_FILE_NAME).read_bytes())


def _state_check(settings: Settings, workspace: Workspace) -> ManifestStateCheck:
    """Return what dbt compares to know whether it may use what it parsed."""
    set_invocation_context(os.environ | workspace.environment())
    given = {
        "project_dir": str(workspace.dbt_project),
        "profiles_dir": str(PROJECT),
        "vars": json.loads(dbt_arguments(workspace, settings)[-1]),
        "target": None,
        "profile": None,
        "threads": None,
    }
    set_from_args(Namespace(**given), {})
    config = RuntimeConfig.from_args(get_flags())
    loader = Namespace(root_project=config, all_projects=config.load_dependencies())
    return ManifestLoader.build_manifest_state_check(loader)


@dataclass(frozen=True)
class CompiledModels:
    """Every model as dbt compiled it with some settings.

    Attributes:
        target: dbt's target folder.
    """

    target: Path

    def build(
        self,
        work_db: Path,
        *,
        up_to: Collection[str] | None = None,
        as_of: date | None = None,
    ) -> None:
        """Compute models in a work database whose inputs are loaded.

        Args:
            work_db: The database; closed.
            up_to: Names of models; only they and what they need. None = every model.
            as_of: The last whole local day that counts; None = what the data says.
        """
        config = {"preserve_insertion_order": "false"}
        with duckdb.connect(str(work_db), config=config) as con:
            con.execute("set TimeZone = 'UTC'")
            con.execute("set enable_progress_bar = false")
            for step in steps(PROJECT, self.target, up_to=up_to):
                if as_of is not None and step.name == "intermediate.int_data_cutoff":
                    cut = _NO_AS_OF.replace("null", f"'{as_of}'")
                    assert step.sql[-1].count(_NO_AS_OF) == 1
                    step.sql[-1] = step.sql[-1].replace(_NO_AS_OF, cut)
                run_step(con, step)

    def failing_tests(self, work_db: Path) -> list[str]:
        """Run every data test that dbt would run; returns the names of those that find rows."""
        manifest = read_dbt_manifest(self.target)
        compiled = self.target / "compiled" / manifest["metadata"]["project_name"]
        found = []
        with duckdb.connect(str(work_db), read_only=True) as con:
            con.execute("set TimeZone = 'UTC'")
            for node in manifest["nodes"].values():
                if node["resource_type"] == "test":
                    file = compiled / node["original_file_path"]
                    if file.suffix != ".sql":
                        file /= node["path"]
                    query = file.read_text(encoding="utf-8")
                    if con.execute(f"select 1 from ({query}) limit 1").fetchall():
                        found.append(node["name"])
        return found


def compiled_models(settings: Settings) -> CompiledModels:
    """Return the models and data tests of the project as dbt compiles them with these settings.

    The defaults compile everything. Other settings start from that and compile again only what a
    setting can enter.

    Args:
        settings: Business settings, without AS_OF.
    """

    def compile_what_differs(folder: Path) -> None:
        workspace = Workspace(PROJECT, folder, folder)
        if settings.fingerprint != load_settings().fingerprint:
            target = compiled_models(load_settings()).target
            shutil.copytree(target, workspace.dbt_target)
            compile_models(workspace, settings, _open_to_settings(read_dbt_manifest(target)))
        elif (built := _built()) is not None:
            shutil.copytree(built, workspace.dbt_target)
        else:
            copy_parsed(settings, workspace)
            compile_models(workspace, settings, ["resource_type:model", "resource_type:test"])

    folder = once(f"compiled-{settings.fingerprint[:12]}", compile_what_differs)
    return CompiledModels(Workspace(PROJECT, folder, folder).dbt_target)


def compile_models(workspace: Workspace, settings: Settings, selection: Collection[str]) -> None:
    """Let dbt compile part of the project into the target folder of a workspace.

    Args:
        workspace: Where dbt's artifacts go; `copy_parsed` has put there what dbt starts from.
        settings: What the models are compiled with.
        selection: What is compiled, as dbt selects.
    """
    # a compiled model is what dbt would print, quiet or not
    common = ["--log-level", "none", "--log-path", str(workspace.warehouse)]
    with pytest.MonkeyPatch.context() as patch:
        for name, value in workspace.environment().items():
            patch.setitem(os.environ, name, value)
        patch.setitem(os.environ, "HOLDFAST_KEEP_OPEN", "False")
        # parsed with the defaults whatever the settings: no setting enters what dbt parses
        ended = dbtRunner(manifest=read_parsed(workspace)).invoke(
            [
                "compile", *common, "--no-introspect", "--no-populate-cache",
                "--select", *selection,
                # what is excluded does not take its tests with it
                "--exclude", "file:*.py", "--indirect-selection", "empty",
                *dbt_arguments(workspace, settings),
            ]
        )  # fmt: skip
    failed = [one.message for one in ended.result or [] if one.message]
    assert ended.success, ended.exception or failed


def _open_to_settings(manifest: dict[str, Any]) -> list[str]:
    """Name the models and tests whose SQL asks for a variable, itself or through a macro.

    A macro counts as called wherever its name and a bracket stand: one too many is compiled
    to what it was.
    """
    sources = {macro["name"]: macro["macro_sql"] for macro in manifest["macros"].values()}
    asks: set[str] = {"var"}
    while True:
        words = re.compile(rf"\b(?:{'|'.join(sorted(asks))})\s*\(")
        # `default__x` and `spark__x` are called as x
        found = {name for name, sql in sources.items() if name not in asks and words.search(sql)}
        found |= {name.partition("__")[2] for name in asks | found if "__" in name} - asks - {""}
        if not found:
            break
        asks |= found
    return [
        node["name"]
        for node in manifest["nodes"].values()
        if node["resource_type"] in ("model", "test")
        and node.get("language", "sql") == "sql"
        and words.search(node["raw_code"])
    ]


def refreshed_straight(
    landing: Path,
    warehouse: Path,
    settings_file: Path | None = None,
    *,
    with_tests: bool = True,
) -> Workspace:
    """Refresh a warehouse: load, guard, accept, every model, every data test, publish.

    Each step is that of the real refresh, but DuckDB runs what dbt compiled, without dbt and
    Dagster around it. Fails the test when a guard or a data test says no.

    Args:
        landing: The delivered files.
        warehouse: Folder of the warehouse.
        settings_file: Its settings.
        with_tests: Whether the data tests run.
    """
    workspace = Workspace(PROJECT, landing, warehouse, settings_file=settings_file)
    settings, contract = load_settings(settings_file), load_contract()
    models = compiled_models(settings)
    with open_session(workspace, settings) as session:
        told = (workspace, contract, settings, session.refresh.refresh_id, session.now)
        read_deliveries(*told)
        run_guards(session)
        assert session.ending is None, session.ending
        accept(*told)
        models.build(workspace.work_db)
        assert not with_tests or models.failing_tests(workspace.work_db) == []
        marts = read_marts(models.target / "manifest.json")
        record_restatements(workspace, marts, session.refresh)
        publish(workspace, marts, session.refresh, utc_now())
        session.ending = Ending("published")
    return workspace
