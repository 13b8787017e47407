-- One row per person and month in which a buyer was lost (int_lost_customers, basis orders): what
-- they were on the day of the loss, in the terms of the purchase models.
with

losses as (

    select
        person_number,
        customer_id,
        period_number,
        lost_on
    from {{ ref('int_lost_customers') }}
    where basis = 'orders'

),

occasions as (

    select
        customer_id,
        occasion_on,
        occasion_number,
        net_revenue
    from {{ ref('int_purchase_occasions') }}

),

summed as (

    select
        losses.person_number,
        losses.period_number,
        losses.lost_on,
        min(occasions.occasion_on) as first_on,
        count(*) as purchase_days,
        sum(case when occasions.occasion_number > 1 then occasions.net_revenue end)
            as repeat_revenue
    from losses
    inner join occasions
        on
        losses.customer_id = occasions.customer_id
        and losses.lost_on > occasions.occasion_on
    group by
        losses.person_number,
        losses.period_number,
        losses.lost_on

),

final as (

    select
        person_number,
        period_number,
        cast(purchase_days - 1 as bigint) as frequency,
        cast({{ days_between('first_on', 'lost_on') }} as bigint) as age_days,
        cast(coalesce(repeat_revenue, 0) as decimal(18, 2)) as repeat_revenue
    from summed

)

select * from final
