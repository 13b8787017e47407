-- One row per person and reason to write or speak to them next, only for those who are still
-- customers and whom marketing may reach (definitions §7, Next contacts). Where several products,
-- terms or steps give one reason, the one due first is named. Not additive over reasons.
with

data_cutoff as (

    select cutoff_day
    from {{ ref('int_data_cutoff') }}

),

customers as (

    select
        customer_id,
        account_owner_id
    from {{ ref('customers') }}
    where lifecycle_state not in ('lost', 'prospect')

),

channels as (

    select
        customer_id,
        channel
    from {{ ref('contact_eligibility') }}
    where is_first_choice

),

products as (

    select
        product_id,
        kind
    from {{ ref('products') }}

),

product_intervals as (

    select
        customer_id,
        product_id,
        last_on,
        own_interval_days
    from {{ ref('int_product_intervals') }}

),

order_items as (

    select
        order_id,
        product_id,
        category
    from {{ ref('order_items') }}
    where quantity > 0

),

orders as (

    select
        order_id,
        customer_id,
        ordered_on
    from {{ ref('orders') }}
    where is_purchase and customer_id is not null

),

business_changes as (

    select
        change_id,
        effective_on,
        scope_dimension,
        scope_value
    from {{ ref('int_business_changes_known') }}
    where scope_dimension in ('product', 'category', 'first_category')

),

first_categories as (

    select
        customer_id,
        value as first_category
    from {{ ref('customer_dimensions') }}
    where dimension = 'first_category' and valid_to is null

),

terms as (

    select
        customer_id,
        subscription_id,
        term_ends_on
    from {{ ref('int_running_terms') }}

),

onboarding_steps as (

    select
        step,
        finish_within_days
    from {{ ref('onboarding_steps') }}

),

onboarding_completions as (

    select
        customer_id,
        step
    from {{ ref('onboarding_completions') }}

),

-- guests have no account in which to finish a step
account_holders as (

    select distinct customer_id
    from {{ ref('customer_identities') }}
    where rule in ('own', 'merge')

),

customer_lifecycle as (

    select
        customer_id,
        state,
        valid_from,
        valid_to
    from {{ ref('customer_lifecycle') }}
    where basis = 'any'

),

-- who is later than that has stopped buying it, by the lifecycle's own measure
due_products as (

    select
        product_intervals.customer_id,
        case products.kind when 'service' then 'service due' else 'replenishment due' end
            as reason,
        product_intervals.product_id as subject_id,
        product_intervals.own_interval_days,
        {{ add_days('product_intervals.last_on', 'product_intervals.own_interval_days') }} as due_on
    from product_intervals
    cross join data_cutoff
    left join products
        on product_intervals.product_id = products.product_id
    where
        {{ add_days('product_intervals.last_on', 'product_intervals.own_interval_days') }}
        <= {{ add_days('data_cutoff.cutoff_day', var('next_contact_days')) }}
        and {{ days_between('product_intervals.last_on', 'data_cutoff.cutoff_day') }}
        <= cast({{ var('lapse_factor') }} as double) * product_intervals.own_interval_days

),

ending_terms as (

    select
        terms.customer_id,
        'term ends' as reason,
        terms.subscription_id as subject_id,
        cast(null as integer) as own_interval_days,
        terms.term_ends_on as due_on
    from terms
    cross join data_cutoff
    where terms.term_ends_on <= {{ add_days('data_cutoff.cutoff_day', var('term_notice_days')) }}

),

-- a change limited to a first category concerns the people who began with it (definitions §3)
near_changes as (

    select
        business_changes.change_id,
        business_changes.effective_on,
        business_changes.scope_dimension,
        business_changes.scope_value,
        case
            when business_changes.scope_dimension = 'first_category'
                then business_changes.scope_value
        end as only_first_category
    from business_changes
    cross join data_cutoff
    where
        business_changes.effective_on
        > {{ add_days('data_cutoff.cutoff_day', '-' ~ var('change_notice_days')) }}
        and business_changes.effective_on
        <= {{ add_days('data_cutoff.cutoff_day', var('change_notice_days')) }}

),

-- a product is known by its id, with or without a list of products
changed_lines as (

    select
        near_changes.change_id,
        near_changes.effective_on,
        near_changes.only_first_category,
        order_items.order_id
    from near_changes
    inner join order_items
        on near_changes.scope_value = order_items.product_id
    where near_changes.scope_dimension = 'product'

    union all

    select
        near_changes.change_id,
        near_changes.effective_on,
        near_changes.only_first_category,
        order_items.order_id
    from near_changes
    inner join order_items
        on near_changes.scope_value = order_items.category
    where near_changes.scope_dimension in ('category', 'first_category')

),

changed_for_buyers as (

    select
        orders.customer_id,
        'bought what changes' as reason,
        changed_lines.change_id as subject_id,
        cast(null as integer) as own_interval_days,
        changed_lines.effective_on as due_on
    from changed_lines
    inner join orders
        on changed_lines.order_id = orders.order_id
    cross join data_cutoff
    left join first_categories
        on orders.customer_id = first_categories.customer_id
    where
        orders.ordered_on
        > {{ add_days('data_cutoff.cutoff_day', '-' ~ var('change_lookback_days')) }}
        and (
            changed_lines.only_first_category is null
            or changed_lines.only_first_category = first_categories.first_category
        )

),

-- only steps that somebody has taken by now are offered
observed_steps as (

    select
        taken_steps.step,
        coalesce(own_rule.finish_within_days, other_rule.finish_within_days) as finish_within_days
    from (
        select distinct step
        from onboarding_completions
    ) as taken_steps
    left join onboarding_steps as own_rule
        on taken_steps.step = own_rule.step
    left join onboarding_steps as other_rule
        on other_rule.step = '(other)'

),

first_days as (

    select
        customer_lifecycle.customer_id,
        min(customer_lifecycle.valid_from) as first_on
    from customer_lifecycle
    inner join account_holders
        on customer_lifecycle.customer_id = account_holders.customer_id
    group by customer_lifecycle.customer_id

),

open_steps as (

    select
        first_days.customer_id,
        'welcome step open' as reason,
        observed_steps.step as subject_id,
        cast(null as integer) as own_interval_days,
        {{ add_days('first_days.first_on', 'observed_steps.finish_within_days') }} as due_on
    from first_days
    cross join data_cutoff
    inner join observed_steps
        on
        {{ add_days('first_days.first_on', 'observed_steps.finish_within_days') }}
        > data_cutoff.cutoff_day
    left join onboarding_completions
        on
        first_days.customer_id = onboarding_completions.customer_id
        and observed_steps.step = onboarding_completions.step
    where onboarding_completions.customer_id is null

),

-- due on the day their time of care ends
returned_lately as (

    select
        customer_lifecycle.customer_id,
        'returned lately' as reason,
        cast(null as string) as subject_id,
        cast(null as integer) as own_interval_days,
        {{ add_days('max(customer_lifecycle.valid_from)', var('care_days')) }} as due_on
    from customer_lifecycle
    cross join data_cutoff
    where
        customer_lifecycle.state = 'returned'
        and customer_lifecycle.valid_from
        > {{ add_days('data_cutoff.cutoff_day', '-' ~ var('care_days')) }}
    group by customer_lifecycle.customer_id

),

reasons as (

    {% set steps = [
        'due_products', 'ending_terms', 'changed_for_buyers', 'open_steps', 'returned_lately'
    ] %}
    {% for step in steps %}
        select distinct
            customer_id,
            reason,
            subject_id,
            own_interval_days,
            due_on
        from {{ step }}
        {% if not loop.last %}
            union all
        {% endif %}
    {% endfor %}

),

first_reasons as (

    select
        customer_id,
        reason,
        subject_id,
        own_interval_days,
        due_on,
        count(*) over (partition by customer_id, reason) as subjects
    from reasons
    qualify
        row_number() over (
            partition by customer_id, reason
            order by due_on nulls last, subject_id nulls last
        ) = 1

),

final as (

    select
        first_reasons.customer_id,
        first_reasons.reason,
        customers.account_owner_id,
        channels.channel,
        first_reasons.subject_id,
        first_reasons.due_on,
        {{ days_between('data_cutoff.cutoff_day', 'first_reasons.due_on') }} as days_until_due,
        first_reasons.own_interval_days,
        first_reasons.subjects
    from first_reasons
    cross join data_cutoff
    inner join customers
        on first_reasons.customer_id = customers.customer_id
    inner join channels
        on first_reasons.customer_id = channels.customer_id

)

select * from final
