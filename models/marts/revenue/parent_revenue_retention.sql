-- One row per month from the first MRR to the running one: parent accounts with MRR and what became
-- of them, the lines of their MRR over all currencies, and its rates: revenue_retention of
-- subscriptions with all accounts of a parent netted as one (definitions §4, Rates; E19). Balances
-- and rates do not add up over months.
with

movements as (

    select
        period_start,
        parent_customer_id,
        movement,
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
        is_complete,
        is_final
    from {{ ref('parent_mrr_movements') }}

),

totals as (

    select
        month_number,
        period_start,
        period_end,
        parents
    from {{ ref('int_parent_totals') }}

),

-- A parent's currencies are one: their transfers are 0 together.
months as (

    select
        period_start,
        is_complete,
        is_final,
        count(
            distinct case
                when movement in ('new', 'reactivation', 'resume') then parent_customer_id
            end
        ) as gained_parents,
        count(distinct case when movement = 'pause' then parent_customer_id end)
            as paused_parents,
        count(distinct case when movement = 'churn' then parent_customer_id end) as lost_parents,
        {% for line in [
            'opening', 'new', 'reactivation', 'resume', 'expansion', 'contraction', 'pause',
            'churn', 'fx', 'closing'
        ] %}
            cast(sum({{ line }}_mrr) as decimal(18, 2)) as {{ line }}_mrr
            {%- if not loop.last %},{% endif %}
        {% endfor %}
    from movements
    group by
        period_start,
        is_complete,
        is_final

),

counted as (

    select
        months.*,
        totals.period_end,
        totals.parents as closing_parents,
        coalesce(lag(totals.parents) over (order by totals.month_number nulls first), 0)
            as opening_parents,
        case
            when months.is_complete and months.opening_mrr > 0
                then cast(months.opening_mrr as double)
        end as divisor
    from months
    inner join totals
        on months.period_start = totals.period_start

),

final as (

    select
        period_start,
        period_end,
        cast(opening_parents as bigint) as opening_parents,
        {% for line in ['gained', 'paused', 'lost'] %}
            cast({{ line }}_parents as bigint) as {{ line }}_parents,
        {% endfor %}
        closing_parents,
        {% for line in [
            'opening', 'new', 'reactivation', 'resume', 'expansion', 'contraction', 'pause',
            'churn', 'fx', 'closing'
        ] %}
            {{ line }}_mrr,
        {% endfor %}
        case
            when is_complete
                then cast(lost_parents as double) / nullif(cast(opening_parents as double), 0)
        end as parent_churn_rate,
        cast(churn_mrr + contraction_mrr + pause_mrr as double) / nullif(divisor, 0)
            as gross_churn_rate,
        cast(churn_mrr + contraction_mrr + pause_mrr - expansion_mrr as double)
        / nullif(divisor, 0) as net_churn_rate,
        cast(opening_mrr - churn_mrr - contraction_mrr - pause_mrr as double)
        / nullif(divisor, 0) as gross_retention_rate,
        cast(
            opening_mrr - churn_mrr - contraction_mrr - pause_mrr + expansion_mrr as double
        ) / nullif(divisor, 0) as net_retention_rate,
        is_complete,
        is_final,
        opening_parents < {{ var('small_cell_size') }} as is_small
    from counted

)

select * from final
