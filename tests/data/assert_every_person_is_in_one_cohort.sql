-- Cohort sizes of every grain, dimension and measure sum to the people who have entered the basis;
-- each of them has exactly one value of every dimension on the first day, without a gap from then
-- on.
with

people as (

    select
        basis,
        count(distinct customer_id) as people
    from {{ ref('customer_lifecycle') }}
    group by basis

),

cohorts as (

    select
        grain,
        basis,
        dimension,
        measure,
        window_kind,
        sum(cohort_size) as people
    from {{ ref('cohort_retention') }}
    where measure <> 'bracket' and age = 0
    group by
        grain,
        basis,
        dimension,
        measure,
        window_kind

),

dimensions as (

    select distinct dimension
    from {{ ref('dimension_sets') }}

),

chains as (

    select
        customer_id,
        dimension,
        min(valid_from) as first_day,
        count(*) as spells,
        count(*) filter (where valid_to is null) as open_spells,
        sum({{ days_between('valid_from', 'valid_to') }}) as spell_days,
        {{ days_between('min(valid_from)', 'max(valid_from)') }} as days_to_last_spell
    from {{ ref('customer_dimensions') }}
    group by
        customer_id,
        dimension

),

members as (

    select
        customer_id,
        min(valid_from) as first_day
    from {{ ref('customer_lifecycle') }}
    where basis = 'any'
    group by customer_id

),

broken_chains as (

    select
        members.customer_id,
        dimensions.dimension
    from members
    cross join dimensions
    left join chains
        on
        members.customer_id = chains.customer_id
        and dimensions.dimension = chains.dimension
    where
        chains.customer_id is null
        or chains.first_day <> members.first_day
        or chains.open_spells <> 1
        or coalesce(chains.spell_days, 0) <> chains.days_to_last_spell

)

select
    'cohorts of ' || cohorts.basis || ' by ' || cohorts.grain || ' and ' || cohorts.dimension
    || ' (' || cohorts.measure || ', ' || cohorts.window_kind || ') do not hold everybody once'
        as problem
from cohorts
inner join people
    on cohorts.basis = people.basis
where cohorts.people <> people.people

union all

select
    'the spells of ' || dimension || ' have a gap, an overlap or no end for somebody'
        as problem
from broken_chains
