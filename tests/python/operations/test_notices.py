"""Whoever watches over the refreshes is told of the first failure, and when all is well again."""

import json
import socket
import time
from dataclasses import replace

import pytest

from orchestration import notices
from orchestration.guard import GuardError
from orchestration.outcomes import Outcome, read_outcomes
from orchestration.records import Ending
from orchestration.refresh import main
from orchestration.session import open_session
from orchestration.settings import load_settings

# as a delivered value could stand in the message of any engine
PERSON = "anna@example.com"


def refresh(workspace, how):
    """Run a session that ends as asked; returns what it raised."""
    with open_session(workspace, load_settings()) as session:
        assert session.refresh.refresh_id
        try:
            how(session)
        except Exception as error:
            return error
    return None


def publish(session):
    """End as a publication does."""
    manifest = {"refresh_id": session.refresh.refresh_id, "published_at": "2026-11-28T04:00:00Z"}
    session.workspace.manifest.write_text(json.dumps(manifest))
    session.newest = {"orders": "2026-11-27"}
    session.ending = Ending("published")


def be_refused(session):
    """End as a guard's no does."""
    session.ending = Ending("stopped", f"orders.csv:2 email.type {PERSON}")
    session.details = ["orders.gross_amount.type"]


def break_down(session):
    """End as an error that nobody expected does."""
    with session.step("load", "reading"):
        raise ValueError(f"cannot convert {PERSON}")


def test_failures_and_the_recovery_are_told_once_each(workspace, webhook, capsys):
    """A warehouse would stand still for weeks unseen, or everybody be told of every good night."""
    for how in (publish, be_refused, break_down, publish, publish):
        refresh(workspace, how)
    told = [body for _, body in webhook.got]
    assert [path for path, _ in webhook.got] == ["/hooks/s3cret-token"] * 3
    assert [(body["event"], body["result"], body["reason"]) for body in told] == [
        ("failure", "stopped", "checks"),
        ("failure", "failed", "fault"),
        ("recovery", "published", None),
    ]
    assert [body["failures"] for body in told] == [1, 2, 2]
    assert told[0]["text"] == (
        "holdfast, shop: the refresh stopped in step guard: the guards of the delivery said no "
        "(orders.gross_amount.type). The marts of 2026-11-28T04:00:00Z stand as they were."
    )
    assert (told[1]["step"], told[1]["warehouse"]) == ("load", "shop")
    assert told[2]["text"].startswith(
        "holdfast, shop: published again at 2026-11-28T04:00:00Z, after 2 failures since 20"
    )
    # the log has the same notices, in order
    log = workspace.notices_file.read_text()
    assert [json.loads(line) for line in log.splitlines()] == told
    assert PERSON not in log
    # the secret stands nowhere
    printed = capsys.readouterr()
    written = [path.read_bytes() for path in workspace.warehouse.rglob("*") if path.is_file()]
    assert "s3cret" not in printed.out + printed.err
    assert not [content for content in written if b"s3cret" in content]
    kept = read_outcomes(workspace)
    assert not kept.is_failing
    assert (kept.last.result, kept.newest) == ("published", {"orders": "2026-11-27"})


@pytest.mark.parametrize("trouble", ["refuses", "redirects", "is silent", "is gone", "is no web"])
def test_a_webhook_in_trouble_changes_nothing(workspace, webhook, monkeypatch, capsys, trouble):
    """A chat server that is down would fail the refresh, hang it, or print its own address."""
    monkeypatch.setenv("HOLDFAST_WEBHOOK_TIMEOUT", "0.3")
    silent = socket.create_server(("127.0.0.1", 0))
    webhook.answer = {"refuses": 500, "redirects": 302}.get(trouble, 200)
    addresses = {
        "is silent": f"http://127.0.0.1:{silent.getsockname()[1]}/s3cret",
        "is gone": "http://127.0.0.1:1/s3cret",
        "is no web": "file:///s3cret",
    }
    if trouble in addresses:
        monkeypatch.setenv("HOLDFAST_WEBHOOK_URL", addresses[trouble])
    started = time.monotonic()
    with silent:
        refresh(workspace, be_refused)
    assert time.monotonic() - started < 20
    told = capsys.readouterr().err
    assert told.startswith("The notice of this failure was not sent: ")
    expected = {
        "refuses": "the webhook answered 500", "redirects": "the webhook answered 302",
        "is silent": "no answer within 0.3 s", "is gone": "Connection refused",
        "is no web": "does not begin with http",
    }  # fmt: skip
    assert expected[trouble] in told
    assert "s3cret" not in told
    assert "/elsewhere" not in [path for path, _ in webhook.got]
    assert read_outcomes(workspace).last.result == "stopped"
    assert len(workspace.notices_file.read_text().splitlines()) == 1


def test_a_killed_refresh_is_told_of_by_the_next(workspace, webhook):
    """A machine that kills every refresh for want of memory would look like a quiet week."""
    notices.began(workspace, "first")
    notices.began(workspace, "second")
    assert [body["reason"] for _, body in webhook.got] == ["killed"]
    assert webhook.got[0][1]["text"].startswith("holdfast, shop: a refresh was interrupted")
    # killed after its publication: published, and by that well again
    workspace.manifest.write_text('{"refresh_id": "second", "published_at": "now"}')
    notices.began(workspace, "third")
    assert [body["event"] for _, body in webhook.got] == ["failure", "recovery"]
    assert read_outcomes(workspace).last.result == "running"


def test_taking_the_bad_file_away_is_a_recovery(workspace, webhook):
    """The marts are what was asked for again, and everybody would still look for what is wrong."""
    refresh(workspace, publish)
    refresh(workspace, be_refused)
    notices.well_again(workspace)
    notices.well_again(workspace)
    assert [body["event"] for _, body in webhook.got] == ["failure", "recovery"]


def test_what_fails_before_it_begins_is_told_too(workspace, webhook, monkeypatch, capsys):
    """A typing error in the settings, or a lock held for ever, would stop every night unseen."""
    settings = workspace.warehouse.with_name("settings.yml")
    settings.write_text(f"no_such_setting: {PERSON}\n")
    monkeypatch.setenv("HOLDFAST_WAREHOUSE", str(workspace.warehouse))
    monkeypatch.setenv("HOLDFAST_LANDING", str(workspace.landing))
    monkeypatch.setenv("HOLDFAST_SETTINGS", str(settings))
    assert main() == 1
    assert [body["reason"] for _, body in webhook.got] == ["settings"]
    assert PERSON not in json.dumps(webhook.got)
    assert "no_such_setting" in capsys.readouterr().err
    monkeypatch.setenv("HOLDFAST_SETTINGS", str(settings) + ".none")
    assert main() == 1
    assert webhook.got[1][1]["warehouse"] is None
    # another holds the lock: what it does stays its own to tell
    running = Outcome("running", refresh_id="other")
    notices.write_outcomes(workspace, replace(read_outcomes(workspace), last=running))
    notices.ended(workspace, Outcome("failed", reason="busy"))
    assert webhook.got[2][1]["reason"] == "busy"
    assert read_outcomes(workspace).last == running
    assert read_outcomes(workspace).failures == 2


def test_who_ends_it_by_hand_is_not_told(workspace, webhook):
    """Everybody would be called because somebody pressed Ctrl-C."""

    def press(session):
        with session.step("load", "reading"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        refresh(workspace, press)
    assert webhook.got == []
    assert read_outcomes(workspace).last.reason == "by_hand"


def test_guards_that_break_are_no_guards_that_say_no(workspace, webhook):
    """A fault of the machinery would be looked for in the delivery."""

    def break_guards(session):
        with session.step("guard", "checking"):
            raise GuardError("The guards ended with code 1:\nTypeError: no")

    refresh(workspace, break_guards)
    assert [body["reason"] for _, body in webhook.got] == ["fault"]
