-- One row per month, month compared with (the one before, the same a year before), dimension and
-- value: what moved net revenue (order basis), summing to the cent (definitions §4, Price against
-- volume): customers, then orders, then units, each at old money; then prices per product, at new
-- units; mix is the rest. Customers do not add up over values or months.
with

periods as (

    select
        period_number,
        period_start,
        is_complete,
        is_final
    from {{ ref('int_periods') }}
    where grain = 'month'

),

revenue_values as (

    select
        value_number,
        dimension,
        value
    from {{ ref('int_revenue_values') }}

),

revenue_cells as (

    select
        value_number,
        period_number,
        customers,
        orders,
        anonymous_orders,
        net_revenue
    from {{ ref('int_revenue_cells') }}

),

revenue_products as (

    select
        value_number,
        period_number,
        product_id,
        units,
        net_revenue
    from {{ ref('int_revenue_products') }}

),

comparisons as (

    select
        'month_before' as compared_with,
        1 as months_back

    union all

    select
        'year_before' as compared_with,
        12 as months_back

),

unit_sums as (

    select
        value_number,
        period_number,
        sum(units) as units
    from revenue_products
    group by
        value_number,
        period_number

),

-- a value has rows from the month of its first order on
first_months as (

    select
        value_number,
        min(period_number) as first_month
    from revenue_cells
    group by value_number

),

history as (

    select min(first_month) as first_month
    from first_months

),

cells as (

    select
        first_months.value_number,
        periods.period_number,
        periods.period_start,
        periods.is_complete,
        periods.is_final,
        coalesce(revenue_cells.customers, 0) as customers,
        coalesce(revenue_cells.orders, 0) as orders,
        coalesce(revenue_cells.anonymous_orders, 0) as anonymous_orders,
        coalesce(unit_sums.units, 0) as units,
        coalesce(revenue_cells.net_revenue, 0) as revenue
    from first_months
    inner join periods
        on first_months.first_month <= periods.period_number
    left join revenue_cells
        on
        first_months.value_number = revenue_cells.value_number
        and periods.period_number = revenue_cells.period_number
    left join unit_sums
        on
        first_months.value_number = unit_sums.value_number
        and periods.period_number = unit_sums.period_number

),

-- what each product sold then and now would have brought less at the prices of then
price_moves as (

    select
        products_now.value_number,
        products_now.period_number,
        comparisons.compared_with,
        sum(
            products_now.net_revenue
            - {{ prorate_money(
                'products_then.net_revenue',
                'products_now.units * 10000',
                'products_then.units * 10000'
            ) }}
        ) as price_effect
    from revenue_products as products_now
    cross join comparisons
    inner join revenue_products as products_then
        on
        products_now.value_number = products_then.value_number
        and products_now.product_id = products_then.product_id
        and products_now.period_number = products_then.period_number + comparisons.months_back
    group by
        products_now.value_number,
        products_now.period_number,
        comparisons.compared_with

),

-- nothing is compared with a month before the first order of history
compared as (

    select
        cells.value_number,
        cells.period_number,
        cells.period_start,
        cells.is_complete,
        cells.is_final,
        comparisons.compared_with,
        {{ period_first_day("'month'", 'cells.period_number - comparisons.months_back') }}
            as compared_start,
        cells.period_number - comparisons.months_back >= history.first_month as is_comparable,
        cells.customers,
        cells.orders,
        cells.anonymous_orders,
        cells.units,
        cells.revenue,
        coalesce(cells_then.customers, 0) as old_customers,
        coalesce(cells_then.orders, 0) as old_orders,
        coalesce(cells_then.anonymous_orders, 0) as old_anonymous_orders,
        coalesce(cells_then.units, 0) as old_units,
        coalesce(cells_then.revenue, 0) as old_revenue,
        coalesce(price_moves.price_effect, 0) as price_effect
    from cells
    cross join comparisons
    cross join history
    left join cells as cells_then
        on
        cells.value_number = cells_then.value_number
        and cells.period_number = cells_then.period_number + comparisons.months_back
    left join price_moves
        on
        cells.value_number = price_moves.value_number
        and cells.period_number = price_moves.period_number
        and comparisons.compared_with = price_moves.compared_with

),

-- Revenue of then with the customers of now, each with the orders of then; with the orders of now;
-- with the units of now. Where nobody was there then, they come with the orders they have now;
-- where there was no order then, all that came came with them.
steps as (

    select
        *,
        case
            when old_orders = 0 and customers > 0 then revenue
            when old_orders = 0 then 0
            when old_customers = 0
                then {{ prorate_money(
                    'old_revenue',
                    'cast(orders - anonymous_orders + old_anonymous_orders as decimal(18, 2))',
                    'cast(old_orders as decimal(18, 2))'
                ) }}
            else {{ prorate_money(
                'old_revenue',
                'cast('
                ~ 'cast(customers as decimal(18, 0)) * (old_orders - old_anonymous_orders)'
                ~ ' + cast(old_anonymous_orders as decimal(18, 0)) * old_customers'
                ~ ' as decimal(36, 2))',
                'cast(cast(old_customers as decimal(18, 0)) * old_orders as decimal(36, 2))'
            ) }}
        end as revenue_by_customers,
        case
            when old_orders = 0 then revenue
            else {{ prorate_money(
                'old_revenue',
                'cast(orders as decimal(18, 2))',
                'cast(old_orders as decimal(18, 2))'
            ) }}
        end as revenue_by_orders,
        case
            when old_orders = 0 then revenue
            else {{ prorate_money('old_revenue', 'units * 10000', 'old_units * 10000') }}
        end as revenue_by_units
    from compared

),

final as (

    select
        'month' as grain,
        steps.period_start,
        'orders' as basis,
        revenue_values.dimension,
        revenue_values.value,
        steps.compared_with,
        steps.compared_start,
        steps.customers,
        case when steps.is_comparable then steps.old_customers end as compared_customers,
        steps.orders,
        case when steps.is_comparable then steps.old_orders end as compared_orders,
        steps.anonymous_orders,
        cast(steps.units as decimal(18, 6)) as units,
        case when steps.is_comparable then cast(steps.old_units as decimal(18, 6)) end
            as compared_units,
        cast(steps.revenue as decimal(18, 2)) as revenue,
        {% for column, amount in [
            ('compared_revenue', 'old_revenue'),
            ('revenue_change', 'revenue - steps.old_revenue'),
            ('customers_effect', 'revenue_by_customers - steps.old_revenue'),
            ('orders_per_customer_effect', 'revenue_by_orders - steps.revenue_by_customers'),
            ('units_per_order_effect', 'revenue_by_units - steps.revenue_by_orders'),
            ('price_effect', 'price_effect'),
            ('mix_effect', 'revenue - steps.revenue_by_units - steps.price_effect'),
        ] %}
            case
                when steps.is_comparable then cast(steps.{{ amount }} as decimal(18, 2))
            end as {{ column }},
        {% endfor %}
        case
            when steps.is_comparable and steps.is_complete
                then
                    steps.revenue >= steps.old_revenue
                    and (
                        steps.customers < steps.old_customers
                        or steps.units < steps.old_units
                    )
                    and steps.price_effect > 0
        end as is_false_calm,
        steps.is_complete,
        steps.is_final,
        steps.customers < {{ var('small_cell_size') }} as is_small
    from steps
    inner join revenue_values
        on steps.value_number = revenue_values.value_number

)

select * from final
