-- One row per whole month from the first occasion's to the cutoff's: the days after which the
-- population counts as lapsed, taken at the month's end and applied to the occasions of the
-- following month, so that nothing looks ahead. Below min_lapse_gaps completed gaps the point is
-- fixed_lapse_days and rule says so.
with

curves as (

    select
        month_end,
        length_days,
        completed,
        survival
    from {{ ref('int_lapse_curves') }}

),

-- The longest completed gap bounds what can be seen of the returns.
ends as (

    select
        month_end,
        sum(completed) as completed_gaps,
        max(case when completed > 0 then length_days end) as longest_gap_days,
        1 - min(case when completed > 0 then survival end) as returned_share
    from curves
    group by month_end

),

-- 1e-12 absorbs the noise of the running product, so that a share met exactly counts as met.
reached as (

    select
        curves.month_end,
        min(curves.length_days) as lapse_point_days
    from curves
    inner join ends
        on curves.month_end = ends.month_end
    where
        curves.completed > 0
        and 1 - curves.survival >= {{ var('lapse_quantile') }} * ends.returned_share - 1e-12
    group by curves.month_end

),

final as (

    select
        ends.month_end,
        {{ add_days('ends.month_end', 1) }} as applies_from,
        cast(ends.completed_gaps as bigint) as completed_gaps,
        ends.longest_gap_days,
        ends.returned_share,
        case
            when ends.completed_gaps >= {{ var('min_lapse_gaps') }} then reached.lapse_point_days
            else {{ var('fixed_lapse_days') }}
        end as lapse_point_days,
        case
            when ends.completed_gaps >= {{ var('min_lapse_gaps') }} then 'population'
            else 'fixed'
        end as rule
    from ends
    left join reached
        on ends.month_end = reached.month_end

)

select * from final
