-- One row per contact before the cutoff between the business and a known person, in either
-- direction, with what it cost (definitions §7, cost of serving). Minutes and cost are null where
-- nobody says them. Test accounts are not here.
with

interactions as (

    select
        interaction_id,
        customer_id,
        employee_id,
        occurred_on,
        channel,
        duration_minutes,
        cost_source,
        cost
    from {{ ref('int_contact_costs') }}

),

final as (

    select * from interactions

)

select * from final
