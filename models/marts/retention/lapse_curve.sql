-- One row per gap length in days at which a gap between purchase occasions was completed or left
-- open, up to the longest completed one: the Kaplan-Meier curve of the latest whole month. A step
-- curve: it holds until the next row's day. at_risk, completed and censored count gaps, not people.
with

curves as (

    select
        month_end,
        length_days,
        at_risk,
        completed,
        censored,
        survival
    from {{ ref('int_lapse_curves') }}

),

points as (

    select
        month_end,
        applies_from,
        completed_gaps,
        longest_gap_days,
        lapse_point_days,
        rule
    from {{ ref('int_lapse_points') }}

),

latest as (

    select max(month_end) as month_end
    from points

),

final as (

    select
        curves.length_days as day,
        cast(date_trunc('month', curves.month_end) as date) as as_of_month,
        points.applies_from,
        curves.at_risk,
        curves.completed,
        curves.censored,
        points.completed_gaps,
        curves.survival,
        1 - curves.survival as returned_share,
        points.lapse_point_days,
        points.rule as lapse_point_rule,
        points.rule = 'population' and curves.length_days = points.lapse_point_days
            as is_lapse_point
    from curves
    inner join latest
        on curves.month_end = latest.month_end
    inner join points
        on curves.month_end = points.month_end
    where curves.length_days >= 1 and curves.length_days <= points.longest_gap_days

)

select * from final
