"""What all people of the sample share: the calendar, products, employees, campaigns, rates."""

import datetime as dt
import zlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from orchestration.sample_data.parameters import Parameters

Numbers = NDArray[np.float64]
Codes = NDArray[np.int64]
Flags = NDArray[np.bool_]
Frame = dict[str, np.ndarray]

# People per block. Every random stream belongs to one block, so this number is part of the
# content: how many blocks go into one file, and who makes them, is not.
BLOCK_SIZE = 2500

DAY = 86_400
NEVER = -1  # an instant that has not come, in seconds
NONE = -1  # no such code or number
SEASON_PEAK = (12, 10)
YEAR_DAYS = 365.25

CHANNELS = ("search", "ads", "social", "referral", "organic", "store")
# Euro for one new customer; referral and organic cost no media.
CHANNEL_COST = np.array([9.0, 14.0, 11.0, 0.0, 0.0, 6.0])
CHANNEL_SHARE = np.array([0.28, 0.22, 0.16, 0.12, 0.14, 0.08])
# +1: people of high purchase rate come by it, -1: people of low rate do.
CHANNEL_LEANING = np.array([0.2, -0.9, -0.6, 0.9, 0.5, 0.3])

COUNTRIES = ("DE", "AT", "FR", "NL", "PL", "US")
COUNTRY_SHARE = np.array([0.52, 0.12, 0.14, 0.1, 0.12])  # of those who pay in euro
COUNTRY_LEANING = np.array([0.1, 0.4, -0.2, 0.5, -0.6])
CITIES = ("Berlin", "Wien", "Lyon", "Utrecht", "Kraków", "Boston")  # one per country

CATEGORIES = ("coffee", "tea", "chocolate", "kitchen", "gifts", "machines")
GIFT_CARD, WRAPPING, BOX, BOX4W = 0, 1, 2, 3  # the first products
GOODS_FROM = 4
GOODS = 60

PLANS = ("basic", "pro", "business", "box", "box4w")
BASIC, PRO, BUSINESS, PLAN_BOX, PLAN_BOX4W = range(5)
PLAN_AMOUNT = np.array([990, 2990, 118_800, 2500, 2400])  # cents per billing interval
PLAN_INTERVAL = ("month", "month", "year", "month", "week")
PLAN_INTERVAL_COUNT = np.array([1, 1, 1, 1, 4])

OPEN_STEPS = ("account_confirmed", "profile_completed", "app_installed", "newsletter_joined")
PROFILE_COMPLETED = 1


@dataclass(frozen=True)
class Campaigns:
    """The campaigns, one element each.

    Attributes:
        kind: Kind of the contract.
        sent: Day of sending since the start of the history.
        effect: True change of the chance to buy within the window, in points.
        is_tested: Whether a control group was held back.
    """

    kind: tuple[str, ...]
    sent: Numbers
    effect: Numbers
    is_tested: Flags


@dataclass(frozen=True)
class World:
    """The shared part of one sample; everything follows from its parameters.

    Attributes:
        parameters: The stated process.
    """

    parameters: Parameters

    def stream(self, topic: str, block: int = -1) -> np.random.Generator:
        """Returns the random stream of one topic in one block (-1 = shared by all).

        Topics do not share a stream, so a parameter of one topic leaves the others' draws alone.
        """
        key = (zlib.crc32(topic.encode()), block + 1)
        return np.random.Generator(
            np.random.PCG64(np.random.SeedSequence(self.parameters.seed, spawn_key=key))
        )

    @cached_property
    def first_day(self) -> dt.date:
        """First day of the history."""
        return self.parameters.until + dt.timedelta(days=1 - self.day_count)

    @cached_property
    def day_count(self) -> int:
        """Days of the history."""
        return max(1, round(self.parameters.years * YEAR_DAYS))

    @cached_property
    def days(self) -> float:
        """Length of the history; every event lies in [0, days)."""
        return float(self.day_count)

    @cached_property
    def start(self) -> int:
        """Begin of the history, seconds since 1970 UTC."""
        midnight = dt.datetime.combine(self.first_day, dt.time(), dt.UTC)
        return int(midnight.timestamp())

    def instant(self, day: Numbers) -> Codes:
        """Returns seconds since 1970 of days since the start; NEVER from the history's end on.

        Args:
            day: Days since the start; infinite or at least `days` = has not happened.
        """
        has_happened = day < self.days
        seconds = np.floor(np.where(has_happened, day, 0.0) * DAY).astype(np.int64) + self.start
        return np.where(has_happened, seconds, NEVER)

    # ------------------------------------------------------------------ seasons
    @cached_property
    def _peak(self) -> float:
        """Day of the season's peak, counted from the start (may be negative)."""
        month, day = SEASON_PEAK
        return float((dt.date(self.first_day.year, month, day) - self.first_day).days)

    def season(self, day: Numbers, amplitude: float) -> Numbers:
        """Returns the season's factor at days since the start (mean 1 over a year)."""
        return 1 + amplitude * np.cos(2 * np.pi * (day - self._peak) / YEAR_DAYS)

    def season_clock(self, day: Numbers) -> Numbers:
        """Returns the days of average purchase rate that have passed at `day`."""
        amplitude = self.parameters.season_amplitude
        turn = 2 * np.pi / YEAR_DAYS
        wave = np.sin(turn * (day - self._peak)) + np.sin(turn * self._peak)
        return day + amplitude / turn * wave

    @cached_property
    def _clock_grid(self) -> tuple[Numbers, Numbers]:
        """Days and their season clock, fine enough to invert (a tenth of a day)."""
        day = np.linspace(0.0, self.days, self.day_count * 10 + 1)
        return day, self.season_clock(day)

    def day_of_clock(self, clock: Numbers) -> Numbers:
        """Returns the day at which `clock` days of average rate have passed."""
        if self.parameters.season_amplitude == 0:
            return clock
        day, passed = self._clock_grid
        return np.interp(clock, passed, day)

    def acquisition_days(self, uniform: Numbers) -> Numbers:
        """Returns days of acquisition for uniform numbers in [0, 1)."""
        values = self.parameters
        day = np.linspace(0.0, self.days, self.day_count + 1)
        intensity = (1 + values.acquisition_growth * day / self.days) * self.season(
            day, values.acquisition_season
        )
        passed = np.concatenate([[0.0], np.cumsum((intensity[1:] + intensity[:-1]) / 2)])
        return np.minimum(np.interp(uniform, passed / passed[-1], day), self.days - 1e-6)

    # ------------------------------------------------------------------ changes
    @cached_property
    def price_rise_day(self) -> float:
        """Day of the shop's price rise, a local midnight."""
        return float(round(self.days * self.parameters.price_rise_position))

    @cached_property
    def plan_price_rise_day(self) -> float:
        """Day of plan pro's price rise, a local midnight."""
        return float(round(self.days * self.parameters.plan_price_rise_position))

    # ------------------------------------------------------------------ money
    @cached_property
    def usd_rates(self) -> Numbers:
        """Euro for one US dollar, per day of the history, 6 decimals."""
        steps = self.stream("exchange_rates").normal(0.0, 0.003, self.day_count)
        level = np.empty(self.day_count)
        value = 0.92
        for index, step in enumerate(steps):
            value += 0.01 * (0.92 - value) + step * 0.92
            level[index] = value
        return np.round(np.clip(level, 0.7, 1.2), 6)

    # ------------------------------------------------------------------ products
    @cached_property
    def list_prices(self) -> Codes:
        """List price of the goods in cents, rising."""
        return np.unique(np.round(np.geomspace(250, 25_000, GOODS)).astype(np.int64) // 10 * 10)

    @cached_property
    def goods_categories(self) -> Codes:
        """Category of each good."""
        return self.stream("products").integers(0, len(CATEGORIES), len(self.list_prices))

    # ------------------------------------------------------------------ employees
    @cached_property
    def employee_count(self) -> int:
        """Employees, about one for 400 customers, at most 200."""
        return int(np.clip(self.parameters.customers // 400, 8, 200))

    @cached_property
    def owner_factors(self) -> Numbers:
        """True factor of each employee on their customers' chance to drop out; spread evenly."""
        spread = self.parameters.owner_spread
        factors = np.linspace(1 - spread, 1 + spread, self.employee_count)
        return self.stream("employees").permutation(factors)

    @cached_property
    def employee_has_left(self) -> Flags:
        """Employees who left halfway; they own nobody any more."""
        return np.arange(self.employee_count) % 8 == 7

    @cached_property
    def employee_left_day(self) -> float:
        """Last day of those who left."""
        return float(self.day_count // 2)

    # ------------------------------------------------------------------ campaigns
    @cached_property
    def campaigns(self) -> Campaigns:
        """Win-back campaigns with control groups first, then offers, newsletters, the welcome."""
        values = self.parameters
        tested = values.campaigns_with_effect + values.campaigns_without_effect
        # effects spread evenly over the calendar, so that no season tells them apart
        count = np.arange(tested + 1) * values.campaigns_with_effect // max(1, tested)
        has_effect = np.diff(count) > 0
        last = self.days - values.campaign_window_days - 2
        tested_days = np.floor(np.linspace(0.3 * self.days, last, tested)) + 8 / 24
        offers = np.floor(np.array([0.4, 0.8]) * self.days) + 9 / 24
        newsletters = np.arange(30.0, self.days, 30.0) + 7 / 24
        welcome = np.zeros(1)
        effect = np.where(has_effect, values.campaign_effect, 0.0)
        return Campaigns(
            kind=(
                *["reactivation"] * tested,
                *["offer"] * len(offers),
                *["newsletter"] * len(newsletters),
                "welcome",
            ),
            sent=np.concatenate([tested_days, offers, newsletters, welcome]),
            effect=np.concatenate([effect, np.zeros(len(offers) + len(newsletters) + 1)]),
            is_tested=np.arange(tested + len(offers) + len(newsletters) + 1) < tested,
        )

    @cached_property
    def tested_campaigns(self) -> int:
        """Number of campaigns with a control group; they come first."""
        return int(self.campaigns.is_tested.sum())

    @cached_property
    def people_per_arm(self) -> int:
        """People treated, and people held back, in each tested campaign."""
        values = self.parameters
        return values.campaign_people_per_arm or max(1, round(0.02 * values.customers))

    # ------------------------------------------------------------------ blocks
    @cached_property
    def block_count(self) -> int:
        """Number of blocks of people."""
        return -(-self.parameters.customers // BLOCK_SIZE)

    def block_people(self, block: int) -> Codes:
        """Returns the numbers of a block's people, from 1."""
        last = min((block + 1) * BLOCK_SIZE, self.parameters.customers)
        return np.arange(block * BLOCK_SIZE, last, dtype=np.int64) + 1

    def share_of_block(self, total: int, block: int) -> int:
        """Returns how many of `total` fall to one block, so that the blocks sum to `total`."""
        edges = np.minimum(np.array([block, block + 1]) * BLOCK_SIZE, self.parameters.customers)
        before, after = edges * total // self.parameters.customers
        return int(after - before)
