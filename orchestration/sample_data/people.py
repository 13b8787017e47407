"""Who the people of one block are: identity, traits, rates, accounts, owners."""

from dataclasses import dataclass

import numpy as np

from orchestration.sample_data.world import (
    CHANNEL_COST,
    CHANNEL_LEANING,
    CHANNEL_SHARE,
    COUNTRIES,
    COUNTRY_LEANING,
    COUNTRY_SHARE,
    NONE,
    Codes,
    Flags,
    Numbers,
    World,
)


@dataclass
class People:
    """The people of one block, one element each; days count from the start of the history.

    Attributes:
        number: Number in the sample, from 1.
        acquired: Day of acquisition: of the first purchase or the first service.
        rate: Purchases per day while in, before the season (BG/NBD lambda).
        dropout: Chance to drop out after a repeat purchase, owner's factor included.
        dropout_alone: The same without the owner's factor (BG/NBD p).
        spend_rate: Gamma-Gamma nu, per cent of a euro.
        is_shopper: Buys in the shop.
        is_subscriber: Has a subscription.
        is_prospect: Neither.
        is_guest: Never opens an account.
        channel: Acquisition channel.
        country: Country.
        pays_usd: Pays in US dollar.
        cost: Acquisition cost, cents.
        account: Number of the surviving account; NONE for guests.
        other_account: Number of the account merged into it; NONE without.
        other_since: Day from which the other account exists.
        shares_email: Account under a shared e-mail address.
        owner: Account owner; NONE without.
        owner_before: Owner before the hand-over; NONE where there was none.
        erased: Day of erasure; infinite if never. Set once purchases are known.
        opted_out: Day of opting out of e-mail; infinite if never.
        steps: Day each onboarding step was completed, shape (steps, people); infinite if never.
    """

    number: Codes
    acquired: Numbers
    rate: Numbers
    dropout: Numbers
    dropout_alone: Numbers
    spend_rate: Numbers
    is_shopper: Flags
    is_subscriber: Flags
    is_prospect: Flags
    is_guest: Flags
    channel: Codes
    country: Codes
    pays_usd: Flags
    cost: Codes
    account: Codes
    other_account: Codes
    other_since: Numbers
    shares_email: Flags
    owner: Codes
    owner_before: Codes
    erased: Numbers
    opted_out: Numbers
    steps: Numbers

    @property
    def count(self) -> int:
        """Number of people."""
        return len(self.number)


def sorted_choice(
    uniform: Numbers, rank: Numbers, share: Numbers, leaning: Numbers, strength: float
) -> Codes:
    """Returns a code per person, drawn so that people of high rank come by codes that lean high.

    Args:
        uniform: One draw per person in [0, 1).
        rank: Rank of the person's rate in (0, 1).
        share: Share of each code where nothing leans.
        leaning: From -1 (low ranks) to 1 (high ranks), per code.
        strength: 0 = nothing leans.
    """
    weight = share * np.exp(2 * strength * leaning * (2 * rank[:, None] - 1))
    edges = np.cumsum(weight, axis=1)
    return (uniform[:, None] * edges[:, -1:] >= edges[:, :-1]).sum(axis=1)


def make_people(world: World, block: int) -> People:
    """Returns the people of one block.

    Args:
        world: The shared part of the sample.
        block: Block of people.
    """
    values = world.parameters
    number = world.block_people(block)
    count = len(number)

    traits = world.stream("traits", block)
    acquired = world.acquisition_days(traits.random(count))
    kind = traits.random(count)
    is_prospect = kind < values.prospect_share
    is_subscriber = ~is_prospect & (traits.random(count) < values.subscriber_share)
    is_shopper = ~is_prospect & ~(
        is_subscriber & (traits.random(count) < values.subscription_only_share)
    )
    is_guest = is_shopper & ~is_subscriber & (traits.random(count) < values.guest_share)

    rates = world.stream("rates", block)
    rate = rates.gamma(values.r, 1 / values.alpha, count) / 7
    dropout_alone = world.stream("dropouts", block).beta(values.a, values.b, count)
    spend_rate = world.stream("spend", block).gamma(
        values.spend_q, 1 / (values.spend_gamma * 100), count
    )

    rank = (np.argsort(np.argsort(rate)) + 0.5) / count
    channel = sorted_choice(
        traits.random(count), rank, CHANNEL_SHARE, CHANNEL_LEANING, values.channel_sorting
    )
    country = sorted_choice(
        traits.random(count), rank, COUNTRY_SHARE, COUNTRY_LEANING, values.channel_sorting
    )
    pays_usd = traits.random(count) < values.usd_share
    country = np.where(pays_usd, len(COUNTRIES) - 1, country)
    cost = np.round(CHANNEL_COST[channel] * 100 * traits.uniform(0.6, 1.4, count)).astype(np.int64)

    accounts = world.stream("accounts", block)
    account = np.where(is_guest, NONE, number)
    is_merged = ~is_guest & ~is_prospect & (accounts.random(count) < values.merge_share)
    other = number + values.customers
    # the survivor is not always the older account
    is_swapped = is_merged & (accounts.random(count) < 0.5)
    other_account = np.where(is_swapped, number, np.where(is_merged, other, NONE))
    account = np.where(is_swapped, other, account)
    other_since = acquired + accounts.random(count) * (world.days - acquired)
    shares_email = ~is_guest & ~is_merged & (accounts.random(count) < values.shared_email_share)
    is_erased = ~is_guest & ~is_merged & (accounts.random(count) < values.erased_share)
    opts_out = accounts.random(count) < 0.08
    opted_out = np.where(opts_out, acquired + accounts.exponential(200.0, count), np.inf)

    owners = world.stream("owners", block)
    is_owned = ~is_guest & (is_subscriber | (owners.random(count) < values.owner_share))
    present = np.flatnonzero(~world.employee_has_left)
    owner = np.where(is_owned, owners.choice(present, count), NONE)
    is_handed_over = is_owned & (owners.random(count) < values.handover_share)
    predecessor = (owner + owners.integers(1, world.employee_count, count)) % world.employee_count
    owner_before = np.where(is_handed_over, predecessor, NONE)
    factor = np.where(is_owned, world.owner_factors[owner], 1.0)

    return People(
        number=number,
        acquired=acquired,
        rate=np.maximum(rate, 1e-12),
        dropout=np.minimum(dropout_alone * factor, 1.0),
        dropout_alone=dropout_alone,
        spend_rate=np.maximum(spend_rate, 1e-9),
        is_shopper=is_shopper,
        is_subscriber=is_subscriber,
        is_prospect=is_prospect,
        is_guest=is_guest,
        channel=channel,
        country=country,
        pays_usd=pays_usd,
        cost=cost,
        account=account,
        other_account=other_account,
        other_since=other_since,
        shares_email=shares_email,
        owner=owner,
        owner_before=owner_before,
        erased=np.where(is_erased, 0.0, np.inf),
        opted_out=opted_out,
        steps=_onboarding(world, block, acquired, is_guest),
    )


def _onboarding(world: World, block: int, acquired: Numbers, is_guest: Flags) -> Numbers:
    """Returns the day each onboarding step was completed, shape (steps, people)."""
    values = world.parameters
    stream = world.stream("onboarding", block)
    count = len(acquired)
    shares = (0.85, values.onboarding_share, 0.3, 0.4)
    mean_days = (0.2, 3.0, 10.0, 5.0)
    steps = np.empty((len(shares), count))
    for step, (share, mean) in enumerate(zip(shares, mean_days, strict=True)):
        is_done = ~is_guest & (stream.random(count) < share)
        delay = np.minimum(stream.exponential(mean, count), 13.9)
        steps[step] = np.where(is_done, acquired + delay, np.inf)
    return steps
