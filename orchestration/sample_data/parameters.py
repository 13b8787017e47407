"""Everything the sample follows, in one place; the same values are written to truth.json.

Every effect has a neutral value (0 for an additive one, 1 for a factor) at which the process is
exactly the textbook's: purchases BG/NBD, spend Gamma-Gamma, subscriptions shifted beta-geometric.
`plain()` sets all of them so and takes the mess away.
"""

import dataclasses
import datetime as dt
from dataclasses import dataclass
from typing import Any, Self


class ParameterError(ValueError):
    """A parameter that does not exist, or a value that does not fit it."""


@dataclass(frozen=True)
class Parameters:
    """The stated process of the sample, its effects and its mess.

    Times are in days unless a name says otherwise, shares and probabilities lie in 0-1, money is in
    euro. Factors multiply the chance to drop out after one purchase (or at one renewal).

    Attributes:
        customers: People in the sample: buyers, subscribers and prospects.
        seed: Start of every random stream.
        until: Last day with events; nothing in the sample happened later.
        years: Length of the history that ends with `until`.

        acquisition_growth: Growth of daily new customers from the first to the last day (relative).
        acquisition_season: Amplitude of the yearly wave in new customers.
        channel_sorting: How far people of high purchase rate come by some channels and countries
            rather than others (0 = not at all, 1 = strongly); the rates themselves do not change.
        prospect_share: People with an account who never buy.
        subscriber_share: People with a subscription.
        subscription_only_share: Subscribers who never buy in the shop.

        r: Purchase rate per week of a person ~ Gamma(shape r, rate alpha) (BG/NBD).
        alpha: See r, in weeks.
        a: Chance to drop out after each repeat purchase ~ Beta(a, b) (BG/NBD).
        b: See a.
        season_amplitude: Amplitude of the yearly wave in purchase rates, peak on 10 December.
        reactivation_share: People dropped out who come back after a long pause.
        reactivation_pause_days: Least pause before they do; the mean is twice as long.

        spend_p: Net revenue of a purchase day ~ Gamma(shape p, rate nu) (Gamma-Gamma).
        spend_q: nu of a person ~ Gamma(shape q, rate gamma).
        spend_gamma: See spend_q, in euro.
        usd_share: People who pay in US dollar.

        price_rise_spend: What a purchase costs more from the shop's price rise on, relative.
        price_rise_churn_factor: Factor for purchases in the 90 days after it.
        price_rise_position: When it took effect, as a share of the history.
        plan_price_rise: What plan `pro` costs more from its price rise on, relative.
        plan_price_rise_churn_factor: Factor for its renewals in the 100 days after it.
        plan_price_rise_position: When it took effect, as a share of the history.

        complaint_rate: Purchases followed by a complaint.
        complaint_solved_share: Complaints that get solved.
        complaint_solved_factor: Factor where the complaint got solved.
        complaint_unsolved_factor: Factor where it did not.
        late_response_share: Complaints first answered after more than two days.
        late_response_factor: Further factor where the answer came late.

        onboarding_share: Accounts that complete the step `profile_completed` within 14 days.
        onboarding_effect: What completing it adds to the chance of a second purchase within 60
            days, in points; the other steps add nothing.

        campaigns_with_effect: Win-back campaigns that bring people back.
        campaigns_without_effect: Win-back campaigns that change nothing.
        campaign_effect: What the former add to the chance of a purchase within the window (points).
        campaign_people_per_arm: People treated, and people held back, per campaign, each in one
            campaign only; 0 = 2 % of the customers.
        campaign_window_days: Window in which a purchase counts as a return.
        campaign_base_return: Share of a campaign's people who buy within the window by themselves;
            people are chosen so; 0 = as it comes.
        campaign_silent_from_days: Least silence of the people addressed.
        campaign_silent_to_days: Greatest silence of the people addressed.

        owner_spread: How much employees differ: factors from 1 - spread to 1 + spread.
        owner_share: Accounts with an account owner.
        handover_share: Accounts handed to another owner; a later delivery says so.

        survey_leaver_drop: NPS points by which someone who just made their last purchase is lower
            (half of it for csat, and ces).
        survey_complaint_drop: NPS points after an unsolved complaint.
        usage_share: Shoppers whose use of site and app is recorded; all subscribers' is.
        usage_days_per_week: Mean days of use per week.
        usage_fall: Share of the use that is gone by the day of loss; it falls over the last weeks.

        plan_basic_alpha: Chance to leave at each renewal of a subscription to plan basic ~
            Beta(alpha, beta): shifted beta-geometric. The same for pro (monthly), business
            (yearly, seats), box (monthly, raises orders), box4w (every four weeks, raises orders).
        plan_basic_beta: See plan_basic_alpha.
        plan_pro_alpha: See plan_basic_alpha.
        plan_pro_beta: See plan_basic_alpha.
        plan_business_alpha: See plan_basic_alpha.
        plan_business_beta: See plan_basic_alpha.
        plan_box_alpha: See plan_basic_alpha.
        plan_box_beta: See plan_basic_alpha.
        box_share: Subscribers who do not shop and hold a box plan.
        trial_share: Subscriptions to basic or pro that start with 14 days of trial.
        trial_conversion: Trials that become paid.
        upgrade_rate: Renewals of basic that move to pro, per renewal.
        downgrade_rate: Renewals of pro that move to basic, per renewal.
        pause_rate: Renewals that turn into a pause of one to four months.
        pause_return_share: Pauses that end in service again.
        past_due_rate: Renewals whose payment fails.
        recovery_share: Failed payments that are made good within three weeks.
        discount_share: Subscriptions that start with a recurring discount of six cycles.
        one_cycle_discount_share: Subscriptions whose first cycle alone is cheaper.

        guest_share: Buyers who never open an account.
        guest_order_share: Orders of account holders placed as a guest, e-mail often in other case
            or with blanks.
        anonymous_share: Till sales to nobody known, relative to purchases.
        second_order_share: Purchase days with two orders.
        merge_share: People with two accounts that were merged.
        shared_email_share: Accounts under a shared e-mail address (purchasing@...).
        erased_share: People erased at their own request.
        discounted_share: Orders with a discount.
        untaxed_share: Orders whose source states tax and shipping on top.
        gift_card_spent_share: Orders partly paid by gift card.
        gift_card_added_share: Orders with a gift card among the goods.
        cents_tie_share: Orders whose amount ends on half a cent.

        cancelled_share: Further orders that were cancelled, relative to purchases; so below.
        void_share: Further orders, void.
        failed_share: Further orders whose payment failed.
        pending_share: Further orders still pending, in the last week.
        zero_share: Further orders of amount 0.
        test_share: Further test orders.
        exchange_share: Further orders that are exchanges.
        gift_card_only_share: Further orders for a gift card alone.
        other_channel_share: Further orders of staff, wholesale and draft channels.

        partial_refund_share: Orders refunded in part.
        full_refund_share: Orders refunded in full.
        over_refund_share: Orders refunded beyond their amount.
        chargeback_share: Orders charged back; a third is won later.
        unrecorded_refund_share: Fully refunded orders without a refund row.
        orphan_refund_share: Refunds of orders older than the history, relative to purchases.

        late_share: Rows delivered in a later file.
        correction_share: Rows first delivered wrong and corrected in a later file.
        duplicate_share: Rows delivered twice.
        refused_share: Lines no loader may take, relative to the rows of each input.
        orphan_item_share: Order lines without their order, relative to order lines.
        itemless_share: Orders without lines, relative to orders.
    """

    customers: int = 5000
    seed: int = 1
    until: dt.date = dt.date(2026, 10, 31)
    years: float = 3.0

    acquisition_growth: float = 0.3
    acquisition_season: float = 0.2
    channel_sorting: float = 0.5
    prospect_share: float = 0.02
    subscriber_share: float = 0.2
    subscription_only_share: float = 0.3

    r: float = 1.1
    alpha: float = 3.4
    a: float = 0.7
    b: float = 7.0
    season_amplitude: float = 0.25
    reactivation_share: float = 0.12
    reactivation_pause_days: float = 120.0

    spend_p: float = 6.0
    spend_q: float = 4.0
    spend_gamma: float = 20.0
    usd_share: float = 0.08

    price_rise_spend: float = 0.06
    price_rise_churn_factor: float = 1.3
    price_rise_position: float = 0.55
    plan_price_rise: float = 0.15
    plan_price_rise_churn_factor: float = 1.8
    plan_price_rise_position: float = 0.6

    complaint_rate: float = 0.03
    complaint_solved_share: float = 0.7
    complaint_solved_factor: float = 1.2
    complaint_unsolved_factor: float = 4.0
    late_response_share: float = 0.25
    late_response_factor: float = 1.3

    onboarding_share: float = 0.5
    onboarding_effect: float = 0.08

    campaigns_with_effect: int = 6
    campaigns_without_effect: int = 4
    campaign_effect: float = 0.05
    campaign_people_per_arm: int = 0
    campaign_window_days: int = 30
    campaign_base_return: float = 0.1
    campaign_silent_from_days: float = 45.0
    campaign_silent_to_days: float = 400.0

    owner_spread: float = 0.15
    owner_share: float = 0.6
    handover_share: float = 0.03

    survey_leaver_drop: float = 2.0
    survey_complaint_drop: float = 2.5
    usage_share: float = 0.3
    usage_days_per_week: float = 0.8
    usage_fall: float = 0.8

    plan_basic_alpha: float = 0.9
    plan_basic_beta: float = 12.0
    plan_pro_alpha: float = 0.7
    plan_pro_beta: float = 16.0
    plan_business_alpha: float = 0.6
    plan_business_beta: float = 2.4
    plan_box_alpha: float = 1.0
    plan_box_beta: float = 9.0
    box_share: float = 0.4
    trial_share: float = 0.25
    trial_conversion: float = 0.65
    upgrade_rate: float = 0.012
    downgrade_rate: float = 0.006
    pause_rate: float = 0.008
    pause_return_share: float = 0.7
    past_due_rate: float = 0.02
    recovery_share: float = 0.75
    discount_share: float = 0.12
    one_cycle_discount_share: float = 0.08

    guest_share: float = 0.06
    guest_order_share: float = 0.04
    anonymous_share: float = 0.03
    second_order_share: float = 0.02
    merge_share: float = 0.015
    shared_email_share: float = 0.01
    erased_share: float = 0.005
    discounted_share: float = 0.2
    untaxed_share: float = 0.04
    gift_card_spent_share: float = 0.01
    gift_card_added_share: float = 0.004
    cents_tie_share: float = 0.01

    cancelled_share: float = 0.012
    void_share: float = 0.002
    failed_share: float = 0.008
    pending_share: float = 0.002
    zero_share: float = 0.004
    test_share: float = 0.002
    exchange_share: float = 0.008
    gift_card_only_share: float = 0.003
    other_channel_share: float = 0.004

    partial_refund_share: float = 0.04
    full_refund_share: float = 0.02
    over_refund_share: float = 0.001
    chargeback_share: float = 0.002
    unrecorded_refund_share: float = 0.1
    orphan_refund_share: float = 0.001

    late_share: float = 0.005
    correction_share: float = 0.004
    duplicate_share: float = 0.003
    refused_share: float = 0.002
    orphan_item_share: float = 0.001
    itemless_share: float = 0.0005

    def __post_init__(self) -> None:
        """Refuses values outside their range.

        Raises:
            ParameterError: Naming the parameter.
        """
        for name, value in dataclasses.asdict(self).items():
            self._check(name, value)
        if self.campaign_silent_to_days <= self.campaign_silent_from_days:
            raise ParameterError("campaign_silent_to_days must exceed campaign_silent_from_days")

    def _check(self, name: str, value: object) -> None:
        """Refuses one value that is outside its range."""
        if isinstance(value, dt.date):
            return
        if name in POSITIVE and not value > 0:
            raise ParameterError(f"{name} must be above 0, not {value}")
        if value < 0:
            raise ParameterError(f"{name} must not be negative, not {value}")
        if (name.endswith(SHARES) or name in MORE_SHARES) and value > 1:
            raise ParameterError(f"{name} must lie between 0 and 1, not {value}")

    def plain(self) -> Self:
        """Returns these parameters with every effect neutral and no mess.

        What is left is the textbook: BG/NBD purchases, Gamma-Gamma spend in one currency, one valid
        order per purchase, subscriptions that end by their own hazard alone.
        """
        return dataclasses.replace(self, **PLAIN)

    def with_assignments(self, assignments: list[str]) -> Self:
        """Returns these parameters with `name=value` texts applied.

        Args:
            assignments: Texts such as `r=0.8`; the last one of a name wins.

        Raises:
            ParameterError: Naming the text that does not fit.
        """
        types = {field.name: field.type for field in dataclasses.fields(self)}
        changes: dict[str, Any] = {}
        for assignment in assignments:
            name, separator, text = assignment.partition("=")
            if not separator or name not in types:
                known = ", ".join(types)
                raise ParameterError(f"{assignment!r} sets no parameter; there are: {known}")
            parse = dt.date.fromisoformat if types[name] is dt.date else types[name]
            try:
                changes[name] = parse(text)
            except ValueError as error:
                raise ParameterError(f"{assignment!r}: {text!r} does not fit {name}") from error
        return dataclasses.replace(self, **changes)

    def as_json(self) -> dict[str, Any]:
        """Returns the parameters as truth.json holds them (dates as ISO text)."""
        return {
            name: value.isoformat() if isinstance(value, dt.date) else value
            for name, value in dataclasses.asdict(self).items()
        }


POSITIVE = {
    "customers", "years", "r", "alpha", "a", "b", "spend_p", "spend_q", "spend_gamma",
    "campaign_window_days",
    *(f"plan_{plan}_{part}" for plan in ("basic", "pro", "business", "box")
      for part in ("alpha", "beta")),
}  # fmt: skip
SHARES = ("_share", "_position", "_amplitude", "_rate", "_conversion", "_spread")
MORE_SHARES = {
    "acquisition_season", "channel_sorting", "onboarding_effect", "campaign_effect",
    "campaign_base_return", "usage_fall",
}  # fmt: skip

_KEPT_IN_PLAIN = {
    "subscriber_share", "subscription_only_share", "usage_share", "owner_share",
    "complaint_solved_share", "late_response_share", "onboarding_share", "recovery_share",
    "pause_return_share",
}  # fmt: skip
PLAIN: dict[str, float | int] = {
    **{
        field.name: 0.0
        for field in dataclasses.fields(Parameters)
        if field.name.endswith("_share") and field.name not in _KEPT_IN_PLAIN
    },
    **{
        field.name: 1.0
        for field in dataclasses.fields(Parameters)
        if field.name.endswith("_factor")
    },
    "season_amplitude": 0.0,
    "price_rise_spend": 0.0,
    "plan_price_rise": 0.0,
    "onboarding_effect": 0.0,
    "campaign_effect": 0.0,
    "owner_spread": 0.0,
    "upgrade_rate": 0.0,
    "downgrade_rate": 0.0,
    "pause_rate": 0.0,
    "past_due_rate": 0.0,
}
