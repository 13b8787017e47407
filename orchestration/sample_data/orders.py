"""Orders, their lines and refunds: the money of purchases, and the orders that are none.

What a purchase leaves after tax and shipping is its Gamma-Gamma spend, to the cent; discount, tax
and shipping are put on top. So for every order
    sum of quantity x unit_price over its lines + shipping = gross_amount   (tax in both),
or without shipping and tax in either where the source states them on top, and line discounts are a
part of the order's discount_amount, never on top of it.
"""

from dataclasses import dataclass

import numpy as np

from orchestration.sample_data.people import People
from orchestration.sample_data.purchases import Purchases
from orchestration.sample_data.subscriptions import Subscriptions
from orchestration.sample_data.world import (
    BOX,
    BOX4W,
    DAY,
    GIFT_CARD,
    GOODS_FROM,
    NEVER,
    NONE,
    PLAN_AMOUNT,
    PLAN_BOX,
    PLAN_BOX4W,
    Codes,
    Frame,
    Numbers,
    World,
)

STATUSES = ("pending", "paid", "completed", "cancelled", "void", "failed", "refunded")
PENDING, PAID, COMPLETED, CANCELLED, VOID, FAILED, REFUNDED = range(len(STATUSES))
SALES_CHANNELS = ("web", "app", "store", "partner", "staff", "wholesale", "draft")
WEB, APP, STORE, PARTNER, STAFF = range(5)
KINDS = (
    "purchase", "second order of the day", "anonymous", "subscription", "cancelled", "void",
    "failed", "pending", "zero", "test", "exchange", "gift card only", "other channel",
)  # fmt: skip
(
    PURCHASE, SECOND, ANONYMOUS, SUBSCRIPTION, IS_CANCELLED, IS_VOID, IS_FAILED, IS_PENDING, ZERO,
    TEST, EXCHANGE, GIFT_CARD_ONLY, OTHER_CHANNEL,
) = range(len(KINDS))  # fmt: skip
REFUND_REASONS = ("return", "chargeback", "goodwill", "chargeback won")
RETURNED, CHARGEBACK, GOODWILL, CHARGEBACK_WON = range(len(REFUND_REASONS))
TAX = 0.19
IDS_PER_BLOCK = 10_000_000


@dataclass
class Shop:
    """Orders of one block, their lines and refunds: cents, seconds and codes."""

    orders: Frame
    items: Frame
    refunds: Frame


def make_orders(
    world: World,
    block: int,
    people: People,
    purchases: Purchases,
    subscriptions: Subscriptions,
) -> Shop:
    """Returns the orders of one block, lines and refunds included.

    Args:
        world: The shared part of the sample.
        block: Block of people.
        people: Its people.
        purchases: Their purchases.
        subscriptions: Their subscriptions; a box raises an order each cycle.
    """
    orders = _concatenate(
        [
            _of_purchases(world, block, purchases),
            _anonymous(world, block, purchases),
            _of_boxes(world, subscriptions),
            *_further(world, block, people, purchases),
        ]
    )
    order = np.lexsort((orders["kind"], orders["person"], orders["day"]))
    orders = {name: column[order] for name, column in orders.items()}
    count = len(orders["day"])
    orders["order"] = (block + 1) * IDS_PER_BLOCK + np.arange(1, count + 1)
    orders["stamp"] = world.instant(orders["day"])
    _attach_people(world, block, people, orders)
    _attach_exchanged(orders)
    _attach_states(world, block, orders)
    _attach_money(world, block, orders)
    items = _items(world, block, orders)
    refunds = _refunds(world, block, orders)
    return Shop(orders, items, refunds)


def _concatenate(frames: list[Frame]) -> Frame:
    """Returns frames of equal columns one below the other."""
    return {name: np.concatenate([frame[name] for frame in frames]) for name in frames[0]}


def _frame(person: Codes, day: Numbers, net: Codes, kind: int | Codes) -> Frame:
    """Returns bare orders; `net` is what remains after tax and shipping, in euro cents."""
    return {
        "person": person,
        "day": day,
        "net": net,
        "kind": np.broadcast_to(np.asarray(kind, dtype=np.int64), len(person)).copy(),
    }


def _of_purchases(world: World, block: int, purchases: Purchases) -> Frame:
    """Returns one order per purchase, two for a few, which share its money and its day."""
    stream = world.stream("second orders", block)
    count = len(purchases.person)
    is_two = (stream.random(count) < world.parameters.second_order_share) & (purchases.net >= 200)
    part = np.where(is_two, (purchases.net * stream.uniform(0.2, 0.8, count)).astype(np.int64), 0)
    rest_of_day = np.floor(purchases.day) + 1 - purchases.day
    later = purchases.day + rest_of_day * stream.uniform(0.1, 0.9, count)
    return _concatenate(
        [
            _frame(purchases.person, purchases.day, purchases.net - part, PURCHASE),
            _frame(purchases.person[is_two], later[is_two], part[is_two], SECOND),
        ]
    )


def _anonymous(world: World, block: int, purchases: Purchases) -> Frame:
    """Returns till sales to nobody known; they follow the purchases' seasons and prices."""
    stream = world.stream("anonymous", block)
    count = stream.binomial(len(purchases.person), world.parameters.anonymous_share)
    like = stream.integers(0, max(len(purchases.person), 1), count)
    day = np.minimum(purchases.day[like] + stream.random(count), world.days - 1e-6)
    net = np.maximum((purchases.net[like] * 0.6).astype(np.int64), 100)
    return _frame(np.full(count, NONE), day, net, ANONYMOUS)


def _of_boxes(world: World, subscriptions: Subscriptions) -> Frame:
    """Returns the orders that box subscriptions raise, an hour into each paid cycle."""
    cycles = subscriptions.cycles
    day = cycles["day"] + 1 / 24
    is_box = cycles["is_paid"] & np.isin(cycles["plan"], (PLAN_BOX, PLAN_BOX4W))
    is_box &= day < world.days
    plan = cycles["plan"][is_box]
    return _frame(cycles["person"][is_box], day[is_box], PLAN_AMOUNT[plan], SUBSCRIPTION)


def _further(world: World, block: int, people: People, purchases: Purchases) -> list[Frame]:
    """Returns orders that are no purchases: cancelled, failed, tests, exchanges, gift cards ..."""
    values = world.parameters
    shares = {
        IS_CANCELLED: values.cancelled_share,
        IS_VOID: values.void_share,
        IS_FAILED: values.failed_share,
        IS_PENDING: values.pending_share,
        ZERO: values.zero_share,
        TEST: values.test_share,
        EXCHANGE: values.exchange_share,
        GIFT_CARD_ONLY: values.gift_card_only_share,
        OTHER_CHANNEL: values.other_channel_share,
    }
    frames = []
    for kind, share in shares.items():
        stream = world.stream(f"further {KINDS[kind]}", block)
        count = stream.binomial(len(purchases.person), share)
        like = stream.integers(0, max(len(purchases.person), 1), count)
        person, day = purchases.person[like], purchases.day[like]
        net = np.maximum((purchases.net[like] * stream.uniform(0.5, 1.5, count)), 100)
        delay = stream.exponential(20.0, count)
        if kind == IS_FAILED:
            # the attempt that failed, minutes before the one that succeeded
            day = np.maximum(day - 0.01, 0.0)
        elif kind == IS_PENDING:
            day = world.days - 7 * stream.random(count) - 1e-6
        elif kind == EXCHANGE:
            day, net = day + 3 + delay / 4, np.maximum(net * 0.1, 50)
        else:
            day = day + delay
        is_in = (day < world.days) & (day < people.erased[person])
        frames.append(_frame(person[is_in], day[is_in], net[is_in].astype(np.int64), kind))
    return frames


def _attach_people(world: World, block: int, people: People, orders: Frame) -> None:
    """Adds who ordered under which account or guest address, and who sold."""
    values = world.parameters
    stream = world.stream("ordering accounts", block)
    person, day = orders["person"], orders["day"]
    count = len(person)
    is_known = person != NONE

    account = np.where(is_known, people.account[person], NONE)
    other = np.where(is_known, people.other_account[person], NONE)
    is_other = (other != NONE) & (day >= people.other_since[person]) & (stream.random(count) < 0.5)
    account = np.where(is_other, other, account)

    draw = stream.random(count)
    may_be_guest = is_known & ~people.shares_email[person] & np.isinf(people.erased[person])
    may_be_guest &= (people.other_account[person] == NONE) & (orders["kind"] != SUBSCRIPTION)
    as_guest = may_be_guest & (draw < values.guest_order_share) & ~people.is_guest[person]
    is_guest = is_known & people.is_guest[person]
    orders["account"] = np.where(as_guest | is_guest, NONE, account)
    orders["guest"] = np.where(as_guest | is_guest, people.number[person], NONE)
    # spelling of the guest's address: 0 plain, 1 upper case, 2 capitals and blanks
    orders["spelling"] = stream.integers(0, 3, count)

    channel = stream.choice(np.array([WEB, APP, STORE]), count, p=[0.6, 0.25, 0.15])
    channel = np.where(orders["kind"] == ANONYMOUS, STORE, channel)
    channel = np.where((orders["guest"] != NONE) & (channel != WEB), WEB, channel)
    untaxed = (stream.random(count) < values.untaxed_share) & np.isin(
        orders["kind"], (PURCHASE, SECOND)
    )
    channel = np.where(untaxed, PARTNER, channel)
    other_channel = stream.integers(STAFF, len(SALES_CHANNELS), count)
    channel = np.where(orders["kind"] == OTHER_CHANNEL, other_channel, channel)
    orders["sales_channel"] = channel
    orders["untaxed"] = untaxed

    seller = stream.integers(0, world.employee_count, count)
    # who has left sells no more
    gone = world.employee_has_left[seller] & (day > world.employee_left_day)
    seller = np.where(gone, seller - 1, seller)
    owner = np.where(is_known, people.owner[person], NONE)
    by_owner = (owner != NONE) & (stream.random(count) < 0.3)
    is_sold = (channel == STORE) | (channel >= STAFF)
    orders["employee"] = np.where(by_owner, owner, np.where(is_sold, seller, NONE))
    orders["usd"] = is_known & people.pays_usd[person]


def _attach_exchanged(orders: Frame) -> None:
    """Adds the order that an exchange replaces: the same person's purchase before it."""
    exchanged = np.full(len(orders["day"]), NONE)
    order = np.lexsort((orders["day"], orders["person"]))
    is_purchase = orders["kind"][order] == PURCHASE
    position = np.where(is_purchase, np.arange(len(order)), -1)
    latest = np.maximum.accumulate(position)
    is_exchange = orders["kind"][order] == EXCHANGE
    has_one = is_exchange & (latest >= 0)
    before = order[np.maximum(latest, 0)]
    same = orders["person"][before] == orders["person"][order]
    exchanged[order[has_one & same]] = orders["order"][before[has_one & same]]
    orders["exchange_of"] = exchanged


def _attach_states(world: World, block: int, orders: Frame) -> None:
    """Adds status, paid_at and cancelled_at; refunds set `refunded` later."""
    stream = world.stream("order states", block)
    kind, at = orders["kind"], orders["stamp"]
    count = len(kind)
    end = world.start + int(world.days) * DAY
    status = np.where(stream.random(count) < 0.7, COMPLETED, PAID)
    for order_kind, order_status in (
        (IS_CANCELLED, CANCELLED),
        (IS_VOID, VOID),
        (IS_FAILED, FAILED),
        (IS_PENDING, PENDING),
    ):
        status = np.where(kind == order_kind, order_status, status)
    orders["status"] = status

    by_invoice = stream.random(count) < 0.03
    delay = np.where(
        by_invoice, stream.integers(DAY, 10 * DAY, count), stream.integers(5, 90, count)
    )
    paid = at + np.where(at + delay < end, delay, 0)
    is_unpaid = np.isin(status, (PENDING, FAILED, VOID))
    is_unpaid |= (status == CANCELLED) & (stream.random(count) < 0.5)
    orders["paid_at"] = np.where(is_unpaid, NEVER, paid)

    cancelled = np.minimum(np.maximum(paid, at) + stream.integers(600, 2 * DAY, count), end - 1)
    is_called_off = np.isin(status, (CANCELLED, VOID))
    orders["cancelled_at"] = np.where(is_called_off, cancelled, NEVER)


def _attach_money(world: World, block: int, orders: Frame) -> None:
    """Adds the amounts in the order's own currency, in cents."""
    values = world.parameters
    stream = world.stream("order amounts", block)
    kind = orders["kind"]
    count = len(kind)
    rate = np.where(orders["usd"], world.usd_rates[orders["day"].astype(np.int64)], 1.0)
    net = np.maximum(np.round(orders["net"] / rate), 1).astype(np.int64)

    is_box = kind == SUBSCRIPTION
    has_discount = (stream.random(count) < values.discounted_share) & ~is_box
    percent = stream.choice(np.array([5, 10, 15, 20, 30]), count, p=[0.3, 0.35, 0.15, 0.15, 0.05])
    discount = np.where(has_discount, net * percent // (100 - percent), 0)
    tax = np.round(net * TAX).astype(np.int64)
    has_shipping = (net < 5000) & (orders["sales_channel"] != STORE) & ~is_box
    shipping = np.where(has_shipping, 490, 0)
    gift_cards = np.where(
        (stream.random(count) < values.gift_card_added_share) & (kind == PURCHASE), 2500, 0
    )

    is_only_card = kind == GIFT_CARD_ONLY
    for amount in (discount, tax, shipping):
        amount[is_only_card] = 0
    gift_cards[is_only_card] = 5000
    net = np.where(is_only_card, 0, net)

    # goods: what the lines sum to
    goods = net + discount + gift_cards + np.where(orders["untaxed"], 0, tax)
    is_zero = kind == ZERO
    shipping[is_zero] = 0
    discount = np.where(is_zero, goods, discount)
    tax[is_zero] = 0

    is_tie = (stream.random(count) < values.cents_tie_share) & (kind == PURCHASE)
    spends_card = (stream.random(count) < values.gift_card_spent_share) & (kind == PURCHASE)
    total = goods - discount + np.where(orders["untaxed"], tax, 0) + shipping
    orders["goods"] = goods
    orders["gross"] = goods + np.where(orders["untaxed"], 0, shipping)
    orders["discount"] = discount
    orders["tax"] = tax
    orders["shipping"] = shipping
    orders["gift_cards"] = gift_cards
    orders["tender"] = np.where(spends_card, np.minimum(total, 2500), 0)
    orders["is_tie"] = is_tie
    orders["net_native"] = np.where(is_zero, 0, net + is_tie)
    orders["total"] = total


def _items(world: World, block: int, orders: Frame) -> Frame:
    """Returns the lines of the orders; their quantity x unit_price sum to the goods."""
    stream = world.stream("order lines", block)
    kind, goods = orders["kind"], orders["goods"] - orders["gift_cards"]
    count = len(kind)
    lines = 1 + np.minimum(stream.poisson(1.05, count), 7)
    is_single = np.isin(kind, (SUBSCRIPTION, EXCHANGE, GIFT_CARD_ONLY))
    lines = np.where(is_single | (goods < 100 * lines), 1, lines)
    lines = np.where(kind == GIFT_CARD_ONLY, 0, lines)

    owner = np.repeat(np.arange(count), lines)
    begins = np.repeat(np.cumsum(lines) - lines, lines)
    position = np.arange(len(owner)) - begins
    weight = 0.3 + stream.exponential(1.0, len(owner))
    amount = _split(goods[owner], weight, owner, position)

    product, quantity = _products(world, stream, amount)
    is_box = kind[owner] == SUBSCRIPTION
    is_four_weekly = is_box & (orders["net"][owner] == PLAN_AMOUNT[PLAN_BOX4W])
    product = np.where(is_box, np.where(is_four_weekly, BOX4W, BOX), product)
    quantity = np.where(is_box, 1, quantity)

    # half of the discounts stand on the lines too
    on_lines = stream.random(count) < 0.5
    discount = _split(np.where(on_lines, orders["discount"], 0)[owner], weight, owner, position)
    is_tie = orders["is_tie"][owner] & (position == 0)
    quantity = np.where(is_tie, 1, quantity)

    cards = np.flatnonzero(orders["gift_cards"] > 0)
    none = np.zeros(len(cards), dtype=np.int64)
    owner = np.concatenate([owner, cards])
    order = np.argsort(owner, kind="stable")
    frame = {
        "order": orders["order"][owner],
        "stamp": orders["stamp"][owner],
        "product": np.concatenate([product, none + GIFT_CARD]),
        "quantity": np.concatenate([quantity, none + 1]),
        "amount": np.concatenate([amount, orders["gift_cards"][cards]]),
        "discount": np.concatenate([discount, none]),
        "is_tie": np.concatenate([is_tie, none.astype(bool)]),
    }
    frame = {name: column[order] for name, column in frame.items()}
    frame["item"] = (block + 1) * IDS_PER_BLOCK + np.arange(1, len(order) + 1)
    return frame


def _split(total: Codes, weight: Numbers, owner: Codes, position: Codes) -> Codes:
    """Returns whole parts of each owner's total, in proportion to weight, that sum to it."""
    if len(owner) == 0:
        return np.zeros(0, dtype=np.int64)
    cumulative = np.cumsum(weight)
    is_first = position == 0
    start = np.maximum.accumulate(np.where(is_first, cumulative - weight, 0.0))
    is_last = np.append(owner[1:] != owner[:-1], True)
    whole = np.bincount(owner, weight)[owner]
    share = np.where(is_last, 1.0, np.clip((cumulative - start) / whole, 0.0, 1.0))
    upto = np.floor(share * total + 1e-9).astype(np.int64)
    before = np.where(is_first, 0, np.append(0, upto[:-1]))
    return upto - before


def _products(world: World, stream: np.random.Generator, amount: Codes) -> tuple[Codes, Codes]:
    """Returns a good and a quantity for each line amount, so that prices stay near the list's."""
    prices = world.list_prices
    dearest = np.maximum(np.searchsorted(prices, amount * 1.1, side="right"), 1)
    cheapest = np.minimum(np.searchsorted(prices, amount / 5.0), dearest - 1)
    chosen = cheapest + (stream.random(len(amount)) * (dearest - cheapest)).astype(np.int64)
    quantity = np.maximum(np.round(amount / prices[chosen]), 1).astype(np.int64)
    return chosen + GOODS_FROM, np.minimum(quantity, np.maximum(amount, 1))


def _refunds(world: World, block: int, orders: Frame) -> Frame:
    """Returns refunds, and marks fully refunded orders as such."""
    values = world.parameters
    stream = world.stream("refunds", block)
    kind, total = orders["kind"], orders["total"]
    count = len(kind)
    end = world.start + int(world.days) * DAY
    draw = stream.random(count)
    at = orders["stamp"] + stream.integers(3 * DAY, 45 * DAY, count)
    may = np.isin(kind, (PURCHASE, SECOND, ANONYMOUS)) & (at < end)
    edges = np.cumsum(
        [
            values.partial_refund_share,
            values.full_refund_share,
            values.over_refund_share,
            values.chargeback_share,
        ]
    )
    which = np.searchsorted(edges, draw, side="right")
    part = np.maximum((total * stream.uniform(0.1, 0.7, count)).astype(np.int64), 1)
    # an amount that ends on half a cent counts as the next whole one
    total = total + orders["is_tie"]
    amount = np.select([which == 0, which == 2], [part, total + 500 + total // 10], default=total)
    reason = np.where(
        which == 0, np.where(stream.random(count) < 0.3, GOODWILL, RETURNED), RETURNED
    )
    reason = np.where(which == 3, CHARGEBACK, reason)
    is_refunded = may & (which < 4)
    is_full = is_refunded & (which == 1)
    orders["status"] = np.where(is_full, REFUNDED, orders["status"])
    is_unrecorded = is_full & (stream.random(count) < values.unrecorded_refund_share)
    orders["refund_kind"] = np.where(is_refunded, which, NONE)
    orders["is_refund_unrecorded"] = is_unrecorded

    rows = np.flatnonzero(is_refunded & ~is_unrecorded)
    won_at = at + 20 * DAY
    won = np.flatnonzero(
        is_refunded & (which == 3) & (stream.random(count) < 0.33) & (won_at < end)
    )
    orphans = stream.binomial((kind == PURCHASE).sum(), values.orphan_refund_share)
    none = np.full(orphans, NONE)
    frame = {
        "order": np.concatenate([orders["order"][rows], orders["order"][won], none]),
        "stamp": np.concatenate(
            [at[rows], won_at[won], world.start + stream.integers(0, 60 * DAY, orphans)]
        ),
        "amount": np.concatenate([amount[rows], -amount[won], stream.integers(500, 9000, orphans)]),
        "reason": np.concatenate(
            [reason[rows], np.full(len(won), CHARGEBACK_WON), np.full(orphans, RETURNED)]
        ),
        "usd": np.concatenate([orders["usd"][rows], orders["usd"][won], none == 0]),
    }
    order = np.lexsort((frame["order"], frame["stamp"]))
    frame = {name: column[order] for name, column in frame.items()}
    frame["refund"] = (block + 1) * IDS_PER_BLOCK + np.arange(1, len(order) + 1)
    is_orphan = frame["order"] == NONE
    # orders older than the history: ids nobody delivered
    frame["old_order"] = np.where(is_orphan, frame["refund"], NONE)
    frame["is_orphan"] = is_orphan
    return frame
