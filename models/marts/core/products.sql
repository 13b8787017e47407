-- One row per product delivered. Costs are in reporting currency, as they stand now.
with

products as (

    select
        product_id,
        source_name,
        name,
        category,
        kind,
        is_good_or_service,
        introduced_on,
        unit_cost,
        is_repeatable
    from {{ ref('int_products_known') }}

),

final as (

    select
        product_id,
        source_name,
        name,
        category,
        kind,
        is_good_or_service,
        introduced_on,
        unit_cost,
        is_repeatable
    from products

)

select * from final
