"""Killed at every step of a refresh, and at random: what readers see, and what heals."""

import shutil
import signal
import time

import duckdb
import pytest

from orchestration.publishing.publish import is_intact, read_manifest
from tests.python.faults import victim
from tests.python.faults.conftest import copy_of
from tests.python.faults.shop import second_delivery

# from here on a reader sees the new marts
_RENAMED = victim.BOUNDARIES.index("swap_parquet_link")


def heal(shop, undisturbed):
    """Refresh what was disturbed: it becomes what it would have been, and nothing is left over."""
    shop.refresh()
    shop.check_readers(undisturbed.content())
    assert shop.names() == undisturbed.names()
    assert [path.name for path in shop.workspace.parquet_versions.glob("*building*")] == []
    assert not list(shop.workspace.warehouse.rglob("*.wal"))


def between(first: str, last: str) -> tuple[str, ...]:
    """List boundaries from one to another, both included."""
    every = victim.BOUNDARIES
    return every[every.index(first) : every.index(last) + 1]


# One warehouse goes through each of these, killed at one after the other, and is then healed: what
# a kill leaves meets the next one, and not every one of them needs a whole refresh.
CHAINS = [
    between("begin", "accept"),
    between("models half way", "restatements"),
    between(victim.PUBLISHING[0], victim.BOUNDARIES[_RENAMED - 1]),
    between("swap_parquet_link", "report"),
]


def test_every_boundary_is_in_a_chain():
    """A step that is new would never be killed."""
    assert tuple(boundary for chain in CHAINS for boundary in chain) == victim.BOUNDARIES


@pytest.mark.parametrize("chain", CHAINS, ids=lambda chain: f"{chain[0]} to {chain[-1]}")
def test_killed_at_a_step_boundary_readers_see_whole_marts_and_the_next_heals(
    shop, base, undisturbed, chain
):
    """A refresh killed between two steps would take the marts away, or spoil the next one."""
    for boundary in chain:
        ended = shop.run(victim.refresh_until, shop.models, boundary)
        assert ended.code == -signal.SIGKILL, (boundary, ended.said)
        is_new = victim.BOUNDARIES.index(boundary) >= _RENAMED
        shop.check_readers((undisturbed if is_new else base).content())
    heal(shop, undisturbed)


def test_killed_at_random_it_heals_each_time(shop, base, undisturbed, chance):
    """A kill in the middle of a step, where no test put a boundary, would leave what none foresaw.

    One warehouse goes through all of them, so that what a kill leaves meets the next one.
    """
    began = time.monotonic()
    copied = copy_of(base, shop.workspace.warehouse.with_name("timed"))
    second_delivery(copied.workspace.landing)
    copied.refresh()
    took = time.monotonic() - began
    for _ in range(10):
        shop.run(victim.refresh, shop.models, kill_after=chance.uniform(0, took))
        shop.check_readers(base.content(), undisturbed.content())
    heal(shop, undisturbed)


def test_a_hundred_kills_of_load_and_publish_are_each_healed(base, undisturbed, tmp_path, chance):
    """One kill in a hundred may hit the instant at which a file is half replaced.

    What is looked at after each kill is what a reader sees; what five of them left, one upon the
    other, is healed by the next that is left alone.
    """
    loaded = copy_of(base, tmp_path / "loaded")
    second_delivery(loaded.workspace.landing)
    began = time.monotonic()
    assert loaded.run(victim.load).code == 0
    load_seconds = time.monotonic() - began
    expected = landed(loaded)
    shop = copy_of(base, tmp_path / "shop")
    second_delivery(shop.workspace.landing)
    work = shop.workspace.work_db
    contents = {name: one.content() for name, one in (("old", base), ("new", undisturbed))}
    before, killed = landed(shop), 0
    for number in range(50):
        ended = shop.run(victim.load, kill_after=chance.uniform(0, load_seconds))
        killed += ended.code == -signal.SIGKILL
        shop.check_readers(contents["old"])
        assert landed(shop) in (before, expected), "half a delivery was taken"
        if number % 5 == 4:
            assert shop.run(victim.load).code == 0
            assert not list(shop.workspace.warehouse.glob(".reading-*"))
            assert landed(shop) == expected
        if landed(shop) == expected:
            shutil.copyfile(base.workspace.work_db, work)

    # two real publications, one after the other, each killed five times and then repeated
    began = time.monotonic()
    assert shop.run(victim.publish, shop.models).code == 0
    publish_seconds = time.monotonic() - began
    for turn in range(10):
        name, source = (("new", undisturbed), ("old", base))[turn % 2]
        shutil.copyfile(source.workspace.work_db, work)
        for _ in range(5):
            after = chance.uniform(0, publish_seconds)
            ended = shop.run(victim.publish, shop.models, kill_after=after)
            killed += ended.code == -signal.SIGKILL
            shop.check_readers(*contents.values())
        ended = shop.run(victim.publish, shop.models)
        assert ended.code == 0, ended.said
        shop.check_readers(contents[name])
        assert is_intact(shop.workspace, read_manifest(shop.workspace))
        assert not list(shop.workspace.warehouse.rglob("*building*"))
    assert killed > 60


def landed(shop):
    """What stands of the delivery in the work database, by input, without refresh and instant."""
    with duckdb.connect(str(shop.workspace.work_db)) as con:
        return [
            con.execute(
                "select count(*), sum(hash(rows)::hugeint) from ("
                f"select * exclude (_refresh_id, _loaded_at) from landing.{name}) as rows"
            ).fetchall()[0]
            for name in ("orders", "order_items", "products", "subscription_periods")
        ]
