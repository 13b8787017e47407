-- One row per complaint opened before the cutoff by a known person, as it was known then: what
-- happened later is blank, and the state is what the dates say; taken as delivered, and marked
-- is_undated, where there are none (definitions §1, Cutoff). Test accounts are not here.
with

data_cutoff as (

    select data_cutoff
    from {{ ref('int_data_cutoff') }}

),

complaints as (

    select
        source_name,
        complaint_id,
        customer_id,
        opened_at,
        opened_on,
        first_response_at,
        first_response_on,
        resolved_at,
        resolved_on,
        reopened_at,
        reopened_on,
        category,
        severity,
        lower(status) as delivered_status,
        channel,
        order_id,
        product_id,
        employee_id
    from {{ ref('stg_complaints') }}

),

identities as (

    select
        source_name,
        source_customer_id,
        customer_id
    from {{ ref('int_customer_identities') }}
    where not is_test

),

prefixes as (

    select
        source_name,
        id_prefix
    from {{ ref('int_source_prefixes') }}

),

dated as (

    select
        prefixes.id_prefix || complaints.complaint_id as complaint_id,
        complaints.source_name,
        identities.customer_id,
        prefixes.id_prefix || complaints.order_id as order_id,
        prefixes.id_prefix || complaints.product_id as product_id,
        prefixes.id_prefix || complaints.employee_id as employee_id,
        complaints.category,
        complaints.severity,
        complaints.channel,
        complaints.delivered_status,
        complaints.opened_at,
        complaints.opened_on,
        {% for event in ['first_response', 'resolved', 'reopened'] %}
            case
                when complaints.{{ event }}_at < data_cutoff.data_cutoff
                    then complaints.{{ event }}_at
            end as {{ event }}_at,
            case
                when complaints.{{ event }}_at < data_cutoff.data_cutoff
                    then complaints.{{ event }}_on
            end as {{ event }}_on,
        {% endfor %}
        complaints.resolved_at is null and complaints.reopened_at is null as has_no_dates
    from complaints
    cross join data_cutoff
    inner join prefixes
        on complaints.source_name = prefixes.source_name
    inner join identities
        on complaints.source_name = identities.source_name
        and complaints.customer_id = identities.source_customer_id
    where complaints.opened_at < data_cutoff.data_cutoff

),

final as (

    select
        complaint_id,
        source_name,
        customer_id,
        order_id,
        product_id,
        employee_id,
        category,
        severity,
        channel,
        case
            when has_no_dates and delivered_status in ('resolved', 'solved', 'closed')
                then 'resolved'
            when reopened_at >= coalesce(resolved_at, reopened_at) then 'reopened'
            when resolved_at is not null then 'resolved'
            else 'open'
        end as status,
        opened_at,
        opened_on,
        first_response_at,
        first_response_on,
        resolved_at,
        resolved_on,
        reopened_at,
        reopened_on,
        has_no_dates
        and coalesce(delivered_status in ('resolved', 'solved', 'closed'), false) as is_undated
    from dated

)

select * from final
