-- One row per window (month, quarter, year, trailing 12 months), basis, dimension and value: what
-- revenue there was at the open, what came, grew, shrank and went, what there is at the close,
-- point to point per person (definitions §4, Rates). Of orders it is that of the
-- revenue_window_days before, of subscriptions MRR. Balances and rates do not add up over windows.
with

revenue_ends as (

    select
        basis,
        grain,
        period_start,
        value_number,
        opening_customers,
        closing_customers,
        opening_amount,
        opening_at_closing_rate,
        closing_amount
    from {{ ref('int_revenue_ends') }}

),

revenue_flows as (

    select
        basis,
        grain,
        period_start,
        value_number,
        lost_customers,
        new_amount,
        reactivation_amount,
        resume_amount,
        expansion_amount,
        contraction_amount,
        pause_amount,
        churn_amount,
        involuntary_amount,
        fx_amount,
        revaluation_amount,
        gross_shortfall,
        net_shortfall
    from {{ ref('int_revenue_flows') }}

),

windows as (

    select
        grain,
        period_start,
        period_end,
        is_complete,
        is_final
    from {{ ref('int_revenue_windows') }}

),

value_numbers as (

    select
        value_number,
        dimension,
        value
    from {{ ref('int_value_numbers') }}

),

-- a value has rows from the window of its first person on
first_windows as (

    select
        basis,
        grain,
        value_number,
        min(period_start) as first_start
    from revenue_ends
    group by
        basis,
        grain,
        value_number

),

cells as (

    select
        first_windows.basis,
        first_windows.grain,
        first_windows.value_number,
        windows.period_start,
        windows.period_end,
        windows.is_complete,
        windows.is_final
    from first_windows
    inner join windows
        on
        first_windows.grain = windows.grain
        and first_windows.first_start <= windows.period_start

),

lines as (

    select
        cells.basis,
        cells.grain,
        cells.value_number,
        cells.period_start,
        cells.period_end,
        cells.is_complete,
        cells.is_final,
        coalesce(revenue_ends.opening_customers, 0) as opening_customers,
        coalesce(revenue_ends.closing_customers, 0) as closing_customers,
        coalesce(revenue_flows.lost_customers, 0) as lost_customers,
        coalesce(revenue_ends.opening_amount, 0) as opening_revenue,
        coalesce(revenue_flows.new_amount, 0) as new_revenue,
        coalesce(revenue_flows.reactivation_amount, 0) as reactivation_revenue,
        coalesce(revenue_flows.resume_amount, 0) as resume_revenue,
        coalesce(revenue_flows.expansion_amount, 0) as expansion_revenue,
        coalesce(revenue_flows.contraction_amount, 0) as contraction_revenue,
        coalesce(revenue_flows.pause_amount, 0) as pause_revenue,
        coalesce(revenue_flows.churn_amount, 0) as churn_revenue,
        coalesce(revenue_flows.involuntary_amount, 0) as involuntary_churn_revenue,
        -- of those who moved, and of those who stood still: everybody less those who moved
        coalesce(revenue_flows.fx_amount, 0)
        + coalesce(revenue_ends.opening_at_closing_rate - revenue_ends.opening_amount, 0)
        - coalesce(revenue_flows.revaluation_amount, 0) as fx_revenue,
        coalesce(revenue_ends.closing_amount, 0) as closing_revenue,
        coalesce(revenue_flows.gross_shortfall, 0) as gross_shortfall,
        coalesce(revenue_flows.net_shortfall, 0) as net_shortfall
    from cells
    left join revenue_ends
        on
        cells.basis = revenue_ends.basis
        and cells.grain = revenue_ends.grain
        and cells.period_start = revenue_ends.period_start
        and cells.value_number = revenue_ends.value_number
    left join revenue_flows
        on
        cells.basis = revenue_flows.basis
        and cells.grain = revenue_flows.grain
        and cells.period_start = revenue_flows.period_start
        and cells.value_number = revenue_flows.value_number

),

-- What is left is what people took with them from one value to another (E92).
balanced as (

    select
        *,
        closing_revenue - opening_revenue - new_revenue - reactivation_revenue - resume_revenue
        - expansion_revenue + contraction_revenue + pause_revenue + churn_revenue - fx_revenue
            as transfer_revenue,
        case when is_complete and opening_revenue > 0 then cast(opening_revenue as double) end
            as divisor,
        contraction_revenue + churn_revenue as shrinkage
    from lines

),

final as (

    select
        balanced.grain,
        balanced.period_start,
        balanced.period_end,
        balanced.basis,
        value_numbers.dimension,
        value_numbers.value,
        cast(balanced.opening_customers as bigint) as opening_customers,
        cast(balanced.lost_customers as bigint) as lost_customers,
        cast(balanced.closing_customers as bigint) as closing_customers,
        {% for line in [
            'opening', 'new', 'reactivation', 'resume', 'expansion', 'contraction', 'pause',
            'churn', 'involuntary_churn', 'fx', 'transfer', 'closing'
        ] %}
            cast(balanced.{{ line }}_revenue as decimal(18, 2)) as {{ line }}_revenue,
        {% endfor %}
        cast(balanced.churn_revenue as double) / nullif(balanced.divisor, 0) as revenue_churn_rate,
        cast(
            balanced.churn_revenue + balanced.contraction_revenue + balanced.pause_revenue as double
        ) / nullif(balanced.divisor, 0) as gross_churn_rate,
        cast(
            balanced.churn_revenue + balanced.contraction_revenue + balanced.pause_revenue
            - balanced.expansion_revenue as double
        ) / nullif(balanced.divisor, 0) as net_churn_rate,
        cast(
            balanced.churn_revenue + balanced.contraction_revenue + balanced.pause_revenue
            - balanced.expansion_revenue - balanced.reactivation_revenue
            - balanced.resume_revenue as double
        ) / nullif(balanced.divisor, 0) as net_churn_with_reactivation_rate,
        cast(balanced.opening_revenue - balanced.gross_shortfall as double)
        / nullif(balanced.divisor, 0) as gross_retention_rate,
        cast(balanced.opening_revenue - balanced.net_shortfall as double)
        / nullif(balanced.divisor, 0) as net_retention_rate,
        cast(
            balanced.opening_revenue - balanced.net_shortfall + balanced.reactivation_revenue
            + balanced.resume_revenue as double
        ) / nullif(balanced.divisor, 0) as net_retention_with_reactivation_rate,
        case
            when balanced.is_complete
                then
                    cast(balanced.new_revenue + balanced.expansion_revenue as double)
                    / nullif(cast(balanced.shrinkage as double), 0)
        end as quick_ratio,
        balanced.shrinkage = 0 as is_lossless,
        case
            when balanced.is_complete and balanced.closing_customers > 0
                then {{ prorate_money(
                    'cast(balanced.closing_revenue as decimal(18, 2))',
                    'cast(1 as decimal(18, 2))',
                    'cast(balanced.closing_customers as decimal(18, 2))'
                ) }}
        end as revenue_per_customer,
        -- orders know of no failed payments
        case
            when balanced.is_complete and balanced.basis = 'subscriptions'
                then
                    cast(balanced.involuntary_churn_revenue as double)
                    / nullif(cast(balanced.churn_revenue as double), 0)
        end as involuntary_churn_share,
        balanced.is_complete,
        balanced.is_final,
        balanced.opening_customers < {{ var('small_cell_size') }} as is_small
    from balanced
    inner join value_numbers
        on balanced.value_number = value_numbers.value_number

)

select * from final
