"""dbt's manifest, from which the assets are made: parsed anew only when dbt's files changed."""

import json
import os
import subprocess
import sys
from pathlib import Path

from orchestration.extensions.project import lay_out, with_real_paths
from orchestration.extensions.rules import check_models
from orchestration.fingerprint import dbt_hash
from orchestration.quiet import telemetry_switches
from orchestration.settings import Settings
from orchestration.workspace import Workspace

# in dbt's target folder: hash of what the manifest there was parsed from
STAMP = "parsed.sha256"


class ManifestError(RuntimeError):
    """The project's models do not parse; the message is what dbt says."""


def dbt_executable() -> Path:
    """Return the dbt of this environment, whatever PATH says."""
    return Path(sys.executable).with_name("dbt")


def dbt_arguments(workspace: Workspace, settings: Settings) -> list[str]:
    """Return the arguments every dbt command gets: equal ones let dbt reuse what it parsed.

    The environment of the workspace belongs to them: AS_OF is there, as another day in --vars would
    have dbt parse everything again.
    """
    by_environment = ("as_of",) if workspace.as_of else ()
    return [
        "--project-dir",
        str(workspace.dbt_project),
        "--profiles-dir",
        str(workspace.project),
        "--vars",
        settings.as_dbt_vars(but=by_environment),
    ]


def is_manifest_fresh(workspace: Workspace, settings: Settings) -> bool:
    """Whether the manifest of this warehouse was parsed from the files and settings as they are."""
    try:
        stamp = (workspace.dbt_target / STAMP).read_text(encoding="utf-8")
    except OSError:
        return False
    is_same = stamp == dbt_hash(workspace.project, settings, workspace.extensions)
    return is_same and _is_whole(workspace.dbt_target / "manifest.json")


def _is_whole(manifest: Path) -> bool:
    """Whether a manifest can be read: dbt writes it anew at each build, and may be killed then."""
    try:
        return bool(json.loads(manifest.read_text(encoding="utf-8"))["nodes"])
    except (OSError, ValueError, KeyError, TypeError):
        return False


def ensure_manifest(workspace: Workspace, settings: Settings) -> Path:
    """Parse the project when its files or settings changed since the last time.

    Args:
        workspace: Where dbt's artifacts go.
        settings: Settings handed to dbt.

    Returns:
        The manifest.

    Raises:
        ManifestError: When the project does not parse.
        ExtensionError: When the extension cannot be used.
    """
    lay_out(workspace)
    manifest = workspace.dbt_target / "manifest.json"
    if is_manifest_fresh(workspace, settings):
        return manifest
    workspace.dbt_target.mkdir(parents=True, exist_ok=True)
    stamp_file = workspace.dbt_target / STAMP
    stamp_file.unlink(missing_ok=True)
    # taken before: what is edited meanwhile is parsed again the next time
    stamp = dbt_hash(workspace.project, settings, workspace.extensions)
    ended = subprocess.run(
        [str(dbt_executable()), "--quiet", "parse", *dbt_arguments(workspace, settings)],
        env=os.environ | telemetry_switches() | workspace.environment(),
        cwd=workspace.project,
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode != 0:
        told = f"{ended.stdout.strip()}\n{ended.stderr.strip()}"
        raise ManifestError(f"The models do not parse:\n{with_real_paths(workspace, told)}")
    if workspace.extensions is not None:
        check_models(workspace, json.loads(manifest.read_text(encoding="utf-8")))
    stamp_file.write_text(stamp, encoding="utf-8")
    return manifest
