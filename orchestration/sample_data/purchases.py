"""When the people of one block buy, what they spend, and what made them go or come back.

A person's purchases after the first are a Poisson process (season aside); after each one they drop
out by chance, which complaints and price rises raise. What brings them back is added to that.
"""

from dataclasses import dataclass

import numpy as np

from orchestration.sample_data.parameters import Parameters
from orchestration.sample_data.people import People
from orchestration.sample_data.world import PROFILE_COMPLETED, Codes, Flags, Numbers, World

FIRST, REPEAT, REACTIVATION, ONBOARDING, CAMPAIGN = range(5)
SOURCES = ("first", "repeat", "reactivation", "onboarding", "campaign")
PRICE_RISE_DAYS = 90.0
EARLY_DAYS = 60.0


@dataclass
class Purchases:
    """Purchases of one block, in the order of person and time, and what became of the people.

    Attributes:
        person: Position of the buyer in the block.
        day: Day since the start of the history.
        source: Index into SOURCES: what caused it.
        net: Net revenue in euro cents.
        complains: A complaint follows.
        is_solved: It gets solved.
        is_late: It is first answered after more than two days.
        ends_life: The buyer dropped out with it.
        dropped_out: Per person, the day they first dropped out; infinite while they have not.
        came_back: Per person, the day they came back after it; infinite if never.
        dropped_out_again: Per person, the day they dropped out after coming back.
        campaign_person: Position of the people in tested campaigns.
        campaign: The campaign of each of them.
        is_treated: Whether they were written to, or held back.
        would_return: Whether they buy within the window without the campaign.
        returns: Whether they buy within it.
    """

    person: Codes
    day: Numbers
    source: Codes
    net: Codes
    complains: Flags
    is_solved: Flags
    is_late: Flags
    ends_life: Flags
    dropped_out: Numbers
    came_back: Numbers
    dropped_out_again: Numbers
    campaign_person: Codes
    campaign: Codes
    is_treated: Flags
    would_return: Flags
    returns: Flags

    def is_loss_near(self, person: Codes, day: Numbers, before: float, after: float) -> Flags:
        """Returns whether the person drops out within [day - before, day + after]."""
        near = np.zeros(len(person), dtype=bool)
        for lost in (self.dropped_out[person], self.dropped_out_again[person]):
            near |= (lost >= day - before) & (lost <= day + after)
        return near


@dataclass
class _Flow:
    """Purchases being collected: parallel arrays, any order."""

    person: list[Codes]
    day: list[Numbers]
    source: list[Codes]
    troubles: list[Flags]
    ends_life: list[Flags]

    def add(
        self, person: Codes, day: Numbers, source: Codes, troubles: Flags, ends_life: Flags
    ) -> None:
        """Adds purchases."""
        self.person.append(person)
        self.day.append(day)
        self.source.append(source)
        self.troubles.append(troubles)
        self.ends_life.append(ends_life)

    def days_of(self) -> tuple[Codes, Numbers]:
        """Returns all purchases so far as (person, day), sorted."""
        person, day = np.concatenate(self.person), np.concatenate(self.day)
        order = np.lexsort((day, person))
        return person[order], day[order]


def make_purchases(world: World, block: int, people: People) -> Purchases:
    """Returns the purchases of one block's shoppers.

    Args:
        world: The shared part of the sample.
        block: Block of people.
        people: Its people.
    """
    flow = _Flow([], [], [], [], [])
    dropped_out = np.full(people.count, np.inf)
    came_back = np.full(people.count, np.inf)
    dropped_out_again = np.full(people.count, np.inf)

    shoppers = np.flatnonzero(people.is_shopper)
    dropped_out[shoppers] = _live(
        world, block, "first life", people, shoppers, people.acquired[shoppers], FIRST, flow
    )
    stream = world.stream("reactivation", block)
    is_back = stream.random(people.count) < world.parameters.reactivation_share
    least = world.parameters.reactivation_pause_days
    back = dropped_out + least + stream.exponential(max(least, 1.0), people.count)
    is_back &= back < world.days
    came_back[is_back] = back[is_back]
    returners = np.flatnonzero(is_back)
    dropped_out_again[returners] = _live(
        world, block, "second life", people, returners, back[returners], REACTIVATION, flow
    )

    _onboard(world, block, people, flow)
    campaign = _campaign(world, block, people, flow)

    person, day = np.concatenate(flow.person), np.concatenate(flow.day)
    troubles = np.concatenate(flow.troubles, axis=1)
    order = np.lexsort((day, person))
    purchases = Purchases(
        person=person[order],
        day=day[order],
        source=np.concatenate(flow.source)[order],
        net=np.zeros(len(person), dtype=np.int64),
        complains=troubles[0][order],
        is_solved=troubles[1][order],
        is_late=troubles[2][order],
        ends_life=np.concatenate(flow.ends_life)[order],
        dropped_out=dropped_out,
        came_back=came_back,
        dropped_out_again=dropped_out_again,
        **campaign,
    )
    purchases.net = _spend(world, block, people, purchases)
    return purchases


def _live(
    world: World,
    block: int,
    topic: str,
    people: People,
    who: Codes,
    begins: Numbers,
    first_source: int,
    flow: _Flow,
) -> Numbers:
    """Adds the purchases of one life of each person: a first one, then repeats until they drop out.

    Args:
        world: The shared part of the sample.
        block: Block of people.
        topic: Name of the random streams.
        people: People of the block.
        who: Positions of those who live this life.
        begins: Day of the first purchase of each of them.
        first_source: Source of that first purchase.
        flow: Receives the purchases.

    Returns:
        The day each of `who` dropped out, infinite for those still in at the end.
    """
    arrivals = world.stream(f"{topic} arrivals", block)
    clock = world.season_clock(begins)
    left = np.maximum(world.season_clock(np.array([world.days]))[0] - clock, 0.0)
    repeats = arrivals.poisson(people.rate[who] * left)
    owner = np.repeat(np.arange(len(who)), repeats)
    day = world.day_of_clock(clock[owner] + arrivals.random(len(owner)) * left[owner])

    # the first purchase of each life stands before its repeats
    owner = np.concatenate([np.arange(len(who)), owner])
    day = np.concatenate([begins, np.clip(day, begins[owner[len(who) :]], world.days - 1e-6)])
    is_first = np.arange(len(owner)) < len(who)
    order = np.lexsort((day, ~is_first, owner))
    owner, day, is_first = owner[order], day[order], is_first[order]

    troubles, factor = _troubles(world, block, topic, day)
    # BG/NBD: nobody drops out with the first purchase, but what a complaint adds counts there too
    chance = people.dropout[who[owner]] * np.where(is_first, factor - 1, factor)
    # a purchase that no complaint follows and no price rise precedes leaves the model's own chance
    is_out = world.stream(f"{topic} ends", block).random(len(owner)) < chance

    # kept: up to and including the first drop-out
    outs = np.cumsum(is_out)
    outs_before_life = np.where(is_first, outs - is_out, 0)
    outs_before_life = np.maximum.accumulate(outs_before_life)
    is_kept = (outs - is_out) == outs_before_life
    is_last = is_kept & is_out
    ends = np.full(len(who), np.inf)
    ends[owner[is_last]] = day[is_last]

    source = np.where(is_first, first_source, REPEAT)
    flow.add(
        who[owner[is_kept]], day[is_kept], source[is_kept], troubles[:, is_kept], is_last[is_kept]
    )
    return ends


def _troubles(world: World, block: int, topic: str, day: Numbers) -> tuple[Flags, Numbers]:
    """Returns what went wrong after each purchase, and its factor on the chance to drop out.

    Returns:
        Flags of shape (3, purchases): complains, is solved, is answered late; and the factors.
    """
    values = world.parameters
    stream = world.stream(f"{topic} complaints", block)
    complains = stream.random(len(day)) < values.complaint_rate
    is_solved = complains & (stream.random(len(day)) < values.complaint_solved_share)
    is_late = complains & (stream.random(len(day)) < values.late_response_share)
    factor = np.where(
        complains,
        np.where(is_solved, values.complaint_solved_factor, values.complaint_unsolved_factor),
        1.0,
    )
    factor = factor * np.where(is_late, values.late_response_factor, 1.0)
    since_rise = day - world.price_rise_day
    is_dearer = (since_rise >= 0) & (since_rise < PRICE_RISE_DAYS)
    factor = factor * np.where(is_dearer, values.price_rise_churn_factor, 1.0)
    return np.stack([complains, is_solved, is_late]), factor


def _buys_between(
    flow_person: Codes, flow_day: Numbers, person: Codes, begins: Numbers, ends: Numbers
) -> Flags:
    """Returns whether each person has a purchase in (begins, ends]; the flow is sorted."""
    # one sortable number per purchase: people lie further apart than any two days
    width = 1e5
    key = flow_person * width + flow_day
    after_begin = np.searchsorted(key, person * width + begins, side="right")
    after_end = np.searchsorted(key, person * width + ends, side="right")
    return after_end > after_begin


def _added(
    world: World, block: int, topic: str, flow: _Flow, person: Codes, day: Numbers, source: int
) -> None:
    """Adds purchases that something brought about; they end no life."""
    troubles, _ = _troubles(world, block, topic, day)
    flow.add(person, day, np.full(len(person), source), troubles, np.zeros(len(person), dtype=bool))


def _chance_to_turn(effect: float, would: Flags) -> float:
    """Returns the chance to turn those who would not, so that the mean rises by `effect`."""
    rest = 1 - would.mean() if len(would) else 1.0
    return min(effect / rest, 1.0) if rest > 0 else 0.0


def _onboard(world: World, block: int, people: People, flow: _Flow) -> None:
    """Adds the second purchases that completing the profile brings about within 60 days."""
    values = world.parameters
    stream = world.stream("onboarding effect", block)
    turned, moment = stream.random(people.count), stream.random(people.count)
    completed = people.steps[PROFILE_COMPLETED]
    ends = people.acquired + EARLY_DAYS
    who = np.flatnonzero(people.is_shopper & (completed < world.days) & (ends < world.days))
    person, day = flow.days_of()
    would = _buys_between(person, day, who, people.acquired[who], ends[who])
    chance = _chance_to_turn(values.onboarding_effect, would)
    who = who[~would & (turned[who] < chance)]
    begins = np.maximum(completed[who], people.acquired[who] + 1.0)
    bought = begins + moment[who] * (ends[who] - begins)
    _added(world, block, "onboarding effect", flow, who, bought, ONBOARDING)


def _campaign(world: World, block: int, people: People, flow: _Flow) -> dict[str, np.ndarray]:
    """Chooses the people of the tested campaigns and adds the purchases these bring about.

    Each person is in one campaign at most. Whoever has been silent for the right time, may be
    written to and is in no campaign yet is eligible; half of those chosen are held back.

    Returns:
        The campaign fields of Purchases.
    """
    values = world.parameters
    campaigns = world.campaigns
    stream = world.stream("campaigns", block)
    is_free = people.is_shopper & ~people.is_guest
    # purchases that campaigns bring about are other people's: each is in one campaign at most
    person, day = flow.days_of()
    chosen: list[tuple[Codes, Codes, Flags, Flags, Flags]] = []
    for campaign in range(world.tested_campaigns):
        sent = campaigns.sent[campaign]
        places = world.share_of_block(world.people_per_arm, block)
        lot, arm, turned, moment = (stream.random(people.count) for _ in range(4))
        last = np.full(people.count, -np.inf)
        is_before = day < sent
        last[person[is_before]] = day[is_before]  # sorted by day, so the latest stays
        silent = sent - last
        is_eligible = is_free & (people.opted_out > sent)
        is_eligible &= (silent >= values.campaign_silent_from_days) & (
            silent < values.campaign_silent_to_days
        )
        eligible = np.flatnonzero(is_eligible)
        begins = np.full(len(eligible), sent)
        would_buy = np.zeros(people.count, dtype=bool)
        would_buy[eligible] = _buys_between(
            person, day, eligible, begins, begins + values.campaign_window_days
        )
        eligible = eligible[np.argsort(lot[eligible])]
        who = _addressed(stream, eligible, would_buy[eligible], 2 * places, values)
        is_treated = np.zeros(people.count, dtype=bool)
        is_treated[who[np.argsort(arm[who])][: len(who) // 2]] = True
        treated, would = is_treated[who], would_buy[who]
        is_free[who] = False

        chance = _chance_to_turn(float(campaigns.effect[campaign]), would)
        turns = treated & ~would & (turned[who] < chance)
        bought = sent + 0.1 + moment[who[turns]] * (values.campaign_window_days - 0.2)
        _added(world, block, f"campaign {campaign}", flow, who[turns], bought, CAMPAIGN)
        chosen.append((who, np.full(len(who), campaign), treated, would, would | turns))
    names = ("campaign_person", "campaign", "is_treated", "would_return", "returns")
    if not chosen:
        empty = np.zeros(0, dtype=np.int64)
        return {
            name: empty.astype(bool) if index > 1 else empty for index, name in enumerate(names)
        }
    columns = (np.concatenate(parts) for parts in zip(*chosen, strict=True))
    return dict(zip(names, columns, strict=True))


def _addressed(
    stream: np.random.Generator, eligible: Codes, would: Flags, number: int, values: Parameters
) -> Codes:
    """Returns the people a campaign takes: so many that the stated share would return unasked.

    Args:
        stream: Random numbers.
        eligible: Positions of the people to choose from, in random order.
        would: Whether each of them buys within the window anyway.
        number: How many to take, fewer where there are not enough.
        values: The stated process.
    """
    if values.campaign_base_return == 0:
        return np.sort(eligible[:number])
    if values.campaign_base_return < 1:
        # too few who would not: then fewer altogether, so that the share stays
        number = min(number, int((~would).sum() / (1 - values.campaign_base_return)))
    returning = int(stream.binomial(number, values.campaign_base_return))
    return np.sort(
        np.concatenate([eligible[would][:returning], eligible[~would][: number - returning]])
    )


def _spend(world: World, block: int, people: People, purchases: Purchases) -> Codes:
    """Returns each purchase's net revenue in euro cents: Gamma-Gamma, dearer after the rise."""
    values = world.parameters
    shape = world.stream("spend of a purchase", block).gamma(
        values.spend_p, 1.0, len(purchases.person)
    )
    amount = shape / people.spend_rate[purchases.person]
    is_dearer = purchases.day >= world.price_rise_day
    amount = amount * np.where(is_dearer, 1 + values.price_rise_spend, 1.0)
    return np.clip(np.round(amount), 1, 5_000_000).astype(np.int64)
