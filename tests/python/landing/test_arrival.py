"""When a delivery is whole: names of files being written, and markers written last."""

import os
from pathlib import Path

import pytest

from orchestration.fingerprint import inputs_hash
from orchestration.landing.arrival import (
    VARIABLE,
    IncompleteError,
    listing,
    require_complete,
    waiting_for,
)
from orchestration.landing.folder import entries
from orchestration.settings import SettingsError, load_settings

HEADER = "order_id,ordered_at,status,gross_amount\n"


def write(path: Path, text: str = "x") -> None:
    """Write a file so that it is later than all before, also where the clock ticks slowly."""
    path.parent.mkdir(parents=True, exist_ok=True)
    before = max((each.stat().st_ctime_ns for each in path.parent.rglob("*")), default=0)
    path.write_text(text)
    while path.stat().st_ctime_ns <= before:
        path.write_text(text)


def test_a_file_being_written_is_no_delivery_for_anybody(business):
    """Half a file would be loaded, or its bytes alone make a refresh of nothing."""
    landing, settings = business.workspace.landing, load_settings()
    business.deliver("orders.csv", f"{HEADER}1,2024-01-01,paid,5\n")
    business.deliver("inputs.yml", 'inputs: {orders: {files: ["*orders*"]}}')
    seen = listing(landing), inputs_hash(landing, settings), len(entries(landing))
    for name in (
        "orders_2.csv.part", "orders_3.csv.TMP", "orders_4.csv.filepart", ".orders_5.csv",
        "_orders_6.csv", "~orders_7.csv", "orders.writing/orders_8.csv", "_SUCCESS",
    ):  # fmt: skip
        business.deliver(name, f"{HEADER}2,2024-01-01,paid,5\n")
    assert (listing(landing), inputs_hash(landing, settings), len(entries(landing))) == seen
    assert [file.file for file in business.read().files] == ["orders.csv"]
    (landing / "orders_2.csv.part").rename(landing / "orders_2.csv")
    assert listing(landing) != seen[0]
    assert inputs_hash(landing, settings) != seen[1]
    assert [file.file for file in business.read().files] == ["orders.csv", "orders_2.csv"]


def test_a_marker_closes_what_was_written_before_it(tmp_path, monkeypatch):
    """A delivery would be taken before its last file, or wait for ever."""
    monkeypatch.delenv(VARIABLE, raising=False)
    write(tmp_path / "orders" / "part-0.parquet")
    assert waiting_for(tmp_path) is None, "no marker is asked for, and none lies there"
    monkeypatch.setenv(VARIABLE, "_SUCCESS")
    assert "No _SUCCESS was written for orders/part-0.parquet" in (waiting_for(tmp_path) or "")
    with pytest.raises(IncompleteError, match="is not whole"):
        require_complete(tmp_path)
    write(tmp_path / "orders" / "_SUCCESS")
    assert waiting_for(tmp_path) is None
    # a marker in a folder closes no other; one above closes all
    write(tmp_path / "products.csv")
    assert "for products.csv" in (waiting_for(tmp_path) or "")
    write(tmp_path / "_SUCCESS")
    assert waiting_for(tmp_path) is None
    require_complete(tmp_path)


def test_what_comes_after_a_marker_waits_for_the_next(tmp_path, monkeypatch):
    """The second day's half would ride on the first day's marker, also with its old time kept."""
    monkeypatch.delenv(VARIABLE, raising=False)
    write(tmp_path / "orders.csv")
    write(tmp_path / "_SUCCESS")
    assert waiting_for(tmp_path) is None
    write(tmp_path / "orders_2.csv")
    os.utime(tmp_path / "orders_2.csv", (0, 0))
    told = waiting_for(tmp_path) or ""
    assert told.startswith("Changed after _SUCCESS was written: orders_2.csv.")
    require_complete(tmp_path)  # nobody said that every delivery ends with one
    write(tmp_path / "_SUCCESS")
    assert waiting_for(tmp_path) is None


def test_a_marker_of_ones_own_is_a_plain_name(tmp_path, monkeypatch):
    """A path would be looked for elsewhere; a visible marker would be a new delivery each day."""
    monkeypatch.setenv(VARIABLE, "done.flag")
    write(tmp_path / "orders.csv")
    seen = listing(tmp_path)
    write(tmp_path / "done.flag")
    assert waiting_for(tmp_path) is None
    assert listing(tmp_path) == seen
    monkeypatch.setenv(VARIABLE, "../done")
    with pytest.raises(SettingsError, match="name of a file"):
        waiting_for(tmp_path)
