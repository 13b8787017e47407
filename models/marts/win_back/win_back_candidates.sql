-- One row per person lost at the cutoff (basis any): category of the win-back list, why, what to
-- offer, and what can be expected. Every lost customer is there once, those to let go as well.
-- expected_value is additive over people.
with

data_cutoff as (

    select cutoff_day
    from {{ ref('int_data_cutoff') }}

),

losses as (

    select
        person_number,
        customer_id,
        present_from,
        lost_on,
        told_from
    from {{ ref('int_losses') }}
    where returned_on is null

),

values_lost as (

    select
        person_number,
        lost_on,
        annual_revenue,
        year_margin
    from {{ ref('int_annual_revenues') }}

),

reasons as (

    select
        loss_reasons.person_number,
        loss_reasons.lost_on,
        loss_reasons.reason_code,
        loss_reasons.is_said_by_customer or loss_reasons.is_said_by_survey as is_said,
        loss_reasons.is_latest,
        churn_reasons.reason,
        churn_reasons.reason_class,
        coalesce(churn_reasons.is_curable, true) as is_curable
    from {{ ref('int_loss_reasons') }} as loss_reasons
    left join {{ ref('churn_reasons') }} as churn_reasons
        on loss_reasons.reason_code = churn_reasons.reason_code

),

requests as (

    select
        customer_id,
        {{ local_day('cancel_requested_at') }} as requested_on
    from {{ ref('subscription_periods') }}
    where cancel_requested_at is not null

),

loss_variations as (

    select
        customer_id,
        xyz_class
    from {{ ref('int_loss_variations') }}

),

dimension_spells as (

    select
        person_number,
        value,
        valid_from,
        valid_to
    from {{ ref('int_dimension_spells') }}
    where dimension = 'value_class'

),

contact_costs as (

    select
        customer_id,
        occurred_on,
        cost
    from {{ ref('int_contact_costs') }}

),

owners as (

    select
        person_number,
        owner_id,
        attribution
    from {{ ref('int_owner_spells') }}
    where valid_to is null

),

chances as (

    select
        value_class,
        time_since_loss,
        people,
        returned
    from {{ ref('int_return_chances') }}

),

rules as (

    select
        position,
        value_class,
        xyz_class,
        time_since_loss,
        loss_kind,
        reason_class,
        category
    from {{ ref('win_back_rules') }}

),

solutions as (

    select
        reason_code,
        suggested_solution,
        suggested_channel
    from {{ ref('win_back_solutions') }}

),

channels as (

    select
        customer_id,
        channel,
        is_first_choice
    from {{ ref('contact_eligibility') }}
    where is_eligible

),

told as (

    select
        person_number,
        lost_on,
        bool_or(is_said) as is_said,
        max(case when is_latest then reason_code end) as last_reason_code,
        max(case when is_latest then reason end) as last_reason,
        max(case when is_latest then reason_class end) as reason_class,
        min(case when not is_curable then coalesce(reason, reason_code) end) as incurable_reason
    from reasons
    group by
        person_number,
        lost_on

),

-- asked to cancel before it ended
requested as (

    select distinct losses.person_number
    from losses
    inner join requests
        on
        losses.customer_id = requests.customer_id
        and losses.told_from <= requests.requested_on
        and losses.lost_on >= requests.requested_on

),

-- as they were valued on the last day before the loss
traits as (

    select
        losses.person_number,
        dimension_spells.value as value_class
    from losses
    inner join dimension_spells
        on
        losses.person_number = dimension_spells.person_number
        and losses.lost_on > dimension_spells.valid_from
        and (dimension_spells.valid_to is null or losses.lost_on <= dimension_spells.valid_to)

),

-- the year before the loss; one contact of unknown cost makes the sum unknown
serving as (

    select
        losses.person_number,
        sum(contact_costs.cost) as cost,
        count(*) - count(contact_costs.cost) as contacts_without_cost
    from losses
    inner join contact_costs
        on
        losses.customer_id = contact_costs.customer_id
        and losses.lost_on > contact_costs.occurred_on
        and {{ add_days('losses.lost_on', -365) }} <= contact_costs.occurred_on
    group by losses.person_number

),

described as (

    select
        losses.person_number,
        losses.customer_id,
        losses.lost_on,
        {{ days_between('losses.lost_on', 'data_cutoff.cutoff_day') }} as days_since_loss,
        {{ time_since_loss('losses.lost_on', 'data_cutoff.cutoff_day') }} as time_since_loss,
        case
            when coalesce(told.is_said, false) or requested.person_number is not null
                then 'active'
            else 'passive'
        end as loss_kind,
        coalesce(traits.value_class, '(none)') as value_class,
        coalesce(loss_variations.xyz_class, '(none)') as xyz_class,
        told.last_reason_code,
        coalesce(told.last_reason, told.last_reason_code) as last_reason,
        coalesce(told.reason_class, '(none)') as reason_class,
        told.incurable_reason,
        values_lost.annual_revenue,
        values_lost.year_margin,
        case
            when coalesce(serving.contacts_without_cost, 0) = 0
                then cast(coalesce(serving.cost, 0) as decimal(18, 2))
        end as year_cost_of_serving,
        owners.owner_id,
        coalesce(owners.attribution, 'none') as attribution
    from losses
    cross join data_cutoff
    inner join values_lost
        on
        losses.person_number = values_lost.person_number
        and losses.lost_on = values_lost.lost_on
    left join told
        on
        losses.person_number = told.person_number
        and losses.lost_on = told.lost_on
    left join requested
        on losses.person_number = requested.person_number
    left join traits
        on losses.person_number = traits.person_number
    left join loss_variations
        on losses.customer_id = loss_variations.customer_id
    left join serving
        on losses.person_number = serving.person_number
    left join owners
        on losses.person_number = owners.person_number

),

-- by combination, of which there are few, and not by person
ruled as (

    select
        combinations.value_class,
        combinations.xyz_class,
        combinations.time_since_loss,
        combinations.loss_kind,
        combinations.reason_class,
        min_by(rules.category, rules.position) as category
    from (
        select distinct
            value_class,
            xyz_class,
            time_since_loss,
            loss_kind,
            reason_class
        from described
    ) as combinations
    inner join rules
        on
        rules.value_class in (combinations.value_class, '*')
        and rules.xyz_class in (combinations.xyz_class, '*')
        and rules.time_since_loss in (combinations.time_since_loss, '*')
        and rules.loss_kind in (combinations.loss_kind, '*')
        and rules.reason_class in (combinations.reason_class, '*')
    group by
        combinations.value_class,
        combinations.xyz_class,
        combinations.time_since_loss,
        combinations.loss_kind,
        combinations.reason_class

),

judged as (

    select
        described.*,
        ruled.category,
        case
            when described.incurable_reason is not null
                then 'reason cannot be cured: ' || described.incurable_reason
            when described.year_margin < described.year_cost_of_serving
                then 'margin of the year before the loss (' || described.year_margin
                    || ') below the cost of serving (' || described.year_cost_of_serving || ')'
        end as let_go_reason,
        coalesce(own_chances.people, class_chances.people, 0) as chance_people,
        coalesce(own_chances.returned, class_chances.returned, 0) as chance_returned
    from described
    inner join ruled
        on
        described.value_class = ruled.value_class
        and described.xyz_class = ruled.xyz_class
        and described.time_since_loss = ruled.time_since_loss
        and described.loss_kind = ruled.loss_kind
        and described.reason_class = ruled.reason_class
    left join chances as own_chances
        on
        described.value_class = own_chances.value_class
        and described.time_since_loss = own_chances.time_since_loss
        and own_chances.people >= {{ var('risk_min_people') }}
    left join chances as class_chances
        on
        class_chances.value_class = '(all)'
        and described.time_since_loss = class_chances.time_since_loss

),

advised as (

    select
        judged.*,
        coalesce(solutions.suggested_solution, no_solutions.suggested_solution)
            as suggested_solution,
        coalesce(solutions.suggested_channel, no_solutions.suggested_channel)
            as suggested_channel
    from judged
    left join solutions
        on judged.last_reason_code = solutions.reason_code
    left join solutions as no_solutions
        on no_solutions.reason_code = '(none)'

),

final as (

    select
        advised.customer_id,
        case when advised.let_go_reason is null then advised.category else 'let_go' end as category,
        advised.let_go_reason,
        advised.lost_on,
        advised.days_since_loss,
        advised.time_since_loss,
        advised.loss_kind,
        advised.value_class,
        advised.xyz_class,
        advised.last_reason_code,
        advised.last_reason,
        advised.reason_class,
        advised.annual_revenue,
        advised.year_margin,
        advised.year_cost_of_serving,
        {{ share('advised.chance_returned', 'advised.chance_people') }} as chance_of_return,
        cast(advised.chance_people as bigint) as chance_people,
        case
            when advised.chance_people > 0
                then {{ prorate_money(
                    'advised.annual_revenue',
                    'cast(advised.chance_returned as decimal(18, 2))',
                    'cast(advised.chance_people as decimal(18, 2))'
                ) }}
        end as expected_value,
        advised.suggested_solution,
        case
            when advised.let_go_reason is null and advised.category <> 'let_go'
                then suggested_channels.channel
        end as suggested_channel,
        case
            when advised.let_go_reason is null and advised.category <> 'let_go'
                then coalesce(suggested_channels.channel, first_channels.channel)
        end as contact_channel,
        advised.owner_id,
        advised.attribution
    from advised
    -- the suggested channel where the person may be reached by it, else the first that is open
    left join channels as suggested_channels
        on
        advised.customer_id = suggested_channels.customer_id
        and advised.suggested_channel = suggested_channels.channel
    left join channels as first_channels
        on
        advised.customer_id = first_channels.customer_id
        and first_channels.is_first_choice

)

select * from final
