-- One row per parent account, currency and month in which the MRR of an account below it or its own
-- changed, and one per currency and month for all parents that stood still (null, is_unchanged):
-- mrr_movements with all accounts of a parent netted as one (definitions §4, E19); an account alone
-- is its own parent. Balances are not additive over months.
with

mrr_movements as (

    select
        period_start,
        customer_id,
        currency,
        movement,
        churn_type,
        opening_mrr_native,
        closing_mrr_native,
        opening_exchange_rate,
        closing_exchange_rate,
        opening_mrr,
        new_mrr,
        reactivation_mrr,
        resume_mrr,
        expansion_mrr,
        contraction_mrr,
        pause_mrr,
        churn_mrr,
        fx_mrr,
        currency_transfer_mrr,
        closing_mrr
    from {{ ref('mrr_movements') }}
    where not is_unchanged

),

parents as (

    select
        customer_id,
        parent_customer_id
    from {{ ref('int_customer_parents') }}

),

parent_months as (

    select
        parent_customer_id,
        currency,
        period_start,
        opening_accounts,
        closing_accounts,
        opening_mrr_native,
        closing_mrr_native,
        opening_rate,
        closing_rate,
        opening_mrr,
        constant_mrr,
        closing_mrr,
        movement,
        churn_type
    from {{ ref('int_parent_mrr_months') }}

),

rates as (

    select
        currency,
        month_number,
        period_start,
        is_complete,
        is_final,
        has_begun,
        opening_rate,
        closing_rate
    from {{ ref('int_mrr_rates') }}

),

totals as (

    select
        currency,
        month_number,
        customers,
        mrr_native,
        mrr
    from {{ ref('int_mrr_totals') }}

),

-- What the parent's currencies have in common with opposite signs is a transfer between them, the
-- rest is what the parent's MRR changed by.
compared as (

    select
        *,
        constant_mrr - opening_mrr as change_mrr,
        sum(constant_mrr - opening_mrr) over parent_month as parent_change_mrr,
        {{ transferred_mrr('parent_customer_id') }} as transferred_mrr,
        {{ earlier_change_mrr('parent_customer_id') }} as earlier_change_mrr
    from parent_months
    window parent_month as (partition by parent_customer_id, period_start)

),

transferred as (

    select
        *,
        {{ currency_transfer_mrr(
            'movement', 'change_mrr', 'transferred_mrr', 'earlier_change_mrr'
        ) }} as currency_transfer_mrr
    from compared

),

netted as (

    select
        *,
        {{ named_movement('movement', 'parent_change_mrr', 'transferred_mrr') }} as named_movement,
        case when movement = 'change' then change_mrr - currency_transfer_mrr else 0 end
            as net_change_mrr
    from transferred

),

-- Of an account alone the month is that of mrr_movements.
changed as (

    select
        period_start,
        parent_customer_id,
        currency,
        opening_accounts,
        closing_accounts,
        named_movement as movement,
        churn_type,
        opening_mrr_native,
        closing_mrr_native,
        opening_rate,
        closing_rate,
        opening_mrr,
        case when movement = 'new' then closing_mrr else 0 end as new_mrr,
        case when movement = 'reactivation' then closing_mrr else 0 end as reactivation_mrr,
        case when movement = 'resume' then closing_mrr else 0 end as resume_mrr,
        greatest(net_change_mrr, 0) as expansion_mrr,
        greatest(-net_change_mrr, 0) as contraction_mrr,
        case when movement = 'pause' then opening_mrr else 0 end as pause_mrr,
        case when movement = 'churn' then opening_mrr else 0 end as churn_mrr,
        case when movement = 'change' then closing_mrr - constant_mrr else 0 end as fx_mrr,
        currency_transfer_mrr,
        closing_mrr
    from netted

    union all

    select
        mrr_movements.period_start,
        mrr_movements.customer_id as parent_customer_id,
        mrr_movements.currency,
        case when mrr_movements.opening_mrr_native > 0 then 1 else 0 end as opening_accounts,
        case when mrr_movements.closing_mrr_native > 0 then 1 else 0 end as closing_accounts,
        mrr_movements.movement,
        mrr_movements.churn_type,
        mrr_movements.opening_mrr_native,
        mrr_movements.closing_mrr_native,
        mrr_movements.opening_exchange_rate as opening_rate,
        mrr_movements.closing_exchange_rate as closing_rate,
        mrr_movements.opening_mrr,
        mrr_movements.new_mrr,
        mrr_movements.reactivation_mrr,
        mrr_movements.resume_mrr,
        mrr_movements.expansion_mrr,
        mrr_movements.contraction_mrr,
        mrr_movements.pause_mrr,
        mrr_movements.churn_mrr,
        mrr_movements.fx_mrr,
        mrr_movements.currency_transfer_mrr,
        mrr_movements.closing_mrr
    from mrr_movements
    left join parents
        on mrr_movements.customer_id = parents.customer_id
    where parents.customer_id is null

),

changed_totals as (

    select
        period_start,
        currency,
        sum(opening_accounts) as opening_accounts,
        sum(closing_accounts) as closing_accounts,
        sum(opening_mrr_native) as opening_mrr_native,
        sum(closing_mrr_native) as closing_mrr_native,
        sum(opening_mrr) as opening_mrr,
        sum(closing_mrr) as closing_mrr
    from changed
    group by
        period_start,
        currency

),

-- Everybody less the accounts of those who moved: what is left stood still.
unchanged as (

    select
        rates.period_start,
        rates.currency,
        rates.opening_rate,
        rates.closing_rate,
        coalesce(openings.customers, 0) - coalesce(changed_totals.opening_accounts, 0)
            as opening_accounts,
        closings.customers - coalesce(changed_totals.closing_accounts, 0) as closing_accounts,
        coalesce(openings.mrr_native, 0) - coalesce(changed_totals.opening_mrr_native, 0)
            as opening_mrr_native,
        closings.mrr_native - coalesce(changed_totals.closing_mrr_native, 0)
            as closing_mrr_native,
        coalesce(openings.mrr, 0) - coalesce(changed_totals.opening_mrr, 0) as opening_mrr,
        closings.mrr - coalesce(changed_totals.closing_mrr, 0) as closing_mrr
    from rates
    inner join totals as closings
        on
        rates.currency = closings.currency
        and rates.month_number = closings.month_number
    left join totals as openings
        on
        rates.currency = openings.currency
        and rates.month_number - 1 = openings.month_number
    left join changed_totals
        on
        rates.currency = changed_totals.currency
        and rates.period_start = changed_totals.period_start
    where rates.has_begun

),

lines as (

    select
        period_start,
        parent_customer_id,
        currency,
        false as is_unchanged,
        opening_accounts,
        closing_accounts,
        movement,
        churn_type,
        opening_mrr_native,
        closing_mrr_native,
        opening_rate,
        closing_rate,
        opening_mrr,
        new_mrr,
        reactivation_mrr,
        resume_mrr,
        expansion_mrr,
        contraction_mrr,
        pause_mrr,
        churn_mrr,
        fx_mrr,
        currency_transfer_mrr,
        closing_mrr
    from changed

    union all

    select
        period_start,
        cast(null as varchar) as parent_customer_id,
        currency,
        true as is_unchanged,
        opening_accounts,
        closing_accounts,
        'unchanged' as movement,
        cast(null as varchar) as churn_type,
        opening_mrr_native,
        closing_mrr_native,
        opening_rate,
        closing_rate,
        opening_mrr,
        0 as new_mrr,
        0 as reactivation_mrr,
        0 as resume_mrr,
        0 as expansion_mrr,
        0 as contraction_mrr,
        0 as pause_mrr,
        0 as churn_mrr,
        closing_mrr - opening_mrr as fx_mrr,
        0 as currency_transfer_mrr,
        closing_mrr
    from unchanged

),

final as (

    select
        lines.period_start,
        lines.parent_customer_id,
        lines.currency,
        lines.is_unchanged,
        cast(lines.opening_accounts as bigint) as opening_accounts,
        cast(lines.closing_accounts as bigint) as closing_accounts,
        lines.movement,
        lines.churn_type,
        cast(lines.opening_mrr_native as decimal(28, 6)) as opening_mrr_native,
        cast(lines.closing_mrr_native as decimal(28, 6)) as closing_mrr_native,
        lines.opening_rate as opening_exchange_rate,
        lines.closing_rate as closing_exchange_rate,
        {% for line in [
            'opening', 'new', 'reactivation', 'resume', 'expansion', 'contraction', 'pause',
            'churn', 'fx', 'currency_transfer', 'closing'
        ] %}
            cast(lines.{{ line }}_mrr as decimal(18, 2)) as {{ line }}_mrr,
        {% endfor %}
        rates.is_complete,
        rates.is_final
    from lines
    inner join rates
        on
        lines.currency = rates.currency
        and lines.period_start = rates.period_start

)

select * from final
