-- One row per person and stretch [valid_from, valid_to) of local days in which they are not lost
-- (basis orders) and have the same net revenue of the revenue_window_days that end with each day,
-- at least 0 (definitions §4, Rates): what a shop has of a person as MRR is of a subscriber.
with

data_cutoff as (

    select cutoff_day
    from {{ ref('int_data_cutoff') }}

),

shop_days as (

    select
        customer_id,
        ordered_on,
        net_revenue
    from {{ ref('int_shop_days') }}

),

presence as (

    select
        customer_id,
        present_from,
        present_to
    from {{ ref('int_presence') }}
    where basis = 'orders'

),

steps as (

    select
        customer_id,
        ordered_on as changed_on,
        net_revenue
    from shop_days

    union all

    select
        shop_days.customer_id,
        {{ add_days('shop_days.ordered_on', var('revenue_window_days')) }} as changed_on,
        -shop_days.net_revenue as net_revenue
    from shop_days
    cross join data_cutoff
    where {{ add_days('shop_days.ordered_on', var('revenue_window_days')) }}
        <= data_cutoff.cutoff_day

),

day_steps as (

    select
        customer_id,
        changed_on,
        sum(net_revenue) as net_revenue
    from steps
    group by
        customer_id,
        changed_on

),

balances as (

    select
        customer_id,
        changed_on as valid_from,
        lead(changed_on) over (
            partition by customer_id
            order by changed_on nulls first
        ) as valid_to,
        sum(net_revenue) over (
            partition by customer_id
            order by changed_on nulls first
            rows between unbounded preceding and current row
        ) as net_revenue
    from day_steps

),

final as (

    select
        balances.customer_id,
        greatest(balances.valid_from, presence.present_from) as valid_from,
        case
            when balances.valid_to is null then presence.present_to
            when presence.present_to is null then balances.valid_to
            else least(balances.valid_to, presence.present_to)
        end as valid_to,
        cast(greatest(balances.net_revenue, 0) as decimal(18, 2)) as net_revenue
    from balances
    inner join presence
        on
        balances.customer_id = presence.customer_id
        and (presence.present_to is null or balances.valid_from < presence.present_to)
        and (balances.valid_to is null or balances.valid_to > presence.present_from)

)

select * from final
