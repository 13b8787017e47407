"""Tells that a refresh failed, and that the marts are well again: into a log, and to a webhook.

Every way of refreshing ends here. A notice is made of our own words, instants and names of checks,
models and steps; no delivered value can be in it. The webhook's address may hold a secret: it comes
from the environment and is neither printed nor stored. A notice that cannot be sent changes nothing
about how the refresh ended.
"""

import contextlib
import json
import os
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import replace
from typing import Any

from orchestration.outcomes import (
    INTERRUPTED,
    PUBLISHED,
    RUNNING,
    Outcome,
    Outcomes,
    after,
    instant,
    read_outcomes,
    write_outcomes,
)
from orchestration.publishing.publish import read_manifest
from orchestration.showing import showable
from orchestration.variables import number
from orchestration.workspace import Workspace

VARIABLE = "HOLDFAST_WEBHOOK_URL"
TIMEOUT_VARIABLE = "HOLDFAST_WEBHOOK_TIMEOUT"
_DEFAULT_TIMEOUT = 10.0
_MOST_DETAILS = 20
# How each reason is said behind "failed in step ...".
_SAID = {
    "checks": "the guards of the delivery said no",
    "models": "models or their tests failed",
    "time_limit": "it ran for longer than HOLDFAST_TIME_LIMIT allows",
    "busy": "another refresh held the warehouse all the time it waited",
    "locked": "another program holds the database",
    "disk_full": "the disk is full",
    "input_output": "the disk or a folder did not answer",
    "settings": "a setting or a file of settings does not fit",
    "killed": "its process ended before it did",
    "by_hand": "somebody ended it",
    "fault": "an error nobody expected",
}


def began(workspace: Workspace, refresh_id: str) -> None:
    """Remember that a refresh began; one that still counts as running has died.

    The caller holds the writer lock.

    Args:
        workspace: Its warehouse.
        refresh_id: The refresh that begins.
    """
    found = read_outcomes(workspace).last
    if found is not None and found.result == RUNNING:
        manifest = read_manifest(workspace) or {}
        if manifest.get("refresh_id") == found.refresh_id:
            # killed between its publication and its end
            ended(workspace, _at_end(found, PUBLISHED, None))
        else:
            ended(workspace, _at_end(found, INTERRUPTED, "killed"))
    now = Outcome(RUNNING, refresh_id=refresh_id, started_at=instant(), pid=os.getpid())
    write_outcomes(workspace, after(read_outcomes(workspace), now))


def ended(
    workspace: Workspace | None, outcome: Outcome, newest: dict[str, str] | None = None
) -> None:
    """Remember how a refresh ended, and tell where that is a failure or a recovery.

    Args:
        workspace: Its warehouse; None where not even that is known.
        outcome: How it ended.
        newest: Newest day of inputs, where it was published.
    """
    before = Outcomes() if workspace is None else read_outcomes(workspace)
    now = after(before, outcome)
    if workspace is not None:
        if newest:
            now = replace(now, newest=newest)
        write_outcomes(workspace, now)
    if outcome.reason == "by_hand":
        return  # who ended it knows
    if outcome.result != PUBLISHED:
        _tell(workspace, _notice("failure", workspace, outcome, now))
    elif before.is_failing:
        _tell(workspace, _notice("recovery", workspace, outcome, before))


def well_again(workspace: Workspace) -> None:
    """Remember that the published marts are what was asked for, where the last refresh failed.

    So it is when the delivery that was refused is taken away again: nothing has to run.
    """
    found = read_outcomes(workspace)
    manifest = read_manifest(workspace)
    is_running = found.last is not None and found.last.result == RUNNING
    if found.is_failing and manifest is not None and not is_running:
        now = instant()
        refresh_id = manifest.get("refresh_id")
        ended(workspace, Outcome(PUBLISHED, refresh_id=refresh_id, started_at=now, ended_at=now))


def _at_end(outcome: Outcome, result: str, reason: str | None) -> Outcome:
    is_dead = reason is not None
    message = "The process ended before the refresh did." if is_dead else None
    return replace(outcome, result=result, reason=reason, message=message, may_help_again=is_dead)


def _notice(
    event: str, workspace: Workspace | None, outcome: Outcome, counted: Outcomes
) -> dict[str, Any]:
    """Say what happened, for people (`text`) and for programs (all other fields)."""
    manifest = (read_manifest(workspace) if workspace else None) or {}
    name = workspace.warehouse.name if workspace else None
    stands = manifest.get("published_at")
    details = [showable(detail) for detail in outcome.details[:_MOST_DETAILS]]
    notice = {
        "event": event,
        "text": "",
        "warehouse": name,
        "refresh_id": outcome.refresh_id,
        "result": outcome.result,
        "reason": outcome.reason,
        "step": outcome.step,
        "details": details,
        "failures": counted.failures,
        "failing_since": counted.failing_since,
        "started_at": outcome.started_at or None,
        "ended_at": outcome.ended_at,
        "seconds": outcome.seconds,
        "published_at": stands,
        "told_at": instant(),
    }
    return notice | {"text": _text(notice)}


def _text(notice: dict[str, Any]) -> str:
    """Say a notice in one or two sentences."""
    where = f"holdfast, {notice['warehouse'] or 'no warehouse'}: "
    if notice["event"] == "recovery":
        times = notice["failures"]
        return (
            f"{where}published again at {notice['published_at']}, after {times} "
            f"failure{'' if times == 1 else 's'} since {notice['failing_since']}."
        )
    step = f" in step {notice['step']}" if notice["step"] else ""
    why = _SAID.get(notice["reason"], "it failed")
    said = f"{where}the refresh {notice['result']}{step}: {why}"
    if notice["result"] == INTERRUPTED:
        said = f"{where}a refresh was interrupted: {_SAID['killed']}"
    if notice["details"]:
        said += f" ({', '.join(notice['details'])})"
    stands = notice["published_at"]
    return f"{said}. " + (
        f"The marts of {stands} stand as they were." if stands else "Nothing is published yet."
    )


def _tell(workspace: Workspace | None, notice: dict[str, Any]) -> None:
    """Write a notice down and send it; whatever goes wrong with that is said and nothing more."""
    line = json.dumps(notice, ensure_ascii=False)
    if workspace is not None:
        with contextlib.suppress(OSError):
            workspace.warehouse.mkdir(parents=True, exist_ok=True)
            with workspace.notices_file.open("a", encoding="utf-8") as file:
                file.write(line + "\n")
    address = os.environ.get(VARIABLE, "").strip()
    if not address:
        return
    try:
        fault = _send(address, line.encode(), number(TIMEOUT_VARIABLE, _DEFAULT_TIMEOUT))
    except Exception as error:
        fault = type(error).__name__  # a message might quote the address
    if fault:
        sys.stderr.write(f"The notice of this {notice['event']} was not sent: {fault}.\n")


def _send(address: str, body: bytes, timeout: float) -> str | None:
    """Post a notice; returns why it did not arrive, without the address.

    It is sent by a thread of its own: looking up a name, or an answer that comes byte by byte,
    keeps to no timeout.
    """
    if urllib.parse.urlsplit(address).scheme not in ("http", "https"):
        return f"{VARIABLE} does not begin with http:// or https://"
    too_late = f"no answer within {timeout:g} s"
    answer: list[str | None] = []

    def post() -> None:
        try:
            request = urllib.request.Request(  # noqa: S310 - the scheme was looked at
                address, data=body, headers={"Content-Type": "application/json"}, method="POST"
            )
            opener = urllib.request.build_opener(_NoRedirect)
            with opener.open(request, timeout=timeout):
                answer.append(None)
        except urllib.error.HTTPError as error:
            answer.append(f"the webhook answered {error.code}")
        except OSError as error:
            reason = getattr(error, "reason", error)
            said = getattr(reason, "strerror", None) or type(reason).__name__
            # the socket may give up before the wait for this thread does
            answer.append(too_late if isinstance(reason, TimeoutError) else said)
        except Exception as error:
            answer.append(type(error).__name__)

    thread = threading.Thread(target=post, name="webhook", daemon=True)
    thread.start()
    thread.join(timeout)
    return answer[0] if answer else too_late


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Sends a notice where it was meant to go and nowhere else."""

    def redirect_request(self, *_: object, **__: object) -> None:
        """Follow no answer that points elsewhere."""
