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

members as (

    select
        customer_id,
        min(valid_from) as first_day
    from {{ ref('customer_lifecycle') }}
    where basis = 'any'
    group by customer_id

),

chains as (

    select
        members.customer_id,
        dimensions.dimension,
        min(customer_dimensions.valid_from) <> min(members.first_day)
        or count(*) filter (where customer_dimensions.valid_to is null) <> 1
        or coalesce(
            sum(
                {{ days_between('customer_dimensions.valid_from', 'customer_dimensions.valid_to') }}
            ), 0
        ) <> {{ days_between(
            'min(customer_dimensions.valid_from)', 'max(customer_dimensions.valid_from)'
        ) }} as is_broken
    from {{ ref('customer_dimensions') }} as customer_dimensions
    inner join dimensions
        on customer_dimensions.dimension = dimensions.dimension
    inner join members
        on customer_dimensions.customer_id = members.customer_id
    group by
        members.customer_id,
        dimensions.dimension

),

people_with_chains as (

    select
        customer_id,
        count(*) as chains,
        min(case when is_broken then dimension end) as broken_dimension
    from chains
    group by customer_id

),

chains_needed as (

    select count(*) as chains
    from dimensions

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
    'the spells of ' || coalesce(people_with_chains.broken_dimension, 'a dimension')
    || ' are missing, or have a gap, an overlap or no end for somebody' as problem
from members
cross join chains_needed
left join people_with_chains
    on members.customer_id = people_with_chains.customer_id
where
    people_with_chains.broken_dimension is not null
    or coalesce(people_with_chains.chains, 0) <> chains_needed.chains
