-- E46: an amount that counts and whose day has no exchange rate fails the build, named by currency
-- and day; it never becomes 0. Everything that reads valued orders and refunds waits for this test.
with

amounts as (

    select
        currency,
        ordered_on as missing_on
    from {{ ref('int_orders_valued') }}
    where is_rate_missing

    union all

    select
        currency,
        refunded_on as missing_on
    from {{ ref('int_refunds_valued') }}
    where is_rate_missing

    union all

    select
        currency,
        priced_on as missing_on
    from {{ ref('int_payments_known') }}
    where is_rate_missing

    union all

    select
        currency,
        priced_on as missing_on
    from {{ ref('int_campaigns_known') }}
    where is_rate_missing

    union all

    select
        currency,
        spent_on as missing_on
    from {{ ref('int_marketing_spend') }}
    where is_rate_missing

),

missing_days as (

    select
        currency,
        missing_on,
        row_number() over (order by missing_on asc nulls last, currency asc nulls last) as place
    from amounts
    group by
        currency,
        missing_on

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
                    "'No exchange rate for ' || first_days || ' (' || cast(days as string) || ' in all): '"
                    ~ " || 'add it to exchange_rates, or allow older rates with max_rate_age_days'"
                ) }} is not null
            else false
        end

)

select * from final
