"""Subscriptions of one block: stretches of one plan, price and status, and the payments for them.

At each renewal a subscription ends with a chance of its own, drawn once from its plan's Beta
distribution (shifted beta-geometric); price rise and owner multiply it. Beside that stand failed
payments, pauses, plan changes, trials and discounts, each with its own parameter.
"""

from dataclasses import dataclass, field

import numpy as np

from orchestration.sample_data.parameters import Parameters
from orchestration.sample_data.people import People
from orchestration.sample_data.world import (
    BASIC,
    BUSINESS,
    DAY,
    NEVER,
    NONE,
    PLAN_AMOUNT,
    PLAN_BOX,
    PLAN_BOX4W,
    PRO,
    Codes,
    Flags,
    Frame,
    Numbers,
    World,
)

SUBSCRIPTION_STATUSES = ("trial", "active", "past_due", "paused", "unpaid", "cancelled")
TRIAL, ACTIVE, PAST_DUE, PAUSED, UNPAID, CANCELLED = range(len(SUBSCRIPTION_STATUSES))
ITEMS = ("main", "addon", "setup")
MAIN, ADDON, SETUP = range(len(ITEMS))
PAYMENT_STATUSES = ("succeeded", "failed", "recovered", "written_off")
SUCCEEDED, FAILED, RECOVERED, WRITTEN_OFF = range(len(PAYMENT_STATUSES))
END_REASONS = ("running", "voluntary", "involuntary", "trial", "pause", "planned")
RUNNING, VOLUNTARY, INVOLUNTARY, TRIAL_ENDED, PAUSE_ENDED, PLANNED = range(len(END_REASONS))
CANCEL_REASONS = ("too_expensive", "no_longer_needed", "switched", "missing_feature", "service")
PRICE_RISE_DAYS = 100.0
TRIAL_DAYS = 14.0
UNPAID_AFTER_DAYS = 30.0
SUBSCRIPTIONS_PER_BLOCK = 1_000_000
VERSIONS = 10  # ids a subscription may go through


@dataclass
class Subscriptions:
    """Subscriptions of one block.

    Attributes:
        periods: Stretches, one row each, sorted by subscription, item and start.
        cycles: Billing cycles that began, one row each.
        payments: Payment attempts.
        truth: One row per subscription: plan, chance to leave, how it ended.
        lost: Per person, the day the last paid service ended; infinite while one runs or none was.
        first_paid: Per person, the day the first paid service began; infinite if never.
    """

    periods: Frame
    cycles: Frame
    payments: Frame
    truth: Frame
    lost: Numbers
    first_paid: Numbers


@dataclass
class _Book:
    """Rows being collected, column by column."""

    columns: dict[str, list[np.ndarray]] = field(default_factory=dict)

    def add(self, **columns: np.ndarray) -> None:
        """Adds rows; every call names the same columns."""
        for name, column in columns.items():
            self.columns.setdefault(name, []).append(column)

    def frame(self) -> Frame:
        """Returns the rows collected."""
        return {name: np.concatenate(parts) for name, parts in self.columns.items()}


@dataclass
class _State:
    """Subscriptions as they stand before a cycle, one element each."""

    person: Codes
    index: Codes
    begin: Numbers
    first_plan: Codes
    plan: Codes
    version: Codes
    chance: Numbers
    quantity: Codes
    discount_cycles: Codes
    is_one_cycle: Flags
    owner: Codes
    paused_cycles: Codes
    will_resume: Flags
    is_on: Flags
    end: Numbers
    reason: Codes
    requested: Numbers
    cycles: Codes


def make_subscriptions(world: World, block: int, people: People) -> Subscriptions:
    """Returns the subscriptions of one block.

    Args:
        world: The shared part of the sample.
        block: Block of people.
        people: Its people.
    """
    stream = world.stream("subscriptions", block)
    subscribers = np.flatnonzero(people.is_subscriber)
    # a few hold two at once
    second = subscribers[stream.random(len(subscribers)) < 0.06]
    person = np.concatenate([subscribers, second])
    delay = np.where(people.is_shopper[person], stream.exponential(60.0, len(person)), 0.0)
    is_second = np.arange(len(person)) >= len(subscribers)
    delay += np.where(is_second, stream.exponential(120.0, len(person)), 0.0)

    periods, cycles, payments = _Book(), _Book(), _Book()
    first = _begin(world, block, "first", people, person, people.acquired[person] + delay, 0)
    _run(world, block, "first", first, periods, cycles, payments)

    is_back = (first.reason == VOLUNTARY) & (first.end < world.days)
    is_back &= stream.random(len(first.person)) < world.parameters.reactivation_share
    back_at = first.end + 45 + stream.exponential(60.0, len(first.person))
    is_back &= back_at < world.days - 1
    again = _begin(
        world, block, "again", people, first.person[is_back], back_at[is_back], len(person)
    )
    _run(world, block, "again", again, periods, cycles, payments)

    rows = periods.frame()
    all_truth = _truth(block, people, first, again)
    merged = _stretches(world, block, people, rows, first, again)
    lost, first_paid = _service(world, people, rows)
    return Subscriptions(
        periods=merged,
        cycles=_cycle_frame(cycles.frame()),
        payments=_payments(world, block, people, payments.frame()),
        truth=all_truth,
        lost=lost,
        first_paid=first_paid,
    )


def _begin(
    world: World,
    block: int,
    topic: str,
    people: People,
    person: Codes,
    day: Numbers,
    first_index: int,
) -> _State:
    """Returns subscriptions before their first cycle, those that would begin too late left out."""
    values = world.parameters
    stream = world.stream(f"subscriptions {topic}", block)
    count = len(person)
    is_at_midnight = stream.random(count) < 0.6
    # billing days stay within 1-28, so that every month has one
    begin = np.where(is_at_midnight, np.ceil(day), day)
    begin = _within_28(world, begin)

    draw = stream.random(count)
    plan = np.select([draw < 0.55, draw < 0.87], [BASIC, PRO], default=BUSINESS)
    is_box = ~people.is_shopper[person] & (stream.random(count) < values.box_share)
    plan = np.where(is_box, np.where(draw < 0.7, PLAN_BOX, PLAN_BOX4W), plan)
    chance = np.empty(count)
    for code, name in enumerate(("basic", "pro", "business", "box", "box")):
        drawn = stream.beta(
            getattr(values, f"plan_{name}_alpha"), getattr(values, f"plan_{name}_beta"), count
        )
        chance = np.where(plan == code, drawn, chance)
    seats = 1 + stream.poisson(4.0, count)
    draw = stream.random(count)
    has_discount = draw < values.discount_share
    is_one_cycle = ~has_discount & (draw < values.discount_share + values.one_cycle_discount_share)

    is_in = begin < world.days - 1e-3
    state = _State(
        person=person,
        index=np.arange(first_index, first_index + count),
        begin=begin,
        first_plan=plan,
        plan=plan.copy(),
        version=np.zeros(count, dtype=np.int64),
        chance=chance,
        quantity=np.where(plan == BUSINESS, seats, 1),
        discount_cycles=np.where(has_discount, 6, np.where(is_one_cycle, 1, 0)),
        is_one_cycle=is_one_cycle,
        owner=people.owner[person],
        paused_cycles=np.zeros(count, dtype=np.int64),
        will_resume=np.zeros(count, dtype=bool),
        is_on=np.ones(count, dtype=bool),
        end=np.full(count, np.inf),
        reason=np.zeros(count, dtype=np.int64),
        requested=np.full(count, np.inf),
        cycles=np.zeros(count, dtype=np.int64),
    )
    for name, column in vars(state).items():
        setattr(state, name, column[is_in])
    return state


def _within_28(world: World, day: Numbers) -> Numbers:
    """Returns the day itself, or the first of the next month where the day of month is above 28."""
    date, month, day_of_month = _calendar(world, day)
    is_late = day_of_month > 28
    next_month = (month + 1).astype("datetime64[D]")
    shift = (next_month - date).astype(np.int64)
    return np.where(is_late, day + shift, day)


def _calendar(world: World, day: Numbers) -> tuple[np.ndarray, np.ndarray, Codes]:
    """Returns date, month and day of month (1-31) of days since the start."""
    date = np.datetime64(world.first_day) + np.floor(day).astype(np.int64)
    month = date.astype("datetime64[M]")
    return date, month, (date - month.astype("datetime64[D]")).astype(np.int64) + 1


def _boundary(world: World, begin: Numbers, plan: Codes, cycle: int) -> Numbers:
    """Returns the day on which a cycle begins (cycle 0 = the begin), by the plan's interval."""
    date, month, day_of_month = _calendar(world, begin)
    months = np.where(plan == BUSINESS, 12 * cycle, cycle)
    later = (month + months).astype("datetime64[D]") + (day_of_month - 1)
    by_month = begin + (later - date).astype(np.int64)
    return np.where(plan == PLAN_BOX4W, begin + 28.0 * cycle, by_month)


def _price(world: World, plan: Codes, day: Numbers) -> Codes:
    """Returns the list price of a plan on a day, in cents per interval."""
    rise = 1 + world.parameters.plan_price_rise
    is_dearer = (plan == PRO) & (day >= world.plan_price_rise_day)
    amount = PLAN_AMOUNT[plan] * np.where(is_dearer, rise, 1.0)
    return np.round(amount).astype(np.int64)


def _run(
    world: World,
    block: int,
    topic: str,
    state: _State,
    periods: _Book,
    cycles: _Book,
    payments: _Book,
) -> None:
    """Lives through every billing cycle, filling the books and the ends in `state`."""
    stream = world.stream(f"subscription cycles {topic}", block)
    everyone = np.arange(len(state.person))
    _trial(world, stream, state, everyone, periods)
    cycle = 0
    while True:
        begins = _boundary(world, state.begin, state.plan, cycle)
        ends = _boundary(world, state.begin, state.plan, cycle + 1)
        draws = stream.random((9, len(everyone)))
        if cycle > 0:
            _leave(world, state, begins, draws)
        is_here = state.is_on & (begins < world.days)
        state.cycles[is_here] += 1
        who = np.flatnonzero(is_here)
        _one_cycle(world, state, who, begins[who], ends[who], draws[:, who], cycle, periods,
                   cycles, payments)  # fmt: skip
        if not is_here.any():
            break
        cycle += 1


def _trial(
    world: World, stream: np.random.Generator, state: _State, everyone: Codes, periods: _Book
) -> None:
    """Adds trials before the first paid cycle; who does not convert never pays."""
    values = world.parameters
    draws = stream.random((2, len(everyone)))
    has_trial = np.isin(state.plan, (BASIC, PRO)) & (draws[0] < values.trial_share)
    has_trial &= state.begin >= TRIAL_DAYS
    fails = has_trial & (draws[1] >= values.trial_conversion)
    who = np.flatnonzero(has_trial)
    _stretch(
        periods, state, who, state.begin[who] - TRIAL_DAYS, state.begin[who],
        np.full(len(who), TRIAL), _price(world, state.plan[who], state.begin[who]),
        np.zeros(len(who), dtype=np.int64),
    )  # fmt: skip
    state.is_on &= ~fails
    state.end[fails] = state.begin[fails]
    state.reason[fails] = TRIAL_ENDED


def _leave(world: World, state: _State, begins: Numbers, draws: np.ndarray) -> None:
    """Decides who leaves at the renewal on `begins`; a renewal ahead leaves a planned end."""
    values = world.parameters
    since = begins - world.plan_price_rise_day
    is_dearer = (state.plan == PRO) & (since >= 0) & (since < PRICE_RISE_DAYS)
    chance = state.chance * np.where(is_dearer, values.plan_price_rise_churn_factor, 1.0)
    has_owner = state.owner != NONE
    chance = chance * np.where(has_owner, world.owner_factors[state.owner], 1.0)
    is_leaving = state.is_on & (state.paused_cycles == 0) & (draws[0] < chance)
    asked = begins - 1 - 22 * draws[1]

    is_past = is_leaving & (begins < world.days)
    is_planned = is_leaving & (begins >= world.days) & (asked < world.days)
    for leavers, reason in ((is_past, VOLUNTARY), (is_planned, PLANNED)):
        state.end[leavers] = begins[leavers]
        state.reason[leavers] = reason
        state.requested[leavers] = asked[leavers]
        state.is_on[leavers] = False
    state.is_on[begins >= world.days] = False


def _one_cycle(
    world: World,
    state: _State,
    who: Codes,
    begins: Numbers,
    ends: Numbers,
    draws: np.ndarray,
    cycle: int,
    periods: _Book,
    cycles: _Book,
    payments: _Book,
) -> None:
    """Lives through one cycle of the subscriptions `who`: pause, plan change, payment, service."""
    values = world.parameters
    _pause(values, state, who, begins, draws, cycle)
    is_on = state.is_on[who]
    who, begins, ends, draws = (part[..., is_on] for part in (who, begins, ends, draws))
    is_paused = state.paused_cycles[who] > 0
    if cycle > 0:
        _change_plan(values, state, who, draws, is_paused)

    price = _price(world, state.plan[who], begins)
    is_one = state.is_one_cycle[who]
    share = np.where(is_one, 0.5, 0.2)
    gross = price * state.quantity[who]
    discount = np.where(state.discount_cycles[who] > 0, np.round(gross * share).astype(np.int64), 0)
    state.discount_cycles[who] -= state.discount_cycles[who] > 0

    fails = ~is_paused & (cycle > 0) & (draws[5] < values.past_due_rate)
    recovers = fails & (draws[6] < values.recovery_share)
    is_written_off = fails & ~recovers
    good_at = begins + np.where(recovers, 2 + 18 * draws[7], 0.0)
    # some systems end the service and start it anew when the card is replaced (E62)
    leaves_gap = recovers & (draws[8] < 0.1)
    good_at = np.where(leaves_gap, begins + 2.0, good_at)
    good_at = np.minimum(good_at, ends - 0.5)

    def add(mask: Flags, start: Numbers, end: Numbers, status: int) -> None:
        _stretch(periods, state, who[mask], start[mask], end[mask],
                 np.full(mask.sum(), status), price[mask], discount[mask])  # fmt: skip

    is_served = ~is_paused & ~is_written_off
    add(is_paused, begins, ends, PAUSED)
    add(recovers & ~leaves_gap, begins, good_at, PAST_DUE)
    grows = is_served & (state.plan[who] == BUSINESS) & (draws[4] < 0.3)
    middle = begins + np.round((ends - begins) * (0.2 + 0.6 * draws[3]))
    add(is_served & ~grows, good_at, ends, ACTIVE)
    add(grows, good_at, np.maximum(middle, good_at + 1), ACTIVE)
    # seats added within the year (E77): the next stretch has one more
    state.quantity[who[grows]] += 1
    add(grows, np.maximum(middle, good_at + 1), ends, ACTIVE)

    late_end = begins + UNPAID_AFTER_DAYS
    add(is_written_off, begins, late_end, PAST_DUE)
    add(is_written_off, late_end, late_end + 15, UNPAID)
    leavers = who[is_written_off]
    state.is_on[leavers] = False
    state.end[leavers] = late_end[is_written_off]
    state.reason[leavers] = INVOLUNTARY

    cycles.add(
        person=state.person[who], day=begins, plan=state.plan[who], is_paid=is_served & (
            good_at < world.days
        ),
    )  # fmt: skip
    billed = ~is_paused
    payments.add(
        person=state.person[who][billed],
        subscription=_subscription_id(state, who)[billed],
        due=begins[billed],
        paid=np.where(is_written_off, np.inf, good_at)[billed],
        amount=(gross - discount)[billed],
        fails=fails[billed],
        code=(draws[7] * 3).astype(np.int64)[billed],
    )


def _pause(
    values: Parameters, state: _State, who: Codes, begins: Numbers, draws: np.ndarray, cycle: int
) -> None:
    """Starts, continues and ends pauses; whoever does not come back has left when it ends."""
    was_paused = state.paused_cycles[who] > 0
    state.paused_cycles[who] -= was_paused
    is_gone = was_paused & (state.paused_cycles[who] == 0) & ~state.will_resume[who]
    state.is_on[who[is_gone]] = False
    state.end[who[is_gone]] = begins[is_gone]
    state.reason[who[is_gone]] = PAUSE_ENDED

    starts = ~was_paused & (cycle > 0) & (draws[2] < values.pause_rate)
    starts &= np.isin(state.plan[who], (BASIC, PRO, PLAN_BOX))
    state.paused_cycles[who[starts]] = 1 + (draws[3][starts] * 4).astype(np.int64)
    state.will_resume[who[starts]] = draws[4][starts] < values.pause_return_share


def _change_plan(
    values: Parameters, state: _State, who: Codes, draws: np.ndarray, is_paused: Flags
) -> None:
    """Moves some from basic to pro and back; every fifth move is a new subscription (E64)."""
    plan = state.plan[who]
    goes_up = ~is_paused & (plan == BASIC) & (draws[1] < values.upgrade_rate)
    goes_down = ~is_paused & (plan == PRO) & (draws[1] < values.downgrade_rate)
    state.plan[who[goes_up]] = PRO
    state.plan[who[goes_down]] = BASIC
    renewed = (goes_up | goes_down) & (draws[2] > 0.8) & (state.version[who] < VERSIONS - 1)
    state.version[who[renewed]] += 1


def _subscription_id(state: _State, who: Codes) -> Codes:
    """Returns the number of a subscription within its block, its version included."""
    return state.index[who] * VERSIONS + state.version[who]


def _stretch(
    periods: _Book,
    state: _State,
    who: Codes,
    begins: Numbers,
    ends: Numbers,
    status: Codes,
    price: Codes,
    discount: Codes,
) -> None:
    """Adds one stretch of the main item for each of `who`."""
    periods.add(
        index=state.index[who],
        subscription=_subscription_id(state, who),
        person=state.person[who],
        begin=begins,
        end=ends,
        plan=state.plan[who],
        quantity=state.quantity[who],
        price=price,
        discount=discount,
        is_once=state.is_one_cycle[who] & (discount > 0),
        status=status,
        item=np.zeros(len(who), dtype=np.int64),
    )


def _stretches(
    world: World, block: int, people: People, rows: Frame, first: _State, again: _State
) -> Frame:
    """Returns the delivered stretches: equal neighbours joined, running ones open, extras added."""
    rows = {name: column[rows["begin"] < world.days] for name, column in rows.items()}
    order = np.lexsort((rows["begin"], rows["index"]))
    rows = {name: column[order] for name, column in rows.items()}
    same = np.ones(max(len(order) - 1, 0), dtype=bool)
    for name in ("subscription", "plan", "quantity", "price", "discount", "is_once", "status"):
        same &= rows[name][1:] == rows[name][:-1]
    same &= np.abs(rows["begin"][1:] - rows["end"][:-1]) < 1e-6
    is_start = np.concatenate([[True], ~same])[: len(order)]
    starts = np.flatnonzero(is_start)
    lasts = np.append(starts[1:], len(order)) - 1 if len(starts) else starts
    end = rows["end"][lasts] if len(starts) else rows["end"]
    rows = {name: column[starts] for name, column in rows.items()}
    rows["end"] = end

    final, reason, asked = (
        np.concatenate([getattr(first, name), getattr(again, name)])
        for name in ("end", "reason", "requested")
    )
    by_index = np.argsort(np.concatenate([first.index, again.index]))
    known = np.concatenate([first.index, again.index])[by_index]
    position = by_index[np.searchsorted(known, rows["index"])]
    is_last = np.append(rows["index"][1:] != rows["index"][:-1], True)[: len(starts)]
    is_open = rows["end"] >= world.days
    is_planned = is_last & (reason[position] == PLANNED)
    rows["end"] = np.where(is_planned, final[position], np.where(is_open, np.inf, rows["end"]))
    has_asked = is_last & np.isin(reason[position], (VOLUNTARY, PLANNED))
    rows["asked"] = np.where(has_asked, asked[position], np.inf)
    is_new_version = rows["subscription"] % VERSIONS > 0
    rows["replaces"] = np.where(is_new_version, rows["subscription"] - 1, NONE)

    extra = _extras(world, block, rows, is_last, reason[position])
    rows = {name: np.concatenate([column, extra[name]]) for name, column in rows.items()}
    order = np.lexsort((rows["begin"], rows["item"], rows["subscription"]))
    rows = {name: column[order] for name, column in rows.items()}
    offset = (block + 1) * SUBSCRIPTIONS_PER_BLOCK * VERSIONS
    stream = world.stream("cancel reasons", block)
    reason_code = stream.choice(len(CANCEL_REASONS), len(order), p=[0.3, 0.25, 0.2, 0.15, 0.1])
    return {
        "subscription": rows["subscription"] + offset,
        "item": rows["item"],
        "starts_at": world.instant(rows["begin"]),
        # an end may be planned, so it may lie after the history
        "ends_at": np.where(
            np.isinf(rows["end"]),
            NEVER,
            np.floor(np.where(np.isinf(rows["end"]), 0, rows["end"]) * DAY).astype(np.int64)
            + world.start,
        ),
        "person": rows["person"],
        "plan": rows["plan"],
        "status": rows["status"],
        "quantity": rows["quantity"],
        "price": rows["price"],
        "discount": rows["discount"],
        "is_once": rows["is_once"],
        "asked_at": world.instant(rows["asked"]),
        "cancel_reason": np.where(np.isinf(rows["asked"]), NONE, reason_code),
        "replaces": np.where(rows["replaces"] == NONE, NONE, rows["replaces"] + offset),
        "usd": people.pays_usd[rows["person"]],
    }


def _extras(world: World, block: int, rows: Frame, is_last: Flags, reason: Codes) -> Frame:
    """Returns set-up fees, add-ons, and the closing rows some systems write."""
    stream = world.stream("subscription extras", block)
    count = len(rows["index"])
    is_first = np.append([True], rows["index"][1:] != rows["index"][:-1])[:count]
    chosen = []
    set_up = np.flatnonzero(is_first & (rows["plan"] == BUSINESS))
    chosen.append((set_up, SETUP, ACTIVE, 25_000, rows["begin"][set_up] + 1))
    # add-ons only beside service that never changed: they end with it
    is_alone = is_first & is_last & (rows["plan"] == PRO) & (rows["status"] == ACTIVE)
    add_on = np.flatnonzero(is_alone & (stream.random(count) < 0.2))
    chosen.append((add_on, ADDON, ACTIVE, 500, rows["end"][add_on]))
    closing = is_last & (reason == VOLUNTARY) & (stream.random(count) < 0.2)
    closed = np.flatnonzero(closing & (rows["end"] < world.days))
    chosen.append((closed, MAIN, CANCELLED, 0, np.full(len(closed), np.inf)))

    frames = []
    for who, item, status, price, end in chosen:
        frame = {name: column[who] for name, column in rows.items()}
        begin = rows["end"][who] if status == CANCELLED else rows["begin"][who]
        frame |= {
            "begin": begin,
            "end": end,
            "item": np.full(len(who), item),
            "status": np.full(len(who), status),
            "quantity": np.ones(len(who), dtype=np.int64),
            "price": np.full(len(who), price),
            "discount": np.zeros(len(who), dtype=np.int64),
            "is_once": np.zeros(len(who), dtype=bool),
            "asked": np.full(len(who), np.inf),
            "replaces": np.full(len(who), NONE),
        }
        frames.append(frame)
    return {name: np.concatenate([frame[name] for frame in frames]) for name in rows}


def _cycle_frame(cycles: Frame) -> Frame:
    """Returns the cycles sorted by person and day."""
    order = np.lexsort((cycles["day"], cycles["person"]))
    return {name: column[order] for name, column in cycles.items()}


def _payments(world: World, block: int, people: People, rows: Frame) -> Frame:
    """Returns payment attempts: a failed one, then what became of it."""
    rows = {name: column[rows["amount"] > 0] for name, column in rows.items()}
    fails, paid = rows["fails"], rows["paid"]
    is_made_good = fails & (paid < world.days)
    is_written_off = fails & np.isinf(paid) & (rows["due"] + 60 < world.days)
    status = np.where(
        is_made_good, RECOVERED, np.where(is_written_off, WRITTEN_OFF, np.where(fails, FAILED, 0))
    )
    # beside the outcome stands the attempt that failed
    attempt = np.flatnonzero(is_made_good | is_written_off)
    frame = {
        name: np.concatenate([rows[name], rows[name][attempt]])
        for name in ("person", "subscription", "due", "amount", "code")
    }
    settled = np.where(is_made_good, paid, np.inf)
    settled = np.where(status == SUCCEEDED, np.minimum(paid + 0.002, world.days - 1e-6), settled)
    frame["paid"] = np.concatenate([settled, np.full(len(attempt), np.inf)])
    frame["status"] = np.concatenate([status, np.full(len(attempt), FAILED)])
    frame["code"] = np.where(frame["status"] == SUCCEEDED, NONE, frame["code"])
    order = np.lexsort((frame["status"] != FAILED, frame["subscription"], frame["due"]))
    frame = {name: column[order] for name, column in frame.items()}
    frame["subscription"] += (block + 1) * SUBSCRIPTIONS_PER_BLOCK * VERSIONS
    frame["usd"] = people.pays_usd[frame["person"]]
    return frame


def _service(world: World, people: People, rows: Frame) -> tuple[Numbers, Numbers]:
    """Returns, per person, when the last paid service ended and when the first began."""
    is_paid = np.isin(rows["status"], (ACTIVE, PAST_DUE)) & (rows["begin"] < world.days)
    person, begin, end = (rows[name][is_paid] for name in ("person", "begin", "end"))
    last = np.full(people.count, -np.inf)
    np.maximum.at(last, person, end)
    first = np.full(people.count, np.inf)
    np.minimum.at(first, person, begin)
    lost = np.where((last < world.days) & np.isfinite(last), last, np.inf)
    return lost, first


def _truth(block: int, people: People, first: _State, again: _State) -> Frame:
    """Returns what is true of each subscription."""
    offset = (block + 1) * SUBSCRIPTIONS_PER_BLOCK * VERSIONS
    states = (first, again)

    def both(name: str) -> np.ndarray:
        return np.concatenate([getattr(state, name) for state in states])

    return {
        "subscription": both("index") * VERSIONS + offset,
        "number": people.number[both("person")],
        "plan": both("first_plan"),
        "chance": both("chance"),
        "cycles": both("cycles"),
        "reason": both("reason"),
        "end": both("end"),
        "is_return": np.concatenate(
            [np.full(len(state.index), state is again, dtype=bool) for state in states]
        ),
    }
