-- One row per product delivered or sold, with what it brought in all history, its ABC class by net
-- revenue and by margin and its XYZ class by monthly units (definitions §6), beside its category's
-- totals. An order's net revenue is shared out over its lines; lines without a product, carriage
-- and gift cards carry none.
with

products as (

    select
        product_id,
        name,
        category,
        kind,
        is_good_or_service
    from {{ ref('products') }}

),

lines as (

    select
        product_id,
        order_id,
        customer_id,
        ordered_on,
        units,
        net_revenue,
        margin
    from {{ ref('int_order_lines_valued') }}
    where product_id <> '(none)'

),

last_months as (

    select max(period_number) as last_month
    from {{ ref('int_periods') }}
    where grain = 'month' and is_complete

),

sales as (

    select
        product_id,
        count(distinct customer_id) as customers,
        count(distinct order_id) as orders,
        sum(units) as units,
        {{ round_money('sum(net_revenue)') }} as net_revenue,
        case when bool_and(margin is not null) then {{ round_money('sum(margin)') }} end as margin
    from lines
    group by product_id

),

month_units as (

    select
        product_id,
        {{ period_number("'month'", 'ordered_on') }} as period_number,
        cast(sum(units) * 100 as decimal(15, 0)) as units_100
    from lines
    group by
        product_id,
        {{ period_number("'month'", 'ordered_on') }}

),

unit_sums as (

    select
        month_units.product_id,
        {{ variation_months('month_units.period_number', 'last_months.last_month') }} as months,
        {{ variation_sum(
            'month_units.units_100', 'month_units.period_number', 'last_months.last_month'
        ) }} as units_100,
        {{ variation_sum(
            'month_units.units_100 * month_units.units_100',
            'month_units.period_number',
            'last_months.last_month'
        ) }} as squares
    from month_units
    cross join last_months
    group by
        month_units.product_id,
        last_months.last_month

),

variations as (

    select
        product_id,
        {{ variation('months', 'units_100', 'squares') }} as units_variation
    from unit_sums

),

listed as (

    select
        coalesce(products.product_id, sales.product_id) as product_id,
        products.name,
        products.category,
        coalesce(products.kind, 'good') as kind,
        coalesce(sales.customers, 0) as customers,
        coalesce(sales.orders, 0) as orders,
        coalesce(sales.units, 0) as units,
        coalesce(sales.net_revenue, 0) as net_revenue,
        case when sales.product_id is null then 0 else sales.margin end as margin
    from products
    full join sales
        on products.product_id = sales.product_id
    where coalesce(products.is_good_or_service, true)

),

scored as (

    select
        product_id,
        name,
        category,
        kind,
        customers,
        orders,
        units,
        net_revenue,
        margin,
        cast(floor(greatest(net_revenue, 0) * 100) as bigint) as revenue_cents,
        cast(floor(greatest(margin, 0) * 100) as bigint) as margin_cents
    from listed

),

cumulated as (

    select
        product_id,
        name,
        category,
        kind,
        customers,
        orders,
        units,
        net_revenue,
        margin,
        cast(
            sum(revenue_cents) over (
                order by revenue_cents desc nulls last, product_id asc nulls last
                rows between unbounded preceding and current row
            ) as bigint
        )
        - revenue_cents as revenue_before,
        cast(sum(revenue_cents) over () as bigint) as revenue_in_all,
        cast(
            sum(margin_cents) over (
                order by margin_cents desc nulls last, product_id asc nulls last
                rows between unbounded preceding and current row
            ) as bigint
        )
        - margin_cents as margin_before,
        cast(sum(margin_cents) over () as bigint) as margin_in_all,
        sum(units) over category_products as category_units,
        sum(net_revenue) over category_products as category_revenue,
        case
            when bool_and(margin is not null) over category_products
                then sum(margin) over category_products
        end as category_margin
    from scored
    window category_products as (partition by category)

),

final as (

    select
        cumulated.product_id,
        cumulated.name,
        cumulated.category,
        cumulated.kind,
        cumulated.customers,
        cumulated.orders,
        cast(cumulated.units as decimal(18, 6)) as units,
        cast(cumulated.net_revenue as decimal(18, 2)) as net_revenue,
        cast(cumulated.margin as decimal(18, 2)) as margin,
        {{ abc_class('cumulated.revenue_before', 'cumulated.revenue_in_all') }} as revenue_class,
        case
            when cumulated.margin is not null
                then {{ abc_class('cumulated.margin_before', 'cumulated.margin_in_all') }}
        end as margin_class,
        variations.units_variation,
        {{ xyz_class('variations.units_variation') }} as xyz_class,
        cast(cumulated.category_units as decimal(18, 6)) as category_units,
        cast(cumulated.category_revenue as decimal(18, 2)) as category_revenue,
        cast(cumulated.category_margin as decimal(18, 2)) as category_margin,
        {{ share('cumulated.net_revenue', 'cumulated.category_revenue') }}
            as share_of_category,
        cumulated.customers < {{ var('small_cell_size') }} as is_small
    from cumulated
    left join variations
        on cumulated.product_id = variations.product_id

)

select * from final
