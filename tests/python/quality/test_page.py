"""The page with the results of the input checks."""

import re
from html.parser import HTMLParser

import pytest

from orchestration.landing.tables import create_tables
from orchestration.quality.page import TITLES, write_checks_page
from orchestration.quality.results import CheckResult, store_results
from orchestration.quality.rules import all_rules
from orchestration.records import connect
from tests.python.quality.scene import CONTRACT, NOW, item, order

VOID = {"meta", "br", "link", "img", "input", "hr"}


class Page(HTMLParser):
    """Text and attributes of a page; fails on tags that do not close."""

    def __init__(self, html):
        super().__init__()
        self.open, self.tags, self.attributes, self.texts = [], [], [], []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.texts.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.texts).split())


def page_of(scene):
    return write_checks_page(scene.workspace, scene.refresh_id).read_text(encoding="utf-8")


@pytest.fixture
def hostile(scene):
    """A delivery whose values try to become part of the page."""
    scene.settings["max_quarantined_share"] = 1
    rows = [
        order(1, status="<script>alert(1)</script>"),
        order(2, status='" onload="x'),
        order(3, gross_amount="-1"),
        order(4),
        order(5, guest_email="anna@example.com", status="anna@example.com"),
    ]
    scene.deliver("orders", rows)
    scene.deliver("order_items", [item(3), item(4)])
    scene.check()
    return scene


def test_it_opens_offline(hostile):
    """A page that asks another host for anything tells it what this business does."""
    html = page_of(hostile)
    page = Page(html)
    assert not {"script", "link", "img", "iframe", "object"} & set(page.tags)
    assert not {"src", "href", "action", "srcset"} & {name for name, _ in page.attributes}
    assert not re.search(r"url\(|@import|https?://", html)
    policy = [value for name, value in page.attributes if value and "default-src" in value]
    assert policy == ["default-src 'none'; style-src 'unsafe-inline'"]


def test_values_stay_values(hostile):
    """A delivered value must not run in the reader's browser."""
    html = page_of(hostile)
    page = Page(html)
    assert "<script" not in html
    assert "onload" not in {name for name, _ in page.attributes}
    assert "<script>alert(1)</script>" in page.text


def test_it_shows_what_was_refused(hostile):
    """Who delivers must find the line to correct."""
    text = Page(page_of(hostile)).text
    for expected in (
        "Refresh r1, checked 2026-11-23 10:00 UTC",
        "Sound, but for the rows in quarantine",
        "5 rows refused",
        "orders: gross_amount: too small",
        "gross_amount.minimum 1 orders.csv:4 key O-3 value -1",
        "status.accepted_values 3 orders.csv:2 key O-1",
        "order_id.reference 1 order_items.csv:2 key I-3 value O-3",
        "What to do: correct gross_amount where the file comes from",
    ):
        assert expected in text, expected
    assert "anna@example.com" not in text
    assert "text of 16 characters" in text


def test_every_result_is_in_the_table(hostile):
    """What is not shown was not checked, as far as the reader can tell."""
    text = Page(page_of(hostile)).text
    for check_id, asked in hostile.sql("select check_id, expected from ops.input_checks"):
        assert check_id.partition(".")[2] in text
        assert " ".join(asked.split()) in text


def test_a_stopped_refresh_says_so_first(scene):
    """The reason stands above all that is merely interesting."""
    scene.deliver("orders", [order(n, status="?") for n in range(3)])
    results = scene.check()
    text = Page(page_of(scene)).text
    assert "Stopped: nothing of this delivery was taken" in text
    assert text.index("Why the refresh stopped") < text.index("What was delivered")
    message = results["orders.not_empty"].message.partition(" What to do: ")[0]
    assert message in text


def test_a_sound_delivery_reads_as_such(scene):
    """No finding, no alarm."""
    scene.deliver("orders", [order(n) for n in range(3)])
    scene.check()
    text = Page(page_of(scene)).text
    assert "Sound: nothing was found" in text
    assert "No row of this delivery was refused." in text


def test_nothing_delivered_reads_as_such(scene):
    """A page of another day must not be taken for today's."""
    scene.read()
    assert "Nothing new was delivered, so nothing was checked." in Page(page_of(scene)).text


def test_many_rows_stay_a_small_page(scene):
    """A page with every refused row does not open on a phone."""
    scene.read()
    with connect(scene.workspace) as con:
        create_tables(con, CONTRACT)
        con.execute(
            "insert into ops.quarantined_rows by name select 'r1' as refresh_id, "
            "'orders' as input, 'orders.csv' as file, range as line, 'K' || range as row_key, "
            "'status.accepted_values' as rule, 'status' as column_name, "
            "repeat('x', 5000) as value from range(20000)"
        )
        result = CheckResult(
            "orders.status.accepted_values", "orders", "status", "accepted_values", "error",
            False, 20_000, 20_000, None, "paid", "orders.csv:0 xxx", "orders: all wrong.",
        )  # fmt: skip
        store_results(con, "r1", NOW, [result])
    html = page_of(scene)
    assert len(html) < 60_000
    assert "20,000 rows of this delivery" in html


def test_every_rule_has_a_title():
    """A bare rule name tells a shop owner nothing."""
    assert {rule.name for rule in all_rules(CONTRACT)} <= set(TITLES)
