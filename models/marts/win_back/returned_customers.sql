-- One row per month, quarter or year of return, loyalty tier and reason of the loss: what those who
-- came back (basis any) bought since, against before the loss and against never-lost customers of
-- the same value class; and how many were lost again. Counts and sums are additive; who came back
-- twice counts twice.
{% set horizon = var('risk_horizon_days') %}
with

returns as (

    select
        returned_on,
        value_class,
        loyalty_tier,
        reason_code,
        {{ days_between('returned_on', 'lost_again_on') }} as lost_again_after,
        followed_days,
        orders_after,
        spend_after,
        orders_before,
        spend_before
    from {{ ref('int_returns') }}

),

like_customers as (

    select
        value_class,
        people,
        orders,
        spend
    from {{ ref('int_like_customers') }}

),

churn_reasons as (

    select
        reason_code,
        reason
    from {{ ref('churn_reasons') }}

),

periods as (

    select
        grain,
        period_number,
        period_start,
        is_complete,
        is_final
    from {{ ref('int_periods') }}
    where grain <> 'week'

),

compared as (

    select
        returns.*,
        returns.followed_days >= {{ horizon }} as is_followed,
        cast(like_customers.orders as double)
        / nullif(cast(like_customers.people as double), 0) as like_orders,
        cast(like_customers.spend as double)
        / nullif(cast(like_customers.people as double), 0) as like_spend
    from returns
    left join like_customers
        on returns.value_class = like_customers.value_class

),

cells as (

    select
        periods.grain,
        periods.period_start,
        periods.is_complete,
        periods.is_final,
        compared.loyalty_tier,
        compared.reason_code,
        count(*) as returned_customers,
        cast(count_if(compared.is_followed) as bigint) as followed_customers,
        cast(
            sum(case when compared.is_followed then compared.orders_after else 0 end) as bigint
        ) as orders_after,
        cast(
            sum(case when compared.is_followed then compared.orders_before else 0 end) as bigint
        ) as orders_before,
        sum(case when compared.is_followed then compared.like_orders end) as orders_of_like,
        cast(
            sum(case when compared.is_followed then compared.spend_after else 0 end)
            as decimal(18, 2)
        ) as spend_after,
        cast(
            sum(case when compared.is_followed then compared.spend_before else 0 end)
            as decimal(18, 2)
        ) as spend_before,
        {% for days in [90, 180] %}
            cast(count_if(compared.followed_days >= {{ days }}) as bigint) as eligible_{{ days }},
            cast(
                count_if(
                    compared.followed_days >= {{ days }}
                    and coalesce(compared.lost_again_after <= {{ days }}, false)
                ) as bigint
            ) as lost_again_{{ days }},
        {% endfor %}
        {{ round_money(
            'sum(case when compared.is_followed then compared.like_spend end)'
        ) }} as spend_of_like
    from compared
    inner join periods
        on periods.period_number = {{ period_number('periods.grain', 'compared.returned_on') }}
    group by
        periods.grain,
        periods.period_start,
        periods.is_complete,
        periods.is_final,
        compared.loyalty_tier,
        compared.reason_code

),

final as (

    select
        cells.grain,
        cells.period_start,
        cells.loyalty_tier,
        cells.reason_code,
        coalesce(churn_reasons.reason, 'No reason recorded') as reason,
        cells.returned_customers,
        cells.followed_customers,
        cells.orders_after,
        cells.orders_before,
        round(cells.orders_of_like, 6) as orders_of_like,
        cells.spend_after,
        cells.spend_before,
        cast(cells.spend_of_like as decimal(18, 2)) as spend_of_like,
        {% for side in ['after', 'before', 'of_like'] %}
            {{ horizon }} * {{ share(
                'cells.followed_customers', 'round(cells.orders_' ~ side ~ ', 6)'
            ) }} as days_per_order_{{ side }},
        {% endfor %}
        {% for days in [90, 180] %}
            cells.eligible_{{ days }},
            cells.lost_again_{{ days }},
            {{ share('cells.lost_again_' ~ days, 'cells.eligible_' ~ days) }}
                as lost_again_{{ days }}_rate,
            {{ wilson_low('cells.lost_again_' ~ days, 'cells.eligible_' ~ days) }}
                as lost_again_{{ days }}_rate_low,
            {{ wilson_high('cells.lost_again_' ~ days, 'cells.eligible_' ~ days) }}
                as lost_again_{{ days }}_rate_high,
        {% endfor %}
        cells.is_complete,
        cells.is_final,
        cells.returned_customers < {{ var('small_cell_size') }} as is_small
    from cells
    left join churn_reasons
        on cells.reason_code = churn_reasons.reason_code

)

select * from final
