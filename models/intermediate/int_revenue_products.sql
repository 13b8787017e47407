-- One row per month, dimension, value and product with valid orders: units and net revenue (order
-- basis, int_order_lines_valued), placed as in int_revenue_cells. Each product's money is rounded
-- by itself, so products need not add up to the cell's revenue to the cent.
with

lines as (

    select
        customer_id,
        ordered_on,
        product_id,
        units,
        net_revenue
    from {{ ref('int_order_lines_valued') }}

),

people as (

    select
        person_number,
        customer_id
    from {{ ref('int_person_numbers') }}

),

spells as (

    select
        person_number,
        value_number,
        valid_from,
        valid_to
    from {{ ref('int_revenue_spells') }}

),

numbered as (

    select
        coalesce(
            people.person_number, case when lines.customer_id is null then -1 else 0 end
        ) as person_number,
        lines.ordered_on,
        {{ period_number("'month'", 'lines.ordered_on') }} as period_number,
        lines.product_id,
        lines.units,
        lines.net_revenue
    from lines
    left join people
        on lines.customer_id = people.customer_id

),

final as (

    select
        spells.value_number,
        numbered.period_number,
        numbered.product_id,
        cast(sum(numbered.units) as decimal(18, 6)) as units,
        {{ round_money('sum(numbered.net_revenue)') }} as net_revenue
    from numbered
    inner join spells
        on
        numbered.person_number = spells.person_number
        and numbered.ordered_on >= spells.valid_from
        and (spells.valid_to is null or numbered.ordered_on < spells.valid_to)
    group by
        spells.value_number,
        numbered.period_number,
        numbered.product_id

)

select * from final
