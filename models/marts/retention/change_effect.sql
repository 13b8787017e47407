-- One row per dated change of the business in effect, window and basis: churn in the window before
-- it and in the one after it, of the people it touched and of those it did not touch on the same
-- dates (definitions §3). Opening and lost are those of retention_rates over that window; people
-- count under their dimension's value at its open. Nobody was assigned: no difference is causal.
with

data_cutoff as (

    select cutoff_day
    from {{ ref('int_data_cutoff') }}

),

windows as (

    select window_days
    from {{ ref('effect_windows') }}
    where mart = 'change_effect'

),

known_dimensions as (

    select distinct dimension
    from {{ ref('dimension_sets') }}

),

standing_spells as (

    select
        customer_id,
        basis,
        valid_from,
        valid_to
    from {{ ref('customer_lifecycle') }}
    where state <> 'lost'

),

lost_spells as (

    select
        customer_id,
        basis,
        valid_from,
        valid_to
    from {{ ref('customer_lifecycle') }}
    where state = 'lost'

),

bases as (

    select distinct basis
    from standing_spells

),

business_changes as (

    select
        change_id,
        name,
        kind,
        effective_on,
        scope_dimension,
        scope_value
    from {{ ref('int_business_changes_known') }}

),

changes as (

    select
        business_changes.change_id,
        business_changes.name,
        business_changes.kind,
        business_changes.effective_on,
        business_changes.scope_dimension,
        business_changes.scope_value,
        coalesce(business_changes.scope_dimension, 'all') as dimension,
        case
            when business_changes.scope_dimension is null then 'all'
            else business_changes.scope_value
        end as touched_value,
        case
            when business_changes.scope_dimension is null then 'before and after only'
            when known_dimensions.dimension is null or business_changes.scope_value is null
                then 'scope not known'
            else 'against untouched'
        end as comparison
    from business_changes
    cross join data_cutoff
    left join known_dimensions
        on business_changes.scope_dimension = known_dimensions.dimension
    where business_changes.effective_on <= data_cutoff.cutoff_day

),

spans as (

    select
        changes.change_id,
        windows.window_days,
        changes.effective_on,
        changes.dimension,
        changes.touched_value,
        {{ add_days('changes.effective_on', '-windows.window_days') }} as starts_on,
        {{ add_days('changes.effective_on', 'windows.window_days') }} as ends_on
    from changes
    cross join windows

),

disturbed as (

    select distinct
        spans.change_id,
        spans.window_days
    from spans
    inner join changes
        on
        spans.change_id <> changes.change_id
        and spans.starts_on <= changes.effective_on
        and spans.ends_on > changes.effective_on

),

scopes as (

    select distinct dimension
    from changes
    where dimension <> 'all'

),

scoped_values as (

    select
        customer_dimensions.customer_id,
        customer_dimensions.dimension,
        customer_dimensions.value,
        customer_dimensions.valid_from,
        customer_dimensions.valid_to
    from {{ ref('customer_dimensions') }} as customer_dimensions
    inner join scopes
        on customer_dimensions.dimension = scopes.dimension

),

-- a window still running is counted to the cutoff
sides as (

    select
        change_id,
        window_days,
        'before' as side,
        dimension,
        touched_value,
        starts_on as opens_on,
        effective_on as closes_on
    from spans

    union all

    select
        spans.change_id,
        spans.window_days,
        'after' as side,
        spans.dimension,
        spans.touched_value,
        spans.effective_on as opens_on,
        least(
            spans.ends_on, {{ add_days('data_cutoff.cutoff_day', 1) }}
        ) as closes_on
    from spans
    cross join data_cutoff

),

moments as (

    select distinct
        dimension,
        opens_on
    from sides

),

stretches as (

    select distinct
        dimension,
        opens_on,
        closes_on
    from sides

),

openings as (

    select
        moments.dimension,
        moments.opens_on,
        standing_spells.basis,
        'all' as value,
        count(*) as people
    from moments
    inner join standing_spells
        on
        moments.opens_on > standing_spells.valid_from
        and (
            standing_spells.valid_to is null
            or moments.opens_on <= standing_spells.valid_to
        )
    where moments.dimension = 'all'
    group by
        moments.dimension,
        moments.opens_on,
        standing_spells.basis

    union all

    select
        moments.dimension,
        moments.opens_on,
        standing_spells.basis,
        scoped_values.value,
        count(*) as people
    from moments
    inner join scoped_values
        on
        moments.dimension = scoped_values.dimension
        and moments.opens_on > scoped_values.valid_from
        and (
            scoped_values.valid_to is null
            or moments.opens_on <= scoped_values.valid_to
        )
    inner join standing_spells
        on
        scoped_values.customer_id = standing_spells.customer_id
        and moments.opens_on > standing_spells.valid_from
        and (
            standing_spells.valid_to is null
            or moments.opens_on <= standing_spells.valid_to
        )
    group by
        moments.dimension,
        moments.opens_on,
        standing_spells.basis,
        scoped_values.value

),

-- lost at close by a loss inside the window: whoever was there at its open
losses as (

    select
        stretches.dimension,
        stretches.opens_on,
        stretches.closes_on,
        lost_spells.basis,
        lost_spells.customer_id
    from stretches
    inner join lost_spells
        on
        stretches.opens_on <= lost_spells.valid_from
        and stretches.closes_on > lost_spells.valid_from
        and (lost_spells.valid_to is null or stretches.closes_on <= lost_spells.valid_to)
    inner join standing_spells
        on
        lost_spells.customer_id = standing_spells.customer_id
        and lost_spells.basis = standing_spells.basis
        and stretches.opens_on > standing_spells.valid_from
        and stretches.opens_on <= standing_spells.valid_to

),

lost_people as (

    select
        losses.dimension,
        losses.opens_on,
        losses.closes_on,
        losses.basis,
        case when losses.dimension = 'all' then 'all' else scoped_values.value end as value,
        count(*) as people
    from losses
    left join scoped_values
        on
        losses.customer_id = scoped_values.customer_id
        and losses.dimension = scoped_values.dimension
        and losses.opens_on > scoped_values.valid_from
        and (
            scoped_values.valid_to is null
            or losses.opens_on <= scoped_values.valid_to
        )
    group by
        losses.dimension,
        losses.opens_on,
        losses.closes_on,
        losses.basis,
        case when losses.dimension = 'all' then 'all' else scoped_values.value end

),

counted as (

    select
        sides.change_id,
        sides.window_days,
        sides.side,
        openings.basis,
        sides.touched_value,
        openings.value,
        openings.people as opening,
        0 as lost
    from sides
    inner join openings
        on
        sides.opens_on = openings.opens_on
        and sides.dimension = openings.dimension

    union all

    select
        sides.change_id,
        sides.window_days,
        sides.side,
        lost_people.basis,
        sides.touched_value,
        lost_people.value,
        0 as opening,
        lost_people.people as lost
    from sides
    inner join lost_people
        on
        sides.dimension = lost_people.dimension
        and sides.opens_on = lost_people.opens_on
        and sides.closes_on = lost_people.closes_on

),

-- whose value is unknown may have been touched or not
judged as (

    select
        change_id,
        window_days,
        side,
        basis,
        opening,
        lost,
        touched_value = value as is_touched
    from counted
    where touched_value = value or value <> '(none)'

),

summed as (

    select
        change_id,
        window_days,
        basis,
        {% for people, condition in [('', 'is_touched'), ('untouched_', 'not is_touched')] %}
            {% for count in ['opening', 'lost'] %}
                {% for side in ['before', 'after'] %}
                    cast(
                        coalesce(
                            sum({{ count }}) filter (where {{ condition }} and side = '{{ side }}'),
                            0
                        ) as bigint
                    ) as {{ people }}{{ count }}_{{ side }},
                {% endfor %}
            {% endfor %}
        {% endfor %}
        count(*) as values_counted
    from judged
    group by
        change_id,
        window_days,
        basis

),

compared as (

    select
        spans.change_id,
        spans.window_days,
        bases.basis,
        changes.name,
        changes.kind,
        changes.effective_on,
        changes.scope_dimension,
        changes.scope_value,
        changes.comparison,
        {% for count in ['opening', 'lost'] %}
            {% for side in ['before', 'after'] %}
                case
                    when changes.comparison = 'scope not known' then 0
                    else coalesce(summed.{{ count }}_{{ side }}, 0)
                end as {{ count }}_{{ side }},
                case
                    when changes.comparison = 'against untouched'
                        then coalesce(summed.untouched_{{ count }}_{{ side }}, 0)
                end as untouched_{{ count }}_{{ side }},
            {% endfor %}
        {% endfor %}
        spans.ends_on <= {{ add_days('data_cutoff.cutoff_day', 1) }} as is_complete,
        {{ add_days('spans.ends_on', var('settle_days')) }}
        <= {{ add_days('data_cutoff.cutoff_day', 1) }} as is_final,
        disturbed.change_id is not null as has_other_changes
    from spans
    inner join changes
        on spans.change_id = changes.change_id
    cross join bases
    cross join data_cutoff
    left join disturbed
        on
        spans.change_id = disturbed.change_id
        and spans.window_days = disturbed.window_days
    left join summed
        on
        spans.change_id = summed.change_id
        and spans.window_days = summed.window_days
        and bases.basis = summed.basis

),

rated as (

    select
        change_id,
        window_days,
        basis,
        name,
        kind,
        effective_on,
        scope_dimension,
        scope_value,
        comparison,
        opening_before,
        lost_before,
        opening_after,
        lost_after,
        untouched_opening_before,
        untouched_lost_before,
        untouched_opening_after,
        untouched_lost_after,
        case
            when is_complete then {{ share('lost_before', 'opening_before') }}
        end as churn_rate_before,
        case
            when is_complete then {{ share('lost_after', 'opening_after') }}
        end as churn_rate_after,
        case
            when is_complete then {{ share('untouched_lost_before', 'untouched_opening_before') }}
        end as untouched_churn_rate_before,
        case
            when is_complete then {{ share('untouched_lost_after', 'untouched_opening_after') }}
        end as untouched_churn_rate_after,
        case
            when is_complete and comparison = 'before and after only'
                then
                    {{ difference_low(
                        'lost_after', 'opening_after', 'lost_before', 'opening_before'
                    ) }}
            when is_complete
                then
                    {{ double_difference_low(
                        ['lost_after', 'opening_after'], ['lost_before', 'opening_before'],
                        ['untouched_lost_after', 'untouched_opening_after'],
                        ['untouched_lost_before', 'untouched_opening_before']
                    ) }}
        end as difference_low,
        case
            when is_complete and comparison = 'before and after only'
                then
                    {{ difference_high(
                        'lost_after', 'opening_after', 'lost_before', 'opening_before'
                    ) }}
            when is_complete
                then
                    {{ double_difference_high(
                        ['lost_after', 'opening_after'], ['lost_before', 'opening_before'],
                        ['untouched_lost_after', 'untouched_opening_after'],
                        ['untouched_lost_before', 'untouched_opening_before']
                    ) }}
        end as difference_high,
        has_other_changes,
        is_complete,
        is_final
    from compared

),

final as (

    select
        change_id,
        window_days,
        basis,
        name,
        kind,
        effective_on,
        scope_dimension,
        scope_value,
        comparison,
        opening_before,
        lost_before,
        opening_after,
        lost_after,
        untouched_opening_before,
        untouched_lost_before,
        untouched_opening_after,
        untouched_lost_after,
        churn_rate_before,
        churn_rate_after,
        untouched_churn_rate_before,
        untouched_churn_rate_after,
        case
            when comparison = 'before and after only' then churn_rate_after - churn_rate_before
            else
                churn_rate_after - churn_rate_before
                - untouched_churn_rate_after + untouched_churn_rate_before
        end as difference,
        difference_low,
        difference_high,
        has_other_changes,
        is_complete,
        is_final,
        least(
            opening_before,
            opening_after,
            coalesce(untouched_opening_before, opening_before),
            coalesce(untouched_opening_after, opening_after)
        ) < {{ var('small_cell_size') }} as is_small
    from rated

)

select * from final
