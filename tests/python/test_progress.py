"""Progress and failures of the models, as a person reads them."""

import pytest

from orchestration.progress import ModelProgress, ProjectChangedError

MANIFEST = {
    "nodes": {
        "model.holdfast.orders": {
            "resource_type": "model",
            "name": "orders",
            "original_file_path": "models/marts/core/orders.sql",
            "description": "One row per order.\nAll of them.",
        },
        "test.holdfast.assert_sums": {
            "resource_type": "test",
            "name": "assert_sums",
            "original_file_path": "tests/data/assert_sums.sql",
            "description": "",
            "depends_on": {"nodes": ["model.holdfast.orders"]},
        },
    }
}


def event(kind, node, level="info", msg=""):
    """Build an event as dbt logs it."""
    info = {"name": kind, "level": level, "msg": msg}
    return {"info": info, "data": {"node_info": {"unique_id": node}} if node else {}}


def test_each_failure_is_said_once_with_what_it_means():
    """A person would get a page of dbt's log, with each error three times."""
    progress = ModelProgress(MANIFEST)
    model, test = MANIFEST["nodes"]
    for item in (
        event("LogModelResult", model, "error", "1 of 9 ERROR creating orders .... [ERROR]"),
        event("LogTestResult", test, "error", "2 of 9 FAIL 3 assert_sums .... [FAIL 3]"),
        event("RunResultFailure", model, "error", "Failure in model orders"),
        event(
            "RunResultError",
            model,
            "error",
            "  Runtime Error in model orders (models/marts/core/orders.sql)\n  No rate for JPY.\n",
        ),
        event("RunResultFailure", test, "error", "Failure in test assert_sums"),
        event("RunResultError", test, "error", "  Got 3 results, configured to fail if != 0"),
        event("MainEncounteredError", None, "error", "The disk is full."),
    ):
        progress.see(item)
    assert progress.problems() == [
        "- orders (models/marts/core/orders.sql): One row per order. All of them.\n"
        "  No rate for JPY.",
        "- assert_sums (tests/data/assert_sums.sql)\n  Got 3 results, configured to fail if != 0",
        "The disk is full.",
    ]


def test_counts_follow_the_events(monkeypatch, capsys):
    """A long build would look as if it hung."""
    monkeypatch.setattr("orchestration.progress._EVERY_SECONDS", -1)
    progress = ModelProgress(MANIFEST)
    model, test = MANIFEST["nodes"]
    progress.see(event("LogModelResult", model))
    progress.see(event("LogTestResult", test))
    assert capsys.readouterr().out.split("\n")[:2] == [
        "          1 of 1 models, 0 of 1 checks",
        "          1 of 1 models, 1 of 1 checks",
    ]
    assert progress.total() == "1 models and seeds, 1 checks"
    assert progress.problems() == []


def test_a_part_is_counted_against_the_part(monkeypatch, capsys):
    """A refresh of one mart would seem to end after 1 of 344 models."""
    monkeypatch.setattr("orchestration.progress._EVERY_SECONDS", -1)
    other = {"resource_type": "model", "name": "refunds"}
    read = {"nodes": ["model.holdfast.refunds"]}
    its_test = {"resource_type": "test", "name": "unique", "depends_on": read}
    nodes = MANIFEST["nodes"] | {"model.holdfast.refunds": other, "test.holdfast.unique": its_test}
    for only, said in (({"orders"}, "1 of 1 models, 0 of 1 checks"),
                       ({"orders", "refunds"}, "1 of 2 models, 0 of 2 checks"),
                       ({"unique"}, "1 of 0 models, 0 of 1 checks")):  # fmt: skip
        ModelProgress({"nodes": nodes}, only=only).see(event("LogModelResult", next(iter(nodes))))
        assert capsys.readouterr().out.strip() == said


def test_models_edited_during_the_run_are_noticed():
    """An edit while the refresh runs would end in a KeyError of a library."""
    progress = ModelProgress(MANIFEST)
    with pytest.raises(ProjectChangedError, match=r"model\.holdfast\.new"):
        progress.see(event("LogModelResult", "model.holdfast.new"))
