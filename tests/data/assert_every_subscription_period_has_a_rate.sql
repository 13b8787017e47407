-- E46: paid service in a currency without a rate on the day it starts fails the build, named by
-- currency and day; it is never worth 0.
with

missing_days as (

    select
        currency,
        starts_on as missing_on,
        row_number() over (order by starts_on asc nulls first, currency asc nulls first) as place
    from {{ ref('subscription_periods') }}
    where is_paid and mrr is null
    group by
        currency,
        starts_on

),

named as (

    select
        count(*) as days,
        {{ join_text(
            "case when place <= 5 then currency || ' on ' || cast(missing_on as string) end",
            ', ',
            'place'
        ) }} as first_days
    from missing_days

),

-- dbt only counts the rows of a test and would never look at a column of it: the message stands in
-- the filter.
final as (

    select days
    from named
    where
        case
            when days > 0
                then {{ stop_with(
                    "'No exchange rate for subscriptions in ' || first_days || ' ('"
                    ~ " || cast(days as string) || ' in all): add it to exchange_rates, or allow '"
                    ~ " || 'older rates with max_rate_age_days'"
                ) }} is not null
            else false
        end

)

select * from final
