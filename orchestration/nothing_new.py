"""Whether a refresh would change anything: asked before anything slow is imported."""

from datetime import UTC, datetime
from typing import Any

from orchestration.fingerprint import code_hash, inputs_hash
from orchestration.publishing.publish import is_intact, read_manifest
from orchestration.records import parse_id
from orchestration.settings import Settings
from orchestration.workspace import Workspace


def find_nothing_new(workspace: Workspace, settings: Settings) -> dict[str, Any] | None:
    """Return the manifest of what is published when a refresh would publish the same again.

    That is when files, settings and code are those of the publication, and its files stand as
    they were written.

    Args:
        workspace: Where the files lie and the marts stand.
        settings: Settings of the refresh that is asked for.

    Returns:
        The manifest, or None when there is something to do.
    """
    manifest = read_manifest(workspace)
    if manifest is None or not workspace.landing.is_dir() or not workspace.work_db.is_file():
        return None
    if _was_clock_behind(str(manifest.get("refresh_id")), str(manifest.get("published_at"))):
        return None
    is_same = (
        manifest.get("settings") == settings.overrides
        and manifest.get("code_hash") == code_hash(workspace.project, workspace.extensions)
        and manifest.get("inputs_hash") == inputs_hash(workspace.landing, settings)
        and is_intact(workspace, manifest)
    )
    return manifest if is_same else None


def _was_clock_behind(refresh_id: str, published_at: str) -> bool:
    """Whether the marts were published while the clock was put back, and it is right by now.

    Ids rise all the same; what was taken for the future then has to be looked at again.
    """
    try:
        began = parse_id(refresh_id).replace(microsecond=0)
        published = datetime.fromisoformat(published_at)
    except ValueError:  # not written by a refresh
        return False
    return published < began <= datetime.now(UTC)
