"""The inputs that are not about single people: products, employees, campaigns, spend, rates."""

import numpy as np

from orchestration.sample_data.world import (
    CATEGORIES,
    CHANNEL_COST,
    CHANNEL_SHARE,
    DAY,
    GOODS_FROM,
    NEVER,
    NONE,
    Frame,
    World,
)

TEAMS = ("Key accounts", "Shop", "Service", "Online")
ROLES = ("account manager", "sales", "support")


def make_shared(world: World) -> dict[str, Frame]:
    """Returns the shared inputs by name.

    Args:
        world: The shared part of the sample.
    """
    return {
        "products": _products(world),
        "employees": _employees(world),
        "campaigns": _campaigns(world),
        "marketing_spend": _marketing_spend(world),
        "exchange_rates": _exchange_rates(world),
        "business_changes": _business_changes(world),
    }


def _products(world: World) -> Frame:
    """Returns gift card, wrapping, boxes, and the goods."""
    prices = world.list_prices
    category = world.goods_categories
    goods = len(prices)
    count = GOODS_FROM + goods
    names = [f"{CATEGORIES[code]} no. {number + 1}" for number, code in enumerate(category)]
    stream = world.stream("product details")
    since = stream.integers(-900, max(world.day_count - 60, 1), goods)
    # most of the range was there from the start
    since = np.where(stream.random(goods) < 0.8, -np.abs(since) - 1, since)
    return {
        "product": np.arange(count),
        "name": np.array(
            [
                "Gift card",
                "Gift wrapping",
                "Coffee box, monthly",
                "Coffee box, every 4 weeks",
                *names,
            ]
        ),
        "category": np.concatenate([[4, 4, 0, 0], category]),
        "kind": np.array(["gift_card", "service", "good", "good", *["good"] * goods]),
        "cost": np.concatenate([[NONE, 50, 1300, 1250], np.round(prices * 0.55).astype(np.int64)]),
        "is_repeatable": np.concatenate([[True, True, True, True], category < len(CATEGORIES) - 1]),
        "stamp": world.start + np.concatenate([[-900] * GOODS_FROM, since]) * DAY,
    }


def _employees(world: World) -> Frame:
    """Returns the employees; some left halfway."""
    count = world.employee_count
    number = np.arange(count)
    left = world.start + int(world.employee_left_day) * DAY
    return {
        "employee": number,
        "name": np.array([f"Employee {index + 1}" for index in number]),
        "team": np.array([TEAMS[index % len(TEAMS)] for index in number]),
        "role": np.array([ROLES[index % len(ROLES)] for index in number]),
        "hourly_cost": 2800 + 150 * (number % 12),
        "from_at": world.start - DAY * (100 + number * 13 % 700),
        "to_at": np.where(world.employee_has_left, left, NEVER),
    }


def _campaigns(world: World) -> Frame:
    """Returns the campaigns; the welcome runs all the time."""
    campaigns = world.campaigns
    count = len(campaigns.kind)
    names = {
        "reactivation": "Win-back",
        "offer": "Offer",
        "newsletter": "Newsletter",
        "welcome": "Welcome",
    }
    at = world.start + np.floor(campaigns.sent).astype(np.int64) * DAY
    is_welcome = np.array([kind == "welcome" for kind in campaigns.kind])
    window = world.parameters.campaign_window_days
    return {
        "campaign": np.arange(count),
        "name": np.array([f"{names[kind]} {code + 1}" for code, kind in enumerate(campaigns.kind)]),
        "kind": np.array(campaigns.kind),
        "stamp": at,
        "to_at": np.where(is_welcome, NEVER, at + window * DAY),
        "window_days": np.full(count, window),
        "cost": np.where(campaigns.is_tested, 25_000, 10_000),
    }


def _marketing_spend(world: World) -> Frame:
    """Returns what each channel cost per day, about what its new customers cost."""
    values = world.parameters
    stream = world.stream("marketing spend")
    day = np.arange(world.day_count)
    edges = world.acquisition_days(np.linspace(0.0, 1.0, 4001))
    new = np.interp(day + 1.0, edges, np.linspace(0, 1, 4001)) - np.interp(
        day, edges, np.linspace(0, 1, 4001)
    )
    paid = np.flatnonzero(CHANNEL_COST > 0)
    channel = np.tile(paid, world.day_count)
    day = np.repeat(day, len(paid))
    mean = new[day] * values.customers * CHANNEL_SHARE[channel] * CHANNEL_COST[channel] * 100
    amount = np.round(mean * stream.uniform(0.7, 1.3, len(day))).astype(np.int64)
    tested = np.flatnonzero(world.campaigns.is_tested)
    sent = np.floor(world.campaigns.sent[tested]).astype(np.int64)
    return {
        "stamp": world.start + np.concatenate([day, sent]) * DAY,
        "channel": np.concatenate([channel, np.ones(len(tested), dtype=np.int64)]),
        "campaign": np.concatenate([np.full(len(day), NONE), tested]),
        "amount": np.concatenate([amount, np.full(len(tested), 25_000)]),
    }


def _exchange_rates(world: World) -> Frame:
    """Returns the dollar's rate of every day."""
    return {
        "stamp": world.start + np.arange(world.day_count) * DAY,
        "rate": world.usd_rates,
    }


def _business_changes(world: World) -> Frame:
    """Returns the dated changes: two price rises, two without effect, one still ahead."""
    changes = (
        ("Price rise in the shop", "price", world.price_rise_day, None, None),
        ("Price rise of plan pro", "price", world.plan_price_rise_day, "plan", "pro"),
        ("Chat support", "service", np.floor(world.days * 0.35), None, None),
        ("New roasting", "product", np.floor(world.days * 0.8), "first_category", "coffee"),
        ("New loyalty rules", "programme", world.days + 45, None, None),
    )
    names, kinds, days, dimensions, scopes = zip(*changes, strict=True)
    return {
        "change_id": np.array([f"BC-{number + 1}" for number in range(len(changes))]),
        "name": np.array(names),
        "kind": np.array(kinds),
        "stamp": world.start + np.array(days).astype(np.int64) * DAY,
        "scope_dimension": np.array(dimensions, dtype=object),
        "scope_value": np.array(scopes, dtype=object),
    }
