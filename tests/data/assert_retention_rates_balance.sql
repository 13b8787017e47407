-- The books of definitions §3: closing = opening + new + returned - lost + moves; the next opening
-- is this closing; nobody moves in dimension all; the values of a dimension add up to all; shares
-- lie between 0 and 1 and add up to 1 (E94); no rate without a complete period and somebody at open
-- (E07, E89).
with

rates as (

    select
        grain,
        period_start,
        basis,
        dimension,
        value,
        opening,
        new,
        returned,
        lost,
        transient,
        intra_period_lapse,
        moved_in,
        moved_out,
        closing,
        churn_rate,
        retention_rate,
        annualised_churn_rate,
        is_complete,
        lead(opening) over (
            partition by grain, basis, dimension, value
            order by period_start nulls first
        ) as next_opening
    from {{ ref('retention_rates') }}

),

totals as (

    select
        grain,
        period_start,
        basis,
        dimension,
        sum(opening) as opening,
        sum(new) as new,
        sum(returned) as returned,
        sum(lost) as lost,
        sum(transient) as transient,
        sum(intra_period_lapse) as intra_period_lapse,
        sum(moved_in) as moved_in,
        sum(moved_out) as moved_out,
        sum(closing) as closing
    from rates
    group by
        grain,
        period_start,
        basis,
        dimension

),

broken_rows as (

    select
        grain,
        period_start,
        basis,
        dimension,
        value,
        case
            when closing <> opening + new + returned - lost + moved_in - moved_out
                then 'closing is not opening and what came and went'
            when next_opening <> closing then 'the next opening is not this closing'
            when dimension = 'all' and moved_in + moved_out <> 0 then 'somebody moved out of all'
            when
                least(
                    opening, new, returned, lost, transient, intra_period_lapse,
                    moved_in, moved_out, closing
                ) < 0
                then 'a count below 0'
            when lost + moved_out > opening or lost + intra_period_lapse > opening
                then 'more left than there were'
            when (churn_rate is not null) <> (is_complete and opening > 0)
                then 'a rate where none can be, or none where one can'
            when
                churn_rate not between 0 and 1
                or retention_rate not between 0 and 1
                or annualised_churn_rate not between 0 and 1
                or abs(churn_rate + retention_rate - 1) > 0.000000001
                then 'a share outside 0 to 1'
        end as problem
    from rates

),

broken_totals as (

    select
        totals.grain,
        totals.period_start,
        totals.basis,
        totals.dimension,
        'every value' as value,
        'the values do not add up to all' as problem
    from totals
    inner join totals as whole
        on
        totals.grain = whole.grain
        and totals.period_start = whole.period_start
        and totals.basis = whole.basis
        and whole.dimension = 'all'
    where
        totals.opening <> whole.opening
        or totals.closing <> whole.closing
        or totals.new <> whole.new
        or totals.returned <> whole.returned
        or totals.lost <> whole.lost
        or totals.transient <> whole.transient
        or totals.intra_period_lapse <> whole.intra_period_lapse
        or totals.moved_in <> totals.moved_out

)

select
    grain,
    period_start,
    basis,
    dimension,
    value,
    problem
from broken_rows
where problem is not null

union all

select
    grain,
    period_start,
    basis,
    dimension,
    value,
    problem
from broken_totals
