"""The guard step as a process of its own, as the refresh starts it."""

import json
import os
import subprocess
import sys

from orchestration.quality.results import read_results
from orchestration.records import connect
from tests.python.quality.scene import NOW, order


def run(scene, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "orchestration.quality", "--refresh-id", "r1", *arguments],
        env=os.environ | scene.workspace.environment(),
        cwd=scene.workspace.project,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_no_is_an_answer_not_a_failure(scene):
    """The refresh must tell a stopped delivery from broken checks."""
    scene.deliver("orders", [order(n, gross_amount="-1" if n < 3 else "5") for n in range(6)])
    scene.read()
    summary = scene.folder / "summary.json"
    ended = run(scene, "--now", NOW.isoformat(), "--summary", str(summary))
    assert ended.returncode == 0, ended.stderr
    assert ended.stderr == ""
    told = json.loads(summary.read_text(encoding="utf-8"))
    assert told["is_stopped"] is True
    assert "(rule orders.max_quarantined_share)" in told["message"]
    assert told["page"] == str(scene.workspace.checks_page)
    assert scene.workspace.checks_page.is_file()
    with connect(scene.workspace) as con:
        kept = {result.check_id: result.as_dict() for result in read_results(con, "r1")}
    assert {check["check_id"]: check for check in told["checks"]} == kept
    assert scene.sql("select max(checked_at) from ops.input_checks") == [(NOW,)]


def test_broken_checks_are_a_failure(scene):
    """Without a verdict nothing may be taken."""
    ended = run(scene)  # no delivery was read: there are no tables
    assert ended.returncode != 0
    assert "incoming" in ended.stderr
