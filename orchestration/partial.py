"""`make refresh MODELS=revenue.mrr_movements`: rebuild and publish one mart and what hangs on it.

The rest is published again as it stands, which is right only where files and settings are those of
the publication and everything whose code changed since is among what is rebuilt. Then the marts are
what a whole refresh would publish, and carry one refresh id; where it is not so, this says what to
do instead.
"""

import json
import os
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from orchestration.built import Built, node_hashes, read_built, stamp
from orchestration.contract import load_contract
from orchestration.dbt_manifest import (
    ManifestError,
    dbt_arguments,
    dbt_executable,
    ensure_manifest,
)
from orchestration.dev import DevError, resolve
from orchestration.fingerprint import inputs_hash, rest_hash
from orchestration.landing.personal import SHARED_EMAILS
from orchestration.lock import WriterBusyError
from orchestration.outcomes import instant, read_outcomes
from orchestration.progress import ModelProgress
from orchestration.publishing.publish import PublishError, is_intact, read_manifest
from orchestration.publishing.step import publish_marts, report_marts
from orchestration.quiet import be_quiet, telemetry_switches
from orchestration.ready import make_ready
from orchestration.refresh import tell_once
from orchestration.report.build import ReportError
from orchestration.retries import Attempts
from orchestration.session import (
    Session,
    failed_before,
    hold_warehouse,
    open_session,
    say,
)
from orchestration.settings import Settings, SettingsError
from orchestration.time_limit import TimeLimitError
from orchestration.work_database import WorkDatabaseError
from orchestration.workspace import Workspace

_BUILT = ("model", "seed", "snapshot")
# What says of itself which refresh made it has to be made by this one.
_RECORDS = ".ops.refreshes"
_WHOLE = "Run `make refresh` without MODELS, which does all."


class PartialError(RuntimeError):
    """A part alone cannot be published; the message says why and what to do."""


class ModelsError(RuntimeError):
    """Models or their tests failed; the session has told which."""


@dataclass(frozen=True)
class Plan:
    """What is rebuilt.

    Attributes:
        models: Names of models and seeds, with all that hangs on them.
        tests: Names of tests that changed and look at none of these.
    """

    models: tuple[str, ...]
    tests: tuple[str, ...] = ()


def main(arguments: list[str] | None = None) -> int:
    """Rebuild what is named, test it, and publish.

    Args:
        arguments: Names of models; the process's own by default.

    Returns:
        0 only when it is published, else 1.
    """
    be_quiet()
    names = " ".join(sys.argv[1:] if arguments is None else arguments).split()
    workspace, before, started_at = None, None, instant()
    try:
        workspace = Workspace.from_environment()
        before = read_outcomes(workspace).last
        settings = workspace.read_settings()
        os.environ.update(telemetry_switches() | workspace.environment())
        refresh_part(workspace, settings, names)
    except (
        DevError,
        ManifestError,
        PartialError,
        SettingsError,
        WorkDatabaseError,
        WriterBusyError,
    ) as error:
        sys.stderr.write(f"\nNOT PUBLISHED\n{error}\n")
    except (ModelsError, PublishError, ReportError, TimeLimitError) as error:
        # its session has told
        sys.stderr.write(f"\n{error}\nThe marts stand as manifest.json names them.\n")
    except (OSError, duckdb.Error) as error:
        sys.stderr.write(f"\nNOT PUBLISHED\n{error}\n({type(error).__name__})\n")
        tell_once(workspace, before, failed_before(error, started_at))
    except KeyboardInterrupt:
        sys.stderr.write("\nInterrupted. What was published before stands.\n")
        return 130
    else:
        return 0
    return 1


def refresh_part(workspace: Workspace, settings: Settings, names: Sequence[str]) -> None:
    """Rebuild some models and what hangs on them, and publish all marts.

    Args:
        workspace: The warehouse.
        settings: Its business settings.
        names: Models; `+name` takes all it is made of too.

    Raises:
        PartialError: When a part alone would not be what a whole refresh publishes.
        ModelsError: When models or tests failed.
        DevError: When there is no such model.
    """
    started = time.monotonic()
    with hold_warehouse(workspace, Attempts()):
        make_ready(workspace)
        built = standing(workspace, settings)
        ensure_manifest(workspace, settings)
        text = (workspace.dbt_target / "manifest.json").read_text(encoding="utf-8")
        manifest = json.loads(text)
        plan = make_plan(workspace, manifest, names, built)
        with open_session(workspace, settings) as session:
            say(f"{'part':<10}{len(plan.models)} models and seeds; all else stands as published")
            # known from here on, also where it breaks
            say(f"{'':<10}refresh {session.refresh.refresh_id}")
            _build(session, manifest, plan)
            publish_marts(session)
            report_marts(session)
    say(f"\nPublished in {time.monotonic() - started:.0f} s.")


def standing(workspace: Workspace, settings: Settings) -> Built:
    """Return what stands published and in the work database, where a part may be added to it.

    Args:
        workspace: The warehouse; the caller holds its lock.
        settings: Settings asked for.

    Raises:
        PartialError: When something else has to be refreshed too.
    """
    manifest = read_manifest(workspace)
    built = read_built(workspace)
    if manifest is None or not workspace.work_db.is_file():
        raise PartialError(f"Nothing is published yet. {_WHOLE}")
    if manifest["settings"] != settings.overrides:
        raise PartialError(f"The settings are not those of the published marts. {_WHOLE}")
    if manifest["inputs_hash"] != inputs_hash(workspace.landing, settings):
        raise PartialError(f"The delivered files are not those of the published marts. {_WHOLE}")
    if built is None or built.refresh_id != manifest["refresh_id"]:
        raise PartialError(f"It is not known what the published marts were built from. {_WHOLE}")
    if built.rest != rest_hash(workspace.project, workspace.extensions):
        raise PartialError(
            "Code changed that is no single model, such as a macro, a default of dbt_project.yml, "
            f"the input contract or Python: any model may hang on it. {_WHOLE}"
        )
    if not is_intact(workspace, manifest):
        raise PartialError(f"The published marts are not whole. {_WHOLE}")
    return built


def make_plan(
    workspace: Workspace, manifest: Mapping[str, Any], names: Sequence[str], built: Built
) -> Plan:
    """Say what has to be rebuilt so that all marts are of one code.

    Args:
        workspace: The warehouse.
        manifest: dbt's manifest of the code as it is.
        names: What was asked for.
        built: What stands.

    Raises:
        PartialError: When other models changed as well.
        DevError: When there is no such model.
    """
    nodes = manifest["nodes"]
    children: dict[str, set[str]] = defaultdict(set)
    for unique_id, node in nodes.items():
        for read in (node.get("depends_on") or {}).get("nodes", []):
            children[read].add(unique_id)
    parents = {u: set((n.get("depends_on") or {}).get("nodes", [])) for u, n in nodes.items()}
    by_name = {n["name"]: u for u, n in nodes.items() if n["resource_type"] in _BUILT}
    if not names:
        raise PartialError("Say which: make refresh MODELS=revenue.mrr_movements")
    asked: set[str] = set()
    for name in names:
        selector, plain = resolve(name, nodes)
        if plain is None or selector.strip("+") != plain:
            raise PartialError(
                f"{name}: name models, such as revenue.mrr_movements, or +revenue.mrr_movements "
                "with all it is made of; what hangs on them is always rebuilt."
            )
        chosen = {by_name[plain]}
        asked |= _reached(chosen, parents) if selector.startswith("+") else chosen
    sources = {u for u in children if u.startswith("source.") and u.endswith(_RECORDS)}
    taken = {
        u
        for u in _reached(asked | sources, children)
        if nodes.get(u, {}).get("resource_type") in _BUILT
    }
    if stamp(workspace) != built.stamp:
        # whoever wrote there, only what is built anew is known
        _require_same_rows(workspace, built)
        say(f"{'part':<10}the work database was used since the publication: all models are rebuilt")
        taken = set(by_name.values())
    now = node_hashes(manifest)
    changed = {u for u, digest in now.items() if built.nodes.get(u) != digest}
    reading = {nodes[u]["name"] for u in changed} & _seeds_of_loading(workspace)
    if reading:
        raise PartialError(
            f"{', '.join(sorted(reading))} decides how delivered files are read, or which of their "
            f"rows are taken, and they have to be read anew. {_WHOLE}"
        )
    others = {u for u in changed if nodes[u]["resource_type"] in _BUILT} - taken
    others |= {by_name[name] for name in built.touched if name in by_name} - taken
    if others:
        more = " ".join(sorted(nodes[u]["name"] for u in others))
        raise PartialError(
            f"Other models changed too, or were built by make dev: {more}. Name them as well "
            f"(MODELS='{' '.join(names)} {more}'), or leave MODELS out."
        )
    tests = {u for u in changed if nodes[u]["resource_type"] == "test" and not parents[u] & taken}
    return Plan(
        tuple(sorted(nodes[u]["name"] for u in taken)),
        tuple(sorted(nodes[u]["name"] for u in tests)),
    )


def _seeds_of_loading(workspace: Workspace) -> set[str]:
    """Return the names of the seeds that are read while files are loaded and checked."""
    contract = load_contract(extensions=workspace.extensions)
    seeds = {column.seed.partition(".")[0] for t in contract for column in t.columns if column.seed}
    return seeds | {SHARED_EMAILS}


def _reached(start: Iterable[str], edges: Mapping[str, set[str]]) -> set[str]:
    """Return all that can be reached, the start included."""
    found: set[str] = set()
    waiting = list(start)
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += edges.get(one, ())
    return found


def _require_same_rows(workspace: Workspace, built: Built) -> None:
    """Refuse when rows were accepted since the publication, whatever lies there now."""
    with duckdb.connect(str(workspace.work_db), read_only=True) as con:
        later = con.execute(
            "select count(*) from ops.input_loads where status = 'loaded' and refresh_id > ?",
            [built.refresh_id],
        ).fetchall()[0][0]
    if later:
        raise PartialError(f"Files were loaded since that no publication has. {_WHOLE}")


def _build(session: Session, manifest: Mapping[str, Any], plan: Plan) -> None:
    """Build and test what is planned; try again what may pass."""
    while True:
        try:
            with session.step("models", "building and testing them") as outcome:
                outcome.append(_run_dbt(session, manifest, plan))
                return
        except Exception as error:
            wait = session.next_wait(error)
            if wait is None:
                raise
            time.sleep(wait)


def _run_dbt(session: Session, manifest: Mapping[str, Any], plan: Plan) -> str:
    """Run dbt over the plan; returns what it did, in words."""
    progress = ModelProgress(manifest, only={*plan.models, *plan.tests})
    workspace = session.workspace
    command = [
        str(dbt_executable()), "--log-format", "json", "build",
        "--select", *plan.models, *plan.tests, "--exclude-resource-type", "unit_test",
        *dbt_arguments(workspace, session.settings),
    ]  # fmt: skip
    with subprocess.Popen(
        command,
        env=os.environ | workspace.environment() | telemetry_switches(),
        cwd=workspace.project,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as dbt:
        other = []
        for line in dbt.stdout or ():
            try:
                progress.see(json.loads(line))
            except ValueError:
                other.append(line)
    if dbt.returncode != 0:
        told = progress.problems()
        session.told.extend(told)
        session.details.extend(progress.failed())
        raise ModelsError("\n".join(["The models did not pass:", *(told or other[-15:])]))
    return progress.total()


if __name__ == "__main__":
    sys.exit(main())
