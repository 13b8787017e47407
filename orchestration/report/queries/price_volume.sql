-- what moved the revenue of the last complete month
with month as (
    select *
    from revenue.price_volume
    where dimension = 'all' and is_complete
    qualify row_number() over (partition by compared_with order by period_start desc) = 1
)

select compared_with, period_start, compared_start, step, amount, is_total, revenue_change,
    is_false_calm
from month
cross join lateral (
    values
        (1, 'then', compared_revenue, true), (2, 'customers', customers_effect, false),
        (3, 'orders_per_customer', orders_per_customer_effect, false),
        (4, 'units_per_order', units_per_order_effect, false), (5, 'price', price_effect, false),
        (6, 'mix', mix_effect, false), (7, 'now', revenue, true)
) as steps (position, step, amount, is_total)
order by compared_with desc, position
