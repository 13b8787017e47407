-- E46: MRR at the close of a month, or an event that changes it, in a currency without a rate on
-- that day fails the build, named by currency and day; it is never worth 0.
with

amounts as (

    select
        int_mrr_totals.currency,
        int_mrr_rates.closes_on as missing_on
    from {{ ref('int_mrr_totals') }} as int_mrr_totals
    inner join {{ ref('int_mrr_rates') }} as int_mrr_rates
        on
        int_mrr_totals.currency = int_mrr_rates.currency
        and int_mrr_totals.month_number = int_mrr_rates.month_number
    where int_mrr_totals.is_rate_missing

    union all

    select
        currency,
        event_on as missing_on
    from {{ ref('mrr_events') }}
    where mrr_change is null

),

missing_days as (

    select
        currency,
        missing_on,
        row_number() over (order by missing_on asc nulls first, currency asc nulls first) as place
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
                    "'No exchange rate for MRR in ' || first_days || ' (' || cast(days as string) || ' in all): '"
                    ~ " || 'add it to exchange_rates, or allow older rates with max_rate_age_days'"
                ) }} is not null
            else false
        end

)

select * from final
