-- A set is built whole: components numbered 1, 2, ... and the same grains on each of its rows;
-- `all` at every grain; brackets end after they begin; the first tenure band begins at 0. A crossed
-- set has at most the four components that int_dimension_spells joins.
with

dimension_sets as (

    select
        dimension,
        count(*) as components,
        count(distinct component) as different_components,
        min(position) as first_position,
        max(position) as last_position,
        bool_and(is_week) = bool_or(is_week)
        and bool_and(is_month) = bool_or(is_month)
        and bool_and(is_quarter) = bool_or(is_quarter)
        and bool_and(is_year) = bool_or(is_year) as has_one_answer_per_grain,
        bool_and(is_week and is_month and is_quarter and is_year) as is_at_every_grain
    from {{ ref('dimension_sets') }}
    group by dimension

),

broken_sets as (

    select dimension || ' is not a whole set' as problem
    from dimension_sets
    where
        first_position <> 1
        or last_position <> components
        or components > 4
        or different_components <> components
        or not has_one_answer_per_grain

),

broken_total as (

    select 'dimension all is not built at every grain' as problem
    from dimension_sets
    having count_if(dimension = 'all' and is_at_every_grain) <> 1

),

broken_brackets as (

    select 'a bracket ends before it begins' as problem
    from {{ ref('retention_brackets') }}
    where days_from < 0 or days_to <= days_from

),

broken_tenure as (

    select 'no tenure band begins at 0 months' as problem
    from {{ ref('tenure_bands') }}
    having coalesce(min(from_months), 1) <> 0

)

select problem
from broken_sets

union all

select problem
from broken_total

union all

select problem
from broken_brackets

union all

select problem
from broken_tenure
