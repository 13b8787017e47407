-- One row per product delivered, under its id in the marts. Costs are in reporting currency, as
-- they stand now.
with

products as (

    select
        source_name,
        product_id,
        name,
        category,
        kind,
        unit_cost,
        is_repeatable,
        introduced_on
    from {{ ref('stg_products') }}

),

prefixes as (

    select
        source_name,
        id_prefix
    from {{ ref('int_source_prefixes') }}

),

final as (

    select
        prefixes.id_prefix || products.product_id as product_id,
        products.source_name,
        products.name,
        products.category,
        products.kind,
        {{ is_good_or_service('products.kind') }} as is_good_or_service,
        products.introduced_on,
        products.unit_cost,
        products.is_repeatable
    from products
    inner join prefixes
        on products.source_name = prefixes.source_name

)

select * from final
