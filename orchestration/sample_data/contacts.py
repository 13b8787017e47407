"""What passes between the business and the people of one block, beside orders and subscriptions.

Complaints follow the purchases that had one, surveys and use of the product show who is about to
go, messages carry the campaigns. Every frame holds the position of the person and days; a row
whose day lies after the history or after the person's erasure is left out.
"""

import numpy as np

from orchestration.sample_data.orders import IDS_PER_BLOCK, PURCHASE, Shop
from orchestration.sample_data.people import People
from orchestration.sample_data.purchases import Purchases
from orchestration.sample_data.subscriptions import Subscriptions
from orchestration.sample_data.world import (
    GOODS_FROM,
    NEVER,
    NONE,
    OPEN_STEPS,
    Codes,
    Frame,
    World,
)

COMPLAINT_CATEGORIES = ("delivery", "product", "service", "billing")
SEVERITIES = ("low", "medium", "high")
CONTACT_CHANNELS = ("email", "call", "chat", "messenger", "social", "visit")
EMAIL, CALL = 0, 1
TOPICS = ("delivery", "product", "billing", "complaint", "renewal", "advice")
OUTCOMES = ("solved", "follow-up", "no answer", "sold")
SURVEYS = ("nps", "csat", "ces")
NPS, CSAT, CES = range(3)
MESSAGE_CHANNELS = ("email", "sms", "push")
FEATURES = ("visit", "view", "cart", "account")
LOYALTY_ACTIONS = ("purchase", "video", "app", "share", "subscribe", "review", "redeem", "expire")
REDEEM, EXPIRE = 6, 7
FEEDBACK_SOURCES = ("customer", "employee", "survey", "exit form")
REASONS = (
    "price", "too_expensive", "price_rise", "better_product", "better_service", "product_quality",
    "missing_feature", "delivery", "service", "complaint_unsolved", "need_ended", "moved_away",
    "deceased", "bankrupt", "budget", "other",
)  # fmt: skip
PRICE_RISE_REASON = REASONS.index("price_rise")
UNSOLVED_REASON = REASONS.index("complaint_unsolved")
OTHER_REASON_WEIGHTS = np.array([14, 8, 1, 8, 6, 7, 5, 5, 6, 1, 12, 8, 1, 2, 6, 10], dtype=float)
FALL_DAYS = 42.0
LINGER_DAYS = 30.0


def _finish(world: World, people: People, block: int, frame: Frame, name: str) -> Frame:
    """Returns the rows that have happened, in the order of time, numbered as `name`.

    Args:
        world: The shared part of the sample.
        people: People of the block.
        block: Block of people.
        frame: Columns `person`, `day` and others; days as floats.
        name: Name of the id column to add; empty for none.
    """
    keeps = (frame["day"] < world.days) & (frame["day"] < people.erased[frame["person"]])
    frame = {column: values[keeps] for column, values in frame.items()}
    order = np.lexsort((frame["person"], frame["day"]))
    frame = {column: values[order] for column, values in frame.items()}
    if name:
        frame[name] = (block + 1) * IDS_PER_BLOCK + np.arange(1, len(order) + 1)
    return frame


def _pick(stream: np.random.Generator, weights: object, count: int) -> Codes:
    """Returns codes drawn by weight."""
    share = np.asarray(weights, dtype=float)
    return np.searchsorted(np.cumsum(share / share.sum())[:-1], stream.random(count), side="right")


def make_complaints(world: World, block: int, people: People, purchases: Purchases, shop: Shop,
                    order_of_purchase: Codes, product_of_order: Codes) -> Frame:  # fmt: skip
    """Returns the complaints that follow purchases.

    Args:
        world: The shared part of the sample.
        block: Block of people.
        people: Its people.
        purchases: Their purchases, which say whether a complaint follows, is solved, answered late.
        shop: Orders of the block.
        order_of_purchase: Position of each purchase's order in `shop.orders`.
        product_of_order: First product of each order.
    """
    stream = world.stream("complaints", block)
    rows = np.flatnonzero(purchases.complains & ~people.is_guest[purchases.person])
    count = len(rows)
    day = purchases.day[rows] + 0.2 + np.minimum(stream.exponential(3.0, count), 20.0)
    is_solved, is_late = purchases.is_solved[rows], purchases.is_late[rows]
    hours = np.where(
        is_late, 49 + stream.exponential(40.0, count), stream.uniform(0.3, 40.0, count)
    )
    answered = day + hours / 24
    # some unsolved complaints were never answered at all
    answered = np.where(~is_solved & ~is_late & (stream.random(count) < 0.3), np.inf, answered)
    resolved = np.where(is_solved, answered + stream.exponential(2.0, count), np.inf)
    reopened = np.where(
        is_solved & (stream.random(count) < 0.06), resolved + stream.exponential(5.0, count), np.inf
    )
    owner = people.owner[purchases.person[rows]]
    anybody = stream.integers(0, world.employee_count, count)
    anybody = np.where(world.employee_has_left[anybody], anybody - 1, anybody)
    order = order_of_purchase[rows]
    frame = {
        "person": purchases.person[rows],
        "day": day,
        "answered": answered,
        "resolved": resolved,
        "reopened": reopened,
        "category": _pick(stream, [4, 3, 2, 1], count),
        "severity": np.where(
            is_solved, _pick(stream, [5, 4, 1], count), _pick(stream, [2, 4, 4], count)
        ),
        "channel": _pick(stream, [5, 3, 2, 1, 1, 0.2], count),
        "order": shop.orders["order"][order],
        "product": np.where(stream.random(count) < 0.7, product_of_order[order], NONE),
        "employee": np.where(owner != NONE, owner, anybody),
        "is_solved": is_solved,
    }
    frame = _finish(world, people, block, frame, "complaint")
    # reopened: back to open unless the history ends before
    is_reopened = frame["reopened"] < world.days
    is_resolved = (frame["resolved"] < world.days) & ~is_reopened
    frame["status"] = np.where(is_resolved, 1, np.where(is_reopened, 2, 0))
    for name in ("answered", "resolved", "reopened"):
        frame[f"{name}_at"] = world.instant(frame[name])
    return frame


def make_interactions(world: World, block: int, people: People, complaints: Frame) -> Frame:
    """Returns contacts: after complaints, by owners, and for advice."""
    stream = world.stream("interactions", block)
    calls = complaints["answered"] < world.days
    about, answered = complaints["person"][calls], complaints["answered"][calls]
    length = np.maximum(world.days - people.acquired, 0.0)
    rate = np.where(people.owner != NONE, 0.02, 0.006) / 7 * 2
    number = np.where(people.is_guest, 0, stream.poisson(rate * length))
    person = np.repeat(np.arange(people.count), number)
    day = people.acquired[person] + stream.random(len(person)) * length[person]
    person, day = np.concatenate([about, person]), np.concatenate([answered, day])
    count = len(person)
    is_complaint = np.arange(count) < len(about)
    channel = _pick(stream, [4, 4, 2, 1, 0.5, 0.5], count)
    minutes = np.where(channel == EMAIL, 6.0, 3.0) + np.round(stream.exponential(8.0, count), 1)
    owner = people.owner[person]
    anybody = stream.integers(0, world.employee_count, count)
    gone = world.employee_has_left[anybody] & (day > world.employee_left_day)
    anybody = np.where(gone, anybody - 1, anybody)
    frame = {
        "person": person,
        "day": day,
        "employee": np.where(owner != NONE, owner, anybody),
        "channel": channel,
        "is_out": ~is_complaint & (owner != NONE) & (stream.random(count) < 0.6),
        "minutes": np.round(minutes * 10).astype(np.int64),
        "cost": np.where(stream.random(count) < 0.6, np.round(minutes * 65).astype(np.int64), NONE),
        "topic": np.where(is_complaint, 3, _pick(stream, [3, 3, 2, 0, 1, 3], count)),
        "outcome": _pick(stream, [6, 2, 1, 1], count),
    }
    return _finish(world, people, block, frame, "interaction")


def make_surveys(world: World, block: int, people: People, purchases: Purchases) -> Frame:
    """Returns surveys sent after purchases; who is about to go, or was let down, scores lower."""
    values = world.parameters
    stream = world.stream("surveys", block)
    draw = stream.random(len(purchases.person))
    may = ~people.is_guest[purchases.person]
    rows = np.flatnonzero(may & (draw < 0.12))
    survey = np.searchsorted([0.05, 0.09], draw[rows], side="right")
    count = len(rows)
    day = purchases.day[rows] + 2 + 3 * stream.random(count)
    is_leaving = purchases.ends_life[rows]
    is_let_down = purchases.complains[rows] & ~purchases.is_solved[rows]
    drop = values.survey_leaver_drop * is_leaving + values.survey_complaint_drop * is_let_down
    noise = stream.normal(0.0, 1.6, count)
    nps = np.clip(np.round(8.4 + noise - drop), 0, 10)
    csat = np.clip(np.round(4.3 + 0.5 * noise - 0.5 * drop), 1, 5)
    ces = np.clip(np.round(5.4 + 0.7 * noise - 0.5 * drop), 1, 7)
    score = np.select([survey == NPS, survey == CSAT], [nps, csat], default=ces)
    answers = stream.random(count) < 0.4
    frame = {
        "person": purchases.person[rows],
        "day": day,
        "survey": survey,
        "responded": np.where(answers, day + stream.exponential(2.0, count), np.inf),
        "score": score.astype(np.int64),
        "comment": np.where(stream.random(count) < 0.3, _pick(stream, [1, 1, 1], count), NONE),
        "is_leaving": is_leaving,
    }
    frame = _finish(world, people, block, frame, "response")
    frame["responded_at"] = world.instant(frame["responded"])
    has_answered = frame["responded_at"] != NEVER
    frame["score"] = np.where(has_answered, frame["score"], NONE)
    frame["comment"] = np.where(has_answered, frame["comment"], NONE)
    return frame


def make_feedback(
    world: World,
    block: int,
    people: People,
    purchases: Purchases,
    subscriptions: Subscriptions,
) -> Frame:
    """Returns the reasons recorded for leaving; some people have several, from several sides."""
    stream = world.stream("feedback", block)
    lost = np.where(people.is_shopper, purchases.dropped_out, subscriptions.lost)
    gone = np.flatnonzero(
        np.isfinite(lost) & ~people.is_guest & (stream.random(people.count) < 0.3)
    )
    again = gone[stream.random(len(gone)) < 0.25]
    person = np.concatenate([gone, again])
    count = len(person)
    day = lost[person] + 15 + stream.exponential(30.0, count)
    since_rise = lost[person] - world.price_rise_day
    is_dearer = (since_rise >= 0) & (since_rise < 90)
    unsolved = purchases.ends_life & purchases.complains & ~purchases.is_solved
    is_let_down = np.zeros(people.count, dtype=bool)
    is_let_down[purchases.person[unsolved]] = True
    reason = _pick(stream, OTHER_REASON_WEIGHTS, count)
    draw = stream.random(count)
    reason = np.where(is_dearer & (draw < 0.4), PRICE_RISE_REASON, reason)
    reason = np.where(is_let_down[person] & (draw < 0.7), UNSOLVED_REASON, reason)
    source = _pick(stream, [4, 3, 2, 2], count)
    owner = people.owner[person]
    frame = {
        "person": person,
        "day": day,
        "reason": reason,
        "source": source,
        "employee": np.where(source == 1, np.where(owner != NONE, owner, 0), NONE),
        "note": np.where(stream.random(count) < 0.2, reason, NONE),
    }
    return _finish(world, people, block, frame, "feedback")


def make_messages(world: World, block: int, people: People, purchases: Purchases) -> Frame:
    """Returns messages of all campaigns, the people held back included."""
    campaigns = world.campaigns
    stream = world.stream("messages", block)
    person, campaign, variant = [], [], []
    person.append(purchases.campaign_person)
    campaign.append(purchases.campaign)
    variant.append(np.where(purchases.is_treated, 0, 1))
    may = ~people.is_guest & ~people.is_prospect
    for code in range(world.tested_campaigns, len(campaigns.kind)):
        share = {"offer": 0.15, "newsletter": 0.2, "welcome": 1.0}[campaigns.kind[code]]
        sent = people.acquired + 0.5 if campaigns.kind[code] == "welcome" else campaigns.sent[code]
        reached = may & (people.acquired < sent) & (stream.random(people.count) < share)
        who = np.flatnonzero(reached)
        person.append(who)
        campaign.append(np.full(len(who), code))
        # offers and newsletters went out without a control group
        variant.append(np.full(len(who), 0))
    who, code, arm = (np.concatenate(part) for part in (person, campaign, variant))
    is_welcome = np.array([kind == "welcome" for kind in campaigns.kind])[code]
    day = np.where(is_welcome, people.acquired[who] + 0.5, campaigns.sent[code])
    day += stream.random(len(who)) * 0.05
    is_allowed = day < people.opted_out[who]
    who, code, arm, day = (part[is_allowed] for part in (who, code, arm, day))

    count = len(who)
    is_sent = arm == 0
    draws = stream.random((4, count))
    bounces = is_sent & (draws[0] < 0.01)
    delivered = is_sent & ~bounces
    is_gone = purchases.is_loss_near(who, day, np.inf, -0.5) & np.isinf(purchases.came_back[who])
    opens = delivered & (draws[1] < np.where(is_gone, 0.12, 0.38))
    clicks = opens & (draws[2] < 0.2)
    opened = np.where(opens, day + 0.01 + stream.exponential(0.4, count), np.inf)
    # who opts out within days of a message did it by that message
    leaves = opens & (people.opted_out[who] < day + 20)
    left = np.where(leaves, people.opted_out[who], np.inf)
    frame = {
        "person": who,
        "day": day,
        "campaign": code,
        "variant": arm,
        "channel": np.where(draws[3] < 0.9, 0, np.where(draws[3] < 0.97, 1, 2)),
        "delivered": np.where(delivered, day + 0.0003, np.inf),
        "opened": np.minimum(opened, left),
        "clicked": np.where(clicks, opened + 0.002, np.inf),
        "bounced": np.where(bounces, day + 0.0005, np.inf),
        "left": left,
        "offer_cost": np.where(
            is_sent & (np.array([kind == "offer" for kind in campaigns.kind])[code]), 250, 0
        ),
    }
    frame = _finish(world, people, block, frame, "message")
    for name in ("delivered", "opened", "clicked", "bounced", "left"):
        frame[f"{name}_at"] = world.instant(frame[name])
    return frame


def make_preferences(world: World, block: int, people: People) -> Frame:
    """Returns consents: given at sign-up by most, withdrawn by some later."""
    stream = world.stream("preferences", block)
    everyone = np.arange(people.count)
    may = ~people.is_guest
    consents = everyone[may & (stream.random(people.count) < 0.7)]
    refuses_sms = everyone[may & (stream.random(people.count) < 0.2)]
    leaves = everyone[may & np.isfinite(people.opted_out)]
    person = np.concatenate([consents, refuses_sms, leaves])
    frame = {
        "person": person,
        "day": np.concatenate(
            [people.acquired[consents], people.acquired[refuses_sms], people.opted_out[leaves]]
        ),
        "channel": np.repeat([0, 1, 0], [len(consents), len(refuses_sms), len(leaves)]),
        "opted_in": np.repeat([1, 0, 0], [len(consents), len(refuses_sms), len(leaves)]),
    }
    return _finish(world, people, block, frame, "")


def make_onboarding(world: World, block: int, people: People) -> Frame:
    """Returns the onboarding steps completed."""
    step, person = np.nonzero(np.isfinite(people.steps[: len(OPEN_STEPS)]))
    frame = {"person": person, "day": people.steps[step, person], "step": step}
    return _finish(world, people, block, frame, "")


def make_loyalty(world: World, block: int, people: People, shop: Shop) -> Frame:
    """Returns movements of points: earned, redeemed, expired; the balance is never short."""
    stream = world.stream("loyalty", block)
    is_member = ~people.is_guest & (stream.random(people.count) < 0.4)
    orders = shop.orders
    person_of = orders["person"]
    rows = np.flatnonzero(
        (orders["kind"] == PURCHASE) & (person_of >= 0) & is_member[np.maximum(person_of, 0)]
    )
    rows = rows[np.lexsort((orders["day"][rows], person_of[rows]))]
    person, day = person_of[rows], orders["day"][rows] + 0.01
    points = np.maximum(orders["net"][rows] // 100, 1)

    # redeemed: a part of what was earned since the last time, so the balance stays above 0
    redeems = stream.random(len(rows)) < 0.06
    earned = np.cumsum(points)
    is_first = np.append([True], person[1:] != person[:-1])[: len(rows)]
    begin = np.maximum.accumulate(np.where(is_first, earned - points, 0))
    mark = np.append([0], np.where(redeems, earned, 0))[: len(rows)]
    since = earned - np.maximum(np.maximum.accumulate(mark), begin)
    part = (since * (0.3 + 0.6 * stream.random(len(rows)))).astype(np.int64)
    spends = redeems & (part > 0)

    # expired: whatever is left a year after the last purchase
    balance = np.bincount(person, points, people.count).astype(np.int64)
    balance -= np.bincount(person[spends], part[spends], people.count).astype(np.int64)
    last = np.full(people.count, np.inf)
    last[person] = day
    expires = np.flatnonzero((balance > 0) & (last + 365 < world.days))

    extra = np.flatnonzero(is_member & (stream.random(people.count) < 0.5))
    action = _pick(stream, [2, 2, 2, 2, 3], len(extra)) + 1
    acted = people.acquired[extra] + stream.exponential(90.0, len(extra))
    # no points for what happened after everything expired
    acted = np.where(acted < np.minimum(last[extra], world.days), acted, np.inf)
    frame = {
        "person": np.concatenate([person, person[spends], expires, extra]),
        "day": np.concatenate([day, day[spends] + 0.001, last[expires] + 365, acted]),
        "action": np.concatenate(
            [
                np.zeros(len(rows), dtype=np.int64),
                np.full(spends.sum(), REDEEM),
                np.full(len(expires), EXPIRE),
                action,
            ]
        ),
        "points": np.concatenate(
            [points, -part[spends], -balance[expires], np.full(len(extra), 0)]
        ),
    }
    frame["points"] = np.where(
        np.isin(frame["action"], (1, 2, 3, 4, 5)), 5 * frame["action"], frame["points"]
    )
    return _finish(world, people, block, frame, "event")


def make_usage(
    world: World,
    block: int,
    people: People,
    purchases: Purchases,
    subscriptions: Subscriptions,
) -> Frame:
    """Returns days of use; they thin out over the weeks before a loss and end soon after it."""
    values = world.parameters
    stream = world.stream("usage", block)
    is_seen = people.is_subscriber | (
        people.is_shopper & ~people.is_guest & (stream.random(people.count) < values.usage_share)
    )
    is_seen &= ~people.is_guest
    lost = np.where(people.is_subscriber, subscriptions.lost, purchases.dropped_out)
    since = np.where(people.is_subscriber, subscriptions.first_paid, people.acquired)
    since = np.minimum(np.maximum(since, people.acquired), world.days)
    ends = np.minimum(lost + LINGER_DAYS, world.days)
    length = np.where(is_seen, np.maximum(ends - since, 0.0), 0.0)
    habit = stream.gamma(3.0, 1 / 3.0, people.count) * values.usage_days_per_week / 7
    number = stream.poisson(habit * length)
    person = np.repeat(np.arange(people.count), number)
    day = since[person] + stream.random(len(person)) * length[person]
    keep = stream.random(len(person))
    # 1 until six weeks before the loss, then falling to the rest on its day
    nearness = np.clip((day - lost[person] + FALL_DAYS) / FALL_DAYS, 0.0, 1.0)
    is_kept = keep < 1 - values.usage_fall * nearness
    person, day = person[is_kept], np.floor(day[is_kept])
    feature = _pick(stream, [5, 3, 1, 1], len(person))
    # one row per person, day and feature
    key = (person * 5000 + day.astype(np.int64)) * len(FEATURES) + feature
    _, first = np.unique(key, return_index=True)
    person, day, feature = person[first], day[first], feature[first]
    count = len(person)
    sessions = 1 + stream.poisson(0.4, count)
    good = stream.integers(0, len(world.list_prices), count) + GOODS_FROM
    frame = {
        "person": person,
        "day": day,
        "feature": feature,
        "product": np.where((feature == 1) | (feature == 2), good, NONE),
        "sessions": sessions,
        "events": sessions * (2 + stream.poisson(6.0, count)),
        "minutes": np.round(sessions * stream.gamma(2.0, 20.0, count)).astype(np.int64),
    }
    # a day of use is stated as a day, so it must have begun before the erasure
    return _finish(world, people, block, frame, "")


def end_people(world: World, block: int, people: People, purchases: Purchases) -> None:
    """Sets the day of erasure of those who asked for it: after the last purchase, no subscriber."""
    stream = world.stream("erasure", block)
    last = people.acquired.copy()
    np.maximum.at(last, purchases.person, purchases.day)
    moment = last + 1 + stream.random(people.count) * (world.days - last - 1)
    is_erased = np.isfinite(people.erased) & ~people.is_subscriber & (last + 2 < world.days)
    people.erased = np.where(is_erased, moment, np.inf)


def referrers(world: World, block: int, people: People) -> Codes:
    """Returns, per person, the position of whoever referred them; NONE for most."""
    stream = world.stream("referrals", block)
    referral = 3  # the channel's code
    order = np.argsort(people.acquired)
    rank = np.empty(people.count, dtype=np.int64)
    rank[order] = np.arange(people.count)
    earlier = (stream.random(people.count) * rank).astype(np.int64)
    chosen = order[earlier]
    is_referred = (people.channel == referral) & (rank > 0) & ~people.is_guest
    is_referred &= ~people.is_guest[chosen] & (stream.random(people.count) < 0.8)
    return np.where(is_referred, chosen, NONE)


def parents(world: World, block: int, people: People) -> Codes:
    """Returns, per person, the position of the account above theirs; NONE for most."""
    stream = world.stream("parents", block)
    is_child = ~people.is_guest & ~people.is_prospect & (stream.random(people.count) < 0.01)
    above = np.maximum(np.arange(people.count) - 1, 0)
    is_child &= ~people.is_guest[above] & (above != np.arange(people.count))
    is_child[1:] &= ~is_child[:-1]
    return np.where(is_child, above, NONE)
