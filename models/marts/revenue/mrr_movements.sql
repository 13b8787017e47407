-- One row per person, currency and month in which the person's MRR changed, and one per currency
-- and month for all whose MRR stood still (customer_id null, is_unchanged): open + new +
-- reactivation + resume + expansion - contraction - pause - churn + fx + currency transfer = close
-- in every row and sum (definitions §4, Movements). Balances are not additive over months.
with

months as (

    select
        customer_id,
        currency,
        period_start,
        opening_mrr_native,
        closing_mrr_native,
        price_native,
        quantity_native,
        plan_native,
        add_on_native,
        discount_native,
        movement,
        churn_type
    from {{ ref('int_mrr_months') }}

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

-- The constant rate is that of the open; where the currency has none yet, that of the close.
rated as (

    select
        months.*,
        rates.opening_rate,
        rates.closing_rate,
        coalesce(rates.opening_rate, rates.closing_rate) as constant_rate
    from months
    inner join rates
        on
        months.currency = rates.currency
        and months.period_start = rates.period_start

),

valued as (

    select
        *,
        case
            when opening_mrr_native = 0 then cast(0 as decimal(18, 2))
            else {{ convert_mrr('opening_mrr_native', 'opening_rate') }}
        end as opening_mrr,
        case
            when closing_mrr_native = 0 then cast(0 as decimal(18, 2))
            else {{ convert_mrr('closing_mrr_native', 'closing_rate') }}
        end as closing_mrr,
        case
            when closing_mrr_native = 0 then cast(0 as decimal(18, 2))
            else {{ convert_mrr('closing_mrr_native', 'constant_rate') }}
        end as constant_mrr
    from rated

),

-- What the person's currencies have in common with opposite signs is a transfer between them, the
-- rest is what the person's MRR changed by.
compared as (

    select
        *,
        constant_mrr - opening_mrr as change_mrr,
        sum(constant_mrr - opening_mrr) over person_month as person_change_mrr,
        {{ transferred_mrr('customer_id') }} as transferred_mrr,
        {{ earlier_change_mrr('customer_id') }} as earlier_change_mrr,
        sum(abs({{ convert_mrr('price_native', 'constant_rate') }})) over person_month
            as price_weight,
        sum(abs({{ convert_mrr('quantity_native', 'constant_rate') }})) over person_month
            as quantity_weight,
        sum(abs({{ convert_mrr('plan_native', 'constant_rate') }})) over person_month
            as plan_weight,
        sum(abs({{ convert_mrr('add_on_native', 'constant_rate') }})) over person_month
            as add_on_weight,
        sum(abs({{ convert_mrr('discount_native', 'constant_rate') }})) over person_month
            as discount_weight,
        {{ convert_mrr('price_native', 'constant_rate') }} as price_mrr,
        {{ convert_mrr('quantity_native', 'constant_rate') }} as quantity_mrr,
        {{ convert_mrr('plan_native', 'constant_rate') }} as plan_mrr,
        {{ convert_mrr('add_on_native', 'constant_rate') }} as add_on_mrr,
        {{ convert_mrr('discount_native', 'constant_rate') }} as discount_mrr
    from valued
    window person_month as (partition by customer_id, period_start)

),

transferred as (

    select
        *,
        {{ currency_transfer_mrr(
            'movement', 'change_mrr', 'transferred_mrr', 'earlier_change_mrr'
        ) }} as currency_transfer_mrr,
        greatest(price_weight, quantity_weight, plan_weight, add_on_weight, discount_weight)
            as largest_weight
    from compared

),

-- What rounding leaves over, and what a transfer takes out, falls on the largest part.
moved as (

    select
        *,
        {{ named_movement('movement', 'person_change_mrr', 'transferred_mrr') }} as named_movement,
        case when movement = 'change' then change_mrr - currency_transfer_mrr else 0 end
            as net_change_mrr,
        case largest_weight
            when plan_weight then 'plan'
            when price_weight then 'price'
            when quantity_weight then 'quantity'
            when add_on_weight then 'add_on'
            else 'discount'
        end as main_type,
        change_mrr - currency_transfer_mrr
        - price_mrr - quantity_mrr - plan_mrr - add_on_mrr - discount_mrr as left_over_mrr
    from transferred

),

changed as (

    select
        period_start,
        customer_id,
        currency,
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
        closing_mrr,
        case
            when movement = 'change'
                then price_mrr + case when main_type = 'price' then left_over_mrr else 0 end
            else 0
        end as price_change_mrr,
        case
            when movement = 'change'
                then quantity_mrr + case when main_type = 'quantity' then left_over_mrr else 0 end
            else 0
        end as quantity_change_mrr,
        case
            when movement = 'change'
                then plan_mrr + case when main_type = 'plan' then left_over_mrr else 0 end
            else 0
        end as plan_change_mrr,
        case
            when movement = 'change'
                then add_on_mrr + case when main_type = 'add_on' then left_over_mrr else 0 end
            else 0
        end as add_on_change_mrr,
        case
            when movement = 'change'
                then discount_mrr + case when main_type = 'discount' then left_over_mrr else 0 end
            else 0
        end as discount_change_mrr
    from moved

),

changed_totals as (

    select
        period_start,
        currency,
        sum(case when opening_mrr_native > 0 then 1 else 0 end) as opening_customers,
        sum(opening_mrr_native) as opening_mrr_native,
        sum(closing_mrr_native) as closing_mrr_native,
        sum(opening_mrr) as opening_mrr,
        sum(closing_mrr) as closing_mrr
    from changed
    group by
        period_start,
        currency

),

-- Everybody less those who moved: what is left stood still.
unchanged as (

    select
        rates.period_start,
        rates.currency,
        rates.opening_rate,
        rates.closing_rate,
        coalesce(openings.customers, 0) - coalesce(changed_totals.opening_customers, 0)
            as customers,
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
        customer_id,
        currency,
        false as is_unchanged,
        1 as customers,
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
        closing_mrr,
        price_change_mrr,
        quantity_change_mrr,
        plan_change_mrr,
        add_on_change_mrr,
        discount_change_mrr
    from changed

    union all

    select
        period_start,
        cast(null as varchar) as customer_id,
        currency,
        true as is_unchanged,
        customers,
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
        closing_mrr,
        0 as price_change_mrr,
        0 as quantity_change_mrr,
        0 as plan_change_mrr,
        0 as add_on_change_mrr,
        0 as discount_change_mrr
    from unchanged

),

final as (

    select
        lines.period_start,
        lines.customer_id,
        lines.currency,
        lines.is_unchanged,
        cast(lines.customers as bigint) as customers,
        lines.movement,
        lines.churn_type,
        -- sums over people: wider than one person's
        cast(lines.opening_mrr_native as decimal(28, 6)) as opening_mrr_native,
        cast(lines.closing_mrr_native as decimal(28, 6)) as closing_mrr_native,
        lines.opening_rate as opening_exchange_rate,
        lines.closing_rate as closing_exchange_rate,
        cast(lines.opening_mrr as decimal(18, 2)) as opening_mrr,
        cast(lines.new_mrr as decimal(18, 2)) as new_mrr,
        cast(lines.reactivation_mrr as decimal(18, 2)) as reactivation_mrr,
        cast(lines.resume_mrr as decimal(18, 2)) as resume_mrr,
        cast(lines.expansion_mrr as decimal(18, 2)) as expansion_mrr,
        cast(lines.contraction_mrr as decimal(18, 2)) as contraction_mrr,
        cast(lines.pause_mrr as decimal(18, 2)) as pause_mrr,
        cast(lines.churn_mrr as decimal(18, 2)) as churn_mrr,
        cast(lines.fx_mrr as decimal(18, 2)) as fx_mrr,
        cast(lines.currency_transfer_mrr as decimal(18, 2)) as currency_transfer_mrr,
        cast(lines.closing_mrr as decimal(18, 2)) as closing_mrr,
        cast(lines.price_change_mrr as decimal(18, 2)) as price_change_mrr,
        cast(lines.quantity_change_mrr as decimal(18, 2)) as quantity_change_mrr,
        cast(lines.plan_change_mrr as decimal(18, 2)) as plan_change_mrr,
        cast(lines.add_on_change_mrr as decimal(18, 2)) as add_on_change_mrr,
        cast(lines.discount_change_mrr as decimal(18, 2)) as discount_change_mrr,
        rates.is_complete,
        rates.is_final
    from lines
    inner join rates
        on
        lines.currency = rates.currency
        and lines.period_start = rates.period_start

)

select * from final
