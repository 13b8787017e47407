-- One row per month, quarter or year of return, loyalty tier and reason of the loss: what those who
-- came back (basis any) bought since, against before the loss and against never-lost customers of
-- the same value class; and how many were lost again. Counts and sums are additive; who came back
-- twice counts twice. Rates are null until everybody of the period was followed.
{% set horizon = var('risk_horizon_days') | int(90) %}
with

data_cutoff as (

    select cutoff_day
    from {{ ref('int_data_cutoff') }}

),

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
        period_end,
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
        periods.period_end,
        periods.is_complete,
        periods.is_final,
        compared.loyalty_tier,
        compared.reason_code,
        count(*) as returned_customers,
        cast(count_if(compared.is_followed) as bigint) as followed_customers,
        -- of a class without never-lost customers nobody is like
        count_if(compared.is_followed and compared.like_orders is not null) as likened_customers,
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
        periods.period_end,
        periods.is_complete,
        periods.is_final,
        compared.loyalty_tier,
        compared.reason_code

),

-- who came back on the last day of the period has been followed for so many days
seen as (

    select
        cells.*,
        {{ days_between('cells.period_end', 'data_cutoff.cutoff_day') }} + 1 as seen_days
    from cells
    cross join data_cutoff

),

final as (

    select
        seen.grain,
        seen.period_start,
        seen.loyalty_tier,
        seen.reason_code,
        coalesce(churn_reasons.reason, nullif(seen.reason_code, '(none)'), 'No reason recorded')
            as reason,
        seen.returned_customers,
        seen.followed_customers,
        seen.orders_after,
        seen.orders_before,
        round(seen.orders_of_like, 6) as orders_of_like,
        seen.spend_after,
        seen.spend_before,
        cast(seen.spend_of_like as decimal(18, 2)) as spend_of_like,
        {% for side, people in [
            ('after', 'followed_customers'),
            ('before', 'followed_customers'),
            ('of_like', 'likened_customers')
        ] %}
            case
                when seen.seen_days >= {{ horizon }}
                    then {{ horizon }} * {{ share(
                        'seen.' ~ people, 'round(seen.orders_' ~ side ~ ', 6)'
                    ) }}
            end as days_per_order_{{ side }},
        {% endfor %}
        {% for days in [90, 180] %}
            seen.eligible_{{ days }},
            seen.lost_again_{{ days }},
            case
                when seen.seen_days >= {{ days }}
                    then {{ share('seen.lost_again_' ~ days, 'seen.eligible_' ~ days) }}
            end as lost_again_{{ days }}_rate,
            case
                when seen.seen_days >= {{ days }}
                    then {{ wilson_low('seen.lost_again_' ~ days, 'seen.eligible_' ~ days) }}
            end as lost_again_{{ days }}_rate_low,
            case
                when seen.seen_days >= {{ days }}
                    then {{ wilson_high('seen.lost_again_' ~ days, 'seen.eligible_' ~ days) }}
            end as lost_again_{{ days }}_rate_high,
        {% endfor %}
        seen.is_complete,
        seen.seen_days >= {{ [horizon, 180] | max }} as is_followed,
        seen.is_final and seen.seen_days >= {{ [horizon, 180] | max }} as is_final,
        seen.returned_customers < {{ var('small_cell_size') }} as is_small
    from seen
    left join churn_reasons
        on seen.reason_code = churn_reasons.reason_code

)

select * from final
