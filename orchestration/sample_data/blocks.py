"""One block of people from birth to delivery: the rows of every input, and what is true of them."""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from orchestration.sample_data import contacts
from orchestration.sample_data.mess import disturb, overlap
from orchestration.sample_data.orders import (
    IDS_PER_BLOCK,
    KINDS,
    PURCHASE,
    SUBSCRIPTION,
    TEST,
    Shop,
    make_orders,
)
from orchestration.sample_data.people import People, make_people
from orchestration.sample_data.purchases import SOURCES, Purchases, make_purchases
from orchestration.sample_data.subscriptions import (
    END_REASONS,
    FAILED,
    RECOVERED,
    SUCCEEDED,
    Subscriptions,
    make_subscriptions,
)
from orchestration.sample_data.world import (
    DAY,
    NEVER,
    NONE,
    PLANS,
    Codes,
    Frame,
    World,
)


@dataclass
class Block:
    """What one block delivers.

    Attributes:
        inputs: Rows by input, the mess included.
        truth: True facts by table: customers, subscriptions, orders.
        counts: Kinds of mess, by input and kind (`orders: late`).
        facts: Sums over what really happened.
        campaigns: People and returns per tested campaign, shape (campaigns, 5): treated, control,
            treated who return, control who return, treated who would have returned anyway.
    """

    inputs: dict[str, Frame]
    truth: dict[str, Frame]
    counts: Counter[str]
    facts: Counter[str]
    campaigns: Codes


def make_block(world: World, block: int) -> Block:
    """Returns one block of the sample; it depends on the parameters and the block's number alone.

    Args:
        world: The shared part of the sample.
        block: Block of people.
    """
    people = make_people(world, block)
    purchases = make_purchases(world, block, people)
    subscriptions = make_subscriptions(world, block, people)
    contacts.end_people(world, block, people, purchases)
    shop = make_orders(world, block, people, purchases, subscriptions)

    order_of_purchase = _order_of_purchase(shop)
    complaints = contacts.make_complaints(
        world, block, people, purchases, shop, order_of_purchase, _first_products(shop)
    )
    frames = {
        "customers": _customers(world, block, people, subscriptions),
        "orders": _delivered_orders(shop),
        "order_items": shop.items,
        "refunds": shop.refunds,
        "subscription_periods": subscriptions.periods,
        "payments": _payments(world, block, people, subscriptions, shop),
        "interactions": contacts.make_interactions(world, block, people, complaints),
        "complaints": complaints,
        "survey_responses": contacts.make_surveys(world, block, people, purchases),
        "churn_feedback": contacts.make_feedback(world, block, people, purchases, subscriptions),
        "messages": contacts.make_messages(world, block, people, purchases),
        "contact_preferences": contacts.make_preferences(world, block, people),
        "loyalty_events": contacts.make_loyalty(world, block, people, shop),
        "onboarding_events": contacts.make_onboarding(world, block, people),
        "product_usage": contacts.make_usage(world, block, people, purchases, subscriptions),
    }
    facts = _facts(people, purchases, subscriptions, shop)
    facts["overlapping stretches"] = overlap(world, block, subscriptions.periods)

    inputs, counts = {}, Counter()
    for name, frame in frames.items():
        if "person" in frame and name not in ("customers", "orders"):
            frame["account"] = people.account[frame["person"]]
        if "stamp" not in frame and "day" in frame:
            frame["stamp"] = world.instant(frame["day"])
        kept = {column: rows for column, rows in frame.items() if column not in ("person", "day")}
        inputs[name], kinds = disturb(world, block, name, kept)
        counts.update({f"{name}: {kind}": number for kind, number in kinds.items() if number})
    return Block(
        inputs=inputs,
        truth={
            "customers": _true_customers(world, people, purchases, subscriptions),
            "subscriptions": _true_subscriptions(world, subscriptions),
            "orders": _true_orders(people, purchases, shop, order_of_purchase),
        },
        counts=counts,
        facts=facts,
        campaigns=_campaign_results(world, purchases),
    )


def _order_of_purchase(shop: Shop) -> Codes:
    """Returns the position of each purchase's (first) order among the block's orders."""
    rows = np.flatnonzero(shop.orders["kind"] == PURCHASE)
    day, person = shop.orders["day"][rows], shop.orders["person"][rows]
    # purchases are in the order of person and day, and each has one such order
    return rows[np.lexsort((day, person))]


def _first_products(shop: Shop) -> Codes:
    """Returns the first product of each order, by position."""
    first = np.searchsorted(shop.items["order"], shop.orders["order"])
    return shop.items["product"][np.minimum(first, len(shop.items["order"]) - 1)]


def _customers(world: World, block: int, people: People, subscriptions: Subscriptions) -> Frame:
    """Returns the accounts, those merged into another included."""
    stream = world.stream("account rows", block)
    count = people.count
    periods = subscriptions.periods
    begin = np.full(count, np.iinfo(np.int64).max)
    np.minimum.at(begin, periods["person"], periods["starts_at"])
    earliest = np.minimum(world.instant(people.acquired), begin)
    before = np.where(stream.random(count) < 0.8, stream.integers(60, 3600, count),
                      stream.integers(3600, 40 * DAY, count))  # fmt: skip
    referrer = contacts.referrers(world, block, people)
    parent = contacts.parents(world, block, people)
    frame = {
        "account": people.account,
        "number": people.number,
        "stamp": earliest - before,
        "trait": stream.integers(0, 1_000_000, count),
        "country": people.country,
        "channel": people.channel,
        "cost": people.cost,
        "owner": people.owner,
        "owner_before": people.owner_before,
        "parent": np.where(parent == NONE, NONE, people.account[parent]),
        "referrer": np.where(referrer == NONE, NONE, people.account[referrer]),
        "merged_into": np.full(count, NONE),
        "shares_email": people.shares_email,
        "is_erased": np.isfinite(people.erased),
        "erased_at": world.instant(people.erased),
        "is_test": np.zeros(count, dtype=bool),
    }
    held = np.flatnonzero(~people.is_guest)
    merged = np.flatnonzero(people.other_account != NONE)
    rows = {name: column[held] for name, column in frame.items()}
    others = {name: column[merged] for name, column in frame.items()}
    others["account"] = people.other_account[merged]
    others["merged_into"] = people.account[merged]
    others["stamp"] = world.instant(people.other_since[merged])
    others["owner_before"] = np.full(len(merged), NONE)
    frame = {name: np.concatenate([rows[name], others[name]]) for name in rows}
    order = np.argsort(frame["account"], kind="stable")
    return {name: column[order] for name, column in frame.items()}


def _delivered_orders(shop: Shop) -> Frame:
    """Returns the columns of orders that are delivered."""
    orders = shop.orders
    names = (
        "order", "account", "guest", "spelling", "stamp", "paid_at", "status", "gross", "discount",
        "tax", "shipping", "usd", "sales_channel", "employee", "cancelled_at", "untaxed",
        "exchange_of", "tender", "is_tie", "kind",
    )  # fmt: skip
    frame = {name: orders[name] for name in names}
    frame["is_test"] = orders["kind"] == TEST
    frame["is_box"] = orders["kind"] == SUBSCRIPTION
    return frame


def _payments(
    world: World, block: int, people: People, subscriptions: Subscriptions, shop: Shop
) -> Frame:
    """Returns payments of subscriptions, and of some orders in one or two captures (E41)."""
    stream = world.stream("order payments", block)
    orders = shop.orders
    is_paid = (orders["paid_at"] != NEVER) & (orders["account"] != NONE) & (orders["total"] > 200)
    chosen = np.flatnonzero(is_paid & (stream.random(len(is_paid)) < 0.1))
    is_two = stream.random(len(chosen)) < 0.2
    half = np.where(is_two, orders["total"][chosen] // 2, 0)
    rows = np.concatenate([chosen, chosen[is_two]])
    none = np.full(len(rows), NONE)
    own = subscriptions.payments
    count = len(own["due"])
    frame = {
        "account": np.concatenate([people.account[own["person"]], orders["account"][rows]]),
        "subscription": np.concatenate([own["subscription"], none]),
        "order": np.concatenate([np.full(count, NONE), orders["order"][rows]]),
        "due_at": np.concatenate([world.instant(own["due"]), orders["stamp"][rows]]),
        "paid_at": np.concatenate([world.instant(own["paid"]), orders["paid_at"][rows]]),
        "amount": np.concatenate([own["amount"], orders["total"][chosen] - half, half[is_two]]),
        "usd": np.concatenate([own["usd"], orders["usd"][rows]]),
        "status": np.concatenate([own["status"], np.full(len(rows), SUCCEEDED)]),
        "code": np.concatenate([own["code"], none]),
    }
    order = np.lexsort((frame["subscription"], frame["due_at"]))
    frame = {name: column[order] for name, column in frame.items()}
    frame["payment"] = (block + 1) * IDS_PER_BLOCK + np.arange(1, len(order) + 1)
    return frame


def _days(world: World, day: np.ndarray) -> np.ndarray:
    """Returns instants of days since the start as timestamps; not a time where it never comes."""
    seconds = world.instant(day)
    return np.where(seconds == NEVER, np.datetime64("NaT"), seconds.astype("datetime64[s]"))


def _true_customers(
    world: World, people: People, purchases: Purchases, subscriptions: Subscriptions
) -> Frame:
    """Returns what is true of each person."""
    number = np.bincount(purchases.person, minlength=people.count)
    return {
        "number": people.number,
        "account": people.account,
        "other_account": people.other_account,
        "acquired_at": _days(world, people.acquired),
        "purchases_per_week": people.rate * 7,
        "dropout": people.dropout_alone,
        "dropout_with_owner": people.dropout,
        "spend_rate": people.spend_rate * 100,
        "is_shopper": people.is_shopper,
        "is_subscriber": people.is_subscriber,
        "is_prospect": people.is_prospect,
        "is_guest": people.is_guest,
        "shares_email": people.shares_email,
        "is_erased": np.isfinite(people.erased),
        "pays_usd": people.pays_usd,
        "purchases": number,
        "dropped_out_at": _days(world, purchases.dropped_out),
        "came_back_at": _days(world, purchases.came_back),
        "dropped_out_again_at": _days(world, purchases.dropped_out_again),
        "service_lost_at": _days(world, subscriptions.lost),
    }


def _true_subscriptions(world: World, subscriptions: Subscriptions) -> Frame:
    """Returns what is true of each subscription."""
    truth = dict(subscriptions.truth)
    truth["plan"] = np.array(PLANS, dtype=object)[truth["plan"]]
    truth["reason"] = np.array(END_REASONS, dtype=object)[truth["reason"]]
    end = truth.pop("end")
    truth["ended_at"] = _days(world, np.where(end < world.days, end, np.inf))
    truth["chance_to_leave"] = truth.pop("chance")
    return truth


def _true_orders(
    people: People, purchases: Purchases, shop: Shop, order_of_purchase: Codes
) -> Frame:
    """Returns what each order is, whose, and what caused it."""
    orders = shop.orders
    source = np.full(len(orders["order"]), NONE)
    source[order_of_purchase] = purchases.source
    words = np.array([*SOURCES, None], dtype=object)
    person = orders["person"]
    return {
        "order": orders["order"],
        "number": np.where(person == NONE, NONE, people.number[person]),
        "kind": np.array(KINDS, dtype=object)[orders["kind"]],
        "source": words[source],
        "net_cents": orders["net_native"],
        "is_usd": orders["usd"],
    }


def _facts(
    people: People, purchases: Purchases, subscriptions: Subscriptions, shop: Shop
) -> Counter[str]:
    """Returns sums over what really happened in the block."""
    facts: Counter[str] = Counter()
    facts["people"] = people.count
    for name in ("is_shopper", "is_subscriber", "is_prospect", "is_guest", "shares_email"):
        facts[name.replace("is_", "")] = int(getattr(people, name).sum())
    facts["merged accounts"] = int((people.other_account != NONE).sum())
    facts["handed over"] = int((people.owner_before != NONE).sum())
    facts["erased"] = int(np.isfinite(people.erased).sum())
    facts["dropped out"] = int(np.isfinite(purchases.dropped_out).sum())
    facts["came back"] = int(np.isfinite(purchases.came_back).sum())
    facts["complaints"] = int(purchases.complains.sum())
    for code, name in enumerate(SOURCES):
        facts[f"purchases: {name}"] = int((purchases.source == code).sum())
    for code, name in enumerate(KINDS):
        facts[f"orders: {name}"] = int((shop.orders["kind"] == code).sum())
    for code, name in enumerate(("partial", "full", "over", "chargeback")):
        facts[f"refunds: {name}"] = int((shop.orders["refund_kind"] == code).sum())
    facts["refunds: unrecorded"] = int(shop.orders["is_refund_unrecorded"].sum())
    facts["refunds: orphan"] = int(shop.refunds["is_orphan"].sum())
    facts["orders: guest"] = int((shop.orders["guest"] != NONE).sum())
    facts["orders: cents tie"] = int(shop.orders["is_tie"].sum())
    for code, name in enumerate(END_REASONS):
        facts[f"subscriptions: {name}"] = int((subscriptions.truth["reason"] == code).sum())
    facts["payments: failed"] = int((subscriptions.payments["status"] == FAILED).sum())
    facts["payments: recovered"] = int((subscriptions.payments["status"] == RECOVERED).sum())
    return facts


def _campaign_results(world: World, purchases: Purchases) -> Codes:
    """Returns people and returns of each tested campaign; see Block.campaigns."""
    count = world.tested_campaigns
    treated = purchases.is_treated
    columns = (
        treated, ~treated, treated & purchases.returns, ~treated & purchases.returns,
        treated & purchases.would_return,
    )  # fmt: skip
    return np.stack(
        [np.bincount(purchases.campaign[flag], minlength=count) for flag in columns], axis=1
    )
