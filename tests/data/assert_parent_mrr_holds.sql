-- Parents are the company netted otherwise (definitions §4, E19): the lines of every row lead from
-- its open to its close and stand under its movement, which a parent's currencies share; per month
-- and currency the ends are those of mrr_movements, what is new or churned no more than by account;
-- parents at a close are those at its open, what came and what went; months open where the one
-- before closed, with rates that lie in 0-1.
with

movements as (

    select
        period_start,
        parent_customer_id,
        currency,
        is_unchanged,
        opening_accounts,
        closing_accounts,
        movement,
        churn_type,
        opening_mrr_native,
        closing_mrr_native,
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
        closing_mrr
    from {{ ref('parent_mrr_movements') }}

),

mrr_movements as (

    select
        period_start,
        currency,
        sum(opening_mrr) as opening_mrr,
        sum(closing_mrr) as closing_mrr,
        sum(opening_mrr_native) as opening_mrr_native,
        sum(closing_mrr_native) as closing_mrr_native,
        sum(new_mrr) as new_mrr,
        sum(churn_mrr) as churn_mrr,
        sum(case when opening_mrr_native > 0 then customers else 0 end) as opening_accounts
    from {{ ref('mrr_movements') }}
    group by
        period_start,
        currency

),

months as (

    select
        period_start,
        opening_parents,
        gained_parents,
        paused_parents,
        lost_parents,
        closing_parents,
        opening_mrr,
        new_mrr,
        reactivation_mrr,
        resume_mrr,
        expansion_mrr,
        contraction_mrr,
        pause_mrr,
        churn_mrr,
        fx_mrr,
        closing_mrr,
        parent_churn_rate,
        gross_churn_rate,
        net_churn_rate,
        gross_retention_rate,
        net_retention_rate,
        is_complete,
        lag(closing_mrr) over (order by period_start nulls first) as previous_closing_mrr
    from {{ ref('parent_revenue_retention') }}

),

revenue_retention as (

    select
        period_start,
        opening_customers,
        closing_customers,
        opening_revenue,
        closing_revenue
    from {{ ref('revenue_retention') }}
    where basis = 'subscriptions' and grain = 'month' and dimension = 'all'

),

broken_rows as (

    select
        'row' as rule,
        period_start,
        currency,
        parent_customer_id
    from movements
    where
        opening_mrr + new_mrr + reactivation_mrr + resume_mrr + expansion_mrr - contraction_mrr
        - pause_mrr - churn_mrr + fx_mrr + currency_transfer_mrr <> closing_mrr
        or least(
            new_mrr, reactivation_mrr, resume_mrr, expansion_mrr, contraction_mrr, pause_mrr,
            churn_mrr, opening_mrr, closing_mrr, opening_accounts, closing_accounts
        ) < 0
        or is_unchanged <> (parent_customer_id is null)
        or (
            is_unchanged
            and (
                opening_mrr_native <> closing_mrr_native or opening_accounts <> closing_accounts
            )
        )
        or (currency = '{{ var("reporting_currency") }}' and fx_mrr <> 0)
        or (movement = 'churn') <> (churn_type is not null)
        or (movement <> 'new' and new_mrr <> 0)
        or (movement <> 'reactivation' and reactivation_mrr <> 0)
        or (movement <> 'resume' and resume_mrr <> 0)
        or (movement <> 'expansion' and expansion_mrr <> 0)
        or (movement <> 'contraction' and contraction_mrr <> 0)
        or (movement <> 'pause' and pause_mrr <> 0)
        or (movement <> 'churn' and churn_mrr <> 0)
        or (opening_accounts > 0) <> (opening_mrr_native > 0)
        or (closing_accounts > 0) <> (closing_mrr_native > 0)

),

broken_parents as (

    select
        'parent' as rule,
        period_start,
        cast(null as varchar) as currency,
        parent_customer_id
    from movements
    where not is_unchanged
    group by
        period_start,
        parent_customer_id
    having
        sum(currency_transfer_mrr) <> 0
        or least(sum(expansion_mrr), sum(contraction_mrr)) <> 0
        or count(distinct movement) <> 1
        -- all gone, or all new, is nothing else, and nothing else is that
        or (sum(opening_accounts) = 0) <> (min(movement) in ('new', 'reactivation', 'resume'))
        or (sum(closing_accounts) = 0) <> (min(movement) in ('churn', 'pause'))

),

totals as (

    select
        period_start,
        currency,
        sum(opening_mrr) as opening_mrr,
        sum(closing_mrr) as closing_mrr,
        sum(opening_mrr_native) as opening_mrr_native,
        sum(closing_mrr_native) as closing_mrr_native,
        sum(new_mrr) as new_mrr,
        sum(churn_mrr) as churn_mrr,
        sum(opening_accounts) as opening_accounts
    from movements
    group by
        period_start,
        currency

),

broken_totals as (

    select
        'total' as rule,
        coalesce(totals.period_start, mrr_movements.period_start) as period_start,
        coalesce(totals.currency, mrr_movements.currency) as currency,
        cast(null as varchar) as parent_customer_id
    from totals
    full join mrr_movements
        on
        totals.period_start = mrr_movements.period_start
        and totals.currency = mrr_movements.currency
    where
        totals.opening_mrr is distinct from mrr_movements.opening_mrr
        or totals.closing_mrr is distinct from mrr_movements.closing_mrr
        or totals.opening_mrr_native is distinct from mrr_movements.opening_mrr_native
        or totals.closing_mrr_native is distinct from mrr_movements.closing_mrr_native
        or totals.opening_accounts is distinct from mrr_movements.opening_accounts
        or totals.new_mrr > mrr_movements.new_mrr
        or totals.churn_mrr > mrr_movements.churn_mrr

),

broken_months as (

    select
        'month' as rule,
        months.period_start,
        cast(null as varchar) as currency,
        cast(null as varchar) as parent_customer_id
    from months
    left join revenue_retention
        on months.period_start = revenue_retention.period_start
    where
        months.opening_parents + months.gained_parents - months.paused_parents
        - months.lost_parents <> months.closing_parents
        or months.opening_mrr + months.new_mrr + months.reactivation_mrr + months.resume_mrr
        + months.expansion_mrr - months.contraction_mrr - months.pause_mrr - months.churn_mrr
        + months.fx_mrr <> months.closing_mrr
        or months.opening_mrr <> coalesce(months.previous_closing_mrr, 0)
        or months.opening_parents > revenue_retention.opening_customers
        or months.closing_parents > revenue_retention.closing_customers
        or months.opening_mrr <> coalesce(revenue_retention.opening_revenue, 0)
        or months.closing_mrr <> coalesce(revenue_retention.closing_revenue, 0)
        or abs(months.gross_retention_rate + months.gross_churn_rate - 1) > 1e-9
        or abs(months.net_retention_rate + months.net_churn_rate - 1) > 1e-9
        or least(months.parent_churn_rate, months.gross_retention_rate) < 0
        or greatest(months.parent_churn_rate, months.gross_retention_rate) > 1
        or (months.is_complete and months.opening_mrr > 0) <> (months.gross_churn_rate is not null)

)

select * from broken_rows

union all

select * from broken_parents

union all

select * from broken_totals

union all

select * from broken_months
