-- One row per grain, cohort, age, measure, basis, dimension, value and kind of window: how many of
-- those who came in one period are active at an age, or how much they bring. The value is the one
-- on the day they came (E56). numerator and denominator add up over cohorts and values (an average
-- line is sum ÷ sum, E51), rates do not.
with

curves as (

    select
        basis,
        dimension,
        value,
        grain,
        grid,
        age,
        cohort_start,
        period_start,
        days_from,
        days_to,
        cohort_size,
        eligible,
        in_period,
        on_or_after,
        repeat_by,
        revenue,
        mrr,
        people_base,
        revenue_base,
        mrr_base,
        is_complete,
        is_final,
        is_left_truncated
    from {{ ref('int_cohort_curves') }}

),

bases as (

    select distinct basis
    from {{ ref('int_cohort_sizes') }}

),

-- a measure stands where somebody can have it: MRR needs subscribers, a second purchase buyers
measures as (

    {% set measures = [
        ('in_period', 'orders', 'orders'),
        ('in_period', 'subscriptions', 'subscriptions'),
        ('in_period', 'any', 'any'),
        ('on_or_after', 'orders', 'orders'),
        ('on_or_after', 'subscriptions', 'subscriptions'),
        ('on_or_after', 'any', 'any'),
        ('repeat_by', 'orders', 'orders'),
        ('repeat_by', 'any', 'orders'),
        ('bracket', 'orders', 'orders'),
        ('bracket', 'subscriptions', 'subscriptions'),
        ('bracket', 'any', 'any'),
        ('revenue', 'orders', 'orders'),
        ('revenue', 'any', 'orders'),
        ('mrr', 'subscriptions', 'subscriptions'),
        ('mrr', 'any', 'subscriptions'),
    ] %}
    {% for measure, basis, needed_basis in measures %}
        select
            '{{ measure }}' as measure,
            '{{ basis }}' as basis,
            '{{ needed_basis }}' as needed_basis
        {% if not loop.last %}union all{% endif %}
    {% endfor %}

),

possible_measures as (

    select
        measures.measure,
        measures.basis
    from measures
    inner join bases
        on measures.needed_basis = bases.basis

),

tidy as (

    select
        curves.grain,
        curves.cohort_start,
        curves.age,
        possible_measures.measure,
        curves.basis,
        curves.dimension,
        curves.value,
        case when curves.grid = 'calendar' then 'calendar' else 'elapsed_30d' end as window_kind,
        curves.period_start,
        curves.days_from,
        curves.days_to,
        curves.cohort_size,
        curves.eligible,
        case possible_measures.measure
            when 'on_or_after' then curves.on_or_after
            when 'repeat_by' then curves.repeat_by
            when 'revenue' then curves.revenue
            when 'mrr' then curves.mrr
            else curves.in_period
        end as numerator,
        case
            when possible_measures.measure = 'revenue' then curves.revenue_base
            when possible_measures.measure = 'mrr' then curves.mrr_base
            when curves.grid = 'bracket' then curves.eligible
            else curves.people_base
        end as denominator,
        case
            when curves.grid = 'calendar' then curves.is_complete
            else curves.is_complete and curves.eligible = curves.cohort_size
        end as is_complete,
        curves.is_final,
        curves.is_left_truncated
    from curves
    inner join possible_measures
        on
        curves.basis = possible_measures.basis
        and (curves.grid = 'bracket') = (possible_measures.measure = 'bracket')

),

final as (

    select
        grain,
        cohort_start,
        cast(age as integer) as age,
        measure,
        basis,
        dimension,
        value,
        window_kind,
        period_start,
        days_from,
        days_to,
        cast(cohort_size as bigint) as cohort_size,
        cast(eligible as bigint) as eligible,
        cast(numerator as decimal(18, 2)) as numerator,
        cast(denominator as decimal(18, 2)) as denominator,
        case
            when eligible > 0
                then cast(numerator as double) / nullif(cast(denominator as double), 0)
        end as rate,
        case
            when eligible > 0 and measure not in ('revenue', 'mrr')
                then {{ wilson_low('numerator', 'denominator') }}
        end as rate_low,
        case
            when eligible > 0 and measure not in ('revenue', 'mrr')
                then {{ wilson_high('numerator', 'denominator') }}
        end as rate_high,
        is_complete,
        is_final,
        case
            when window_kind = 'calendar' then cohort_size < {{ var('small_cell_size') }}
            else eligible < {{ var('small_cell_size') }}
        end as is_small,
        is_left_truncated,
        measure = 'on_or_after' as is_restating
    from tidy

)

select * from final
