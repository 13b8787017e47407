-- One row per trait and value of a person: how many of the lost and of the retained have it, so
-- that what lost customers have in common can be seen (definitions §6). Everybody who ever came is
-- in each trait once; lost ones are described as on the last day before the loss. Values of a trait
-- add up, traits do not. No cause.
with

profile_days as (

    select
        person_number,
        customer_id,
        is_lost,
        described_on
    from {{ ref('int_profile_days') }}

),

dimension_spells as (

    select
        person_number,
        dimension,
        value,
        valid_from,
        valid_to
    from {{ ref('int_dimension_spells') }}

),

first_experiences as (

    select
        customer_id,
        discount_band,
        complaint,
        first_response_time,
        refund
    from {{ ref('first_experiences') }}

),

dimension_counts as (

    select
        dimension_spells.dimension as trait,
        dimension_spells.value,
        count(*) as customers,
        cast(count_if(profile_days.is_lost) as bigint) as lost_customers
    from profile_days
    inner join dimension_spells
        on
        profile_days.person_number = dimension_spells.person_number
        and profile_days.described_on >= dimension_spells.valid_from
        and (
            dimension_spells.valid_to is null
            or profile_days.described_on < dimension_spells.valid_to
        )
    group by
        dimension_spells.dimension,
        dimension_spells.value

),

experiences as (

    select
        profile_days.is_lost,
        first_experiences.discount_band,
        first_experiences.complaint,
        first_experiences.first_response_time,
        first_experiences.refund
    from profile_days
    left join first_experiences
        on profile_days.customer_id = first_experiences.customer_id

),

experience_counts as (
    {% for trait in ['discount_band', 'complaint', 'first_response_time', 'refund'] %}
        {%- if not loop.first %}

            union all
        {% endif %}
        select
            'first_{{ trait | replace("first_", "") }}' as trait,
            coalesce({{ trait }}, '(none)') as value,
            count(*) as customers,
            cast(count_if(is_lost) as bigint) as lost_customers
        from experiences
        group by coalesce({{ trait }}, '(none)')
    {%- endfor %}

),

counts as (

    select
        trait,
        value,
        customers,
        lost_customers
    from dimension_counts

    union all

    select
        trait,
        value,
        customers,
        lost_customers
    from experience_counts

),

totals as (

    select
        count(*) as all_customers,
        count_if(is_lost) as all_lost
    from profile_days

),

final as (

    select
        counts.trait,
        counts.value,
        counts.customers,
        counts.lost_customers,
        counts.customers - counts.lost_customers as retained_customers,
        {{ share('counts.lost_customers', 'totals.all_lost') }} as share_of_lost,
        {{ share(
            '(counts.customers - counts.lost_customers)',
            '(totals.all_customers - totals.all_lost)'
        ) }} as share_of_retained,
        cast(counts.lost_customers as double) * cast(totals.all_customers as double)
        / nullif(
            cast(counts.customers as double) * cast(totals.all_lost as double), 0
        ) as lift,
        {{ share('counts.lost_customers', 'counts.customers') }} as churn_rate,
        {{ wilson_low('counts.lost_customers', 'counts.customers') }} as churn_rate_low,
        {{ wilson_high('counts.lost_customers', 'counts.customers') }} as churn_rate_high,
        counts.customers < {{ var('small_cell_size') }} as is_small
    from counts
    cross join totals

)

select * from final
