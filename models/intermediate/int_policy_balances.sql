-- One row per policy, person, currency and stretch [valid_from, valid_to) of local days with MRR
-- above 0 at the end of each, as the policy sees it (definitions §4, Policies).
with

stretches as (

    select
        policy,
        customer_id,
        currency,
        starts_on,
        ends_on,
        mrr_native
    from {{ ref('int_policy_stretches') }}
    where service = 'served'

),

steps as (

    select
        policy,
        customer_id,
        currency,
        starts_on as changed_on,
        mrr_native
    from stretches

    union all

    select
        policy,
        customer_id,
        currency,
        ends_on as changed_on,
        -mrr_native as mrr_native
    from stretches
    where ends_on is not null

),

day_steps as (

    select
        policy,
        customer_id,
        currency,
        changed_on,
        sum(mrr_native) as mrr_native
    from steps
    group by
        policy,
        customer_id,
        currency,
        changed_on
    having sum(mrr_native) <> 0

),

balances as (

    select
        policy,
        customer_id,
        currency,
        changed_on as valid_from,
        lead(changed_on) over days as valid_to,
        sum(mrr_native) over (
            partition by policy, customer_id, currency
            order by changed_on nulls first
            rows between unbounded preceding and current row
        ) as mrr_native
    from day_steps
    window
        days as (
            partition by policy, customer_id, currency
            order by changed_on nulls first
        )

),

final as (

    select
        policy,
        customer_id,
        currency,
        valid_from,
        valid_to,
        cast(mrr_native as decimal(18, 6)) as mrr_native
    from balances
    where mrr_native > 0

)

select * from final
