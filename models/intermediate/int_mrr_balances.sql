-- One row per person, currency and stretch [valid_from, valid_to) of local days with the MRR they
-- have at the end of each: gap-free from the first day of it on, 0 while there is none, the last
-- one open. Balance at the close of a period: valid_from < period_end and (valid_to is null or
-- valid_to >= period_end); no row: never any in that currency before.
with

changes as (

    select
        customer_id,
        period_start as changed_on,
        currency_before,
        currency_after,
        mrr_native_before,
        mrr_native_after
    from {{ ref('int_mrr_changes') }}
    where grain = 'day'

),

steps as (

    select
        customer_id,
        changed_on,
        currency_before as currency,
        -mrr_native_before as mrr_native
    from changes
    where currency_before is not null

    union all

    select
        customer_id,
        changed_on,
        currency_after as currency,
        mrr_native_after as mrr_native
    from changes
    where currency_after is not null

),

day_steps as (

    select
        customer_id,
        currency,
        changed_on,
        sum(mrr_native) as mrr_native
    from steps
    group by
        customer_id,
        currency,
        changed_on
    having sum(mrr_native) != 0

),

final as (

    select
        customer_id,
        currency,
        changed_on as valid_from,
        lead(changed_on) over (
            partition by customer_id, currency
            order by changed_on nulls first
        ) as valid_to,
        cast(
            sum(mrr_native) over (
                partition by customer_id, currency
                order by changed_on nulls first
                rows between unbounded preceding and current row
            ) as decimal(18, 6)
        ) as mrr_native
    from day_steps

)

select * from final
