-- One row per origin and age of a cohort in months: revenue per customer of the cohort, without the
-- season, pooled over all cohorts and at the level of the latest twelve months (definitions §4,
-- Forecast). Ages nobody has reached, up to 12 beyond the oldest, are as the oldest six.
with

cells as (

    select
        origin_number,
        month_number,
        age,
        calendar_month,
        customers,
        net_revenue
    from {{ ref('int_forecast_cells') }}

),

seasons as (

    select
        origin_number,
        calendar_month,
        purchase_season
    from {{ ref('int_forecast_seasons') }}

),

sums as (

    select
        cells.origin_number,
        cells.age,
        sum(cast(cells.net_revenue as double) / nullif(seasons.purchase_season, 0))
            as net_revenue,
        cast(sum(cells.customers) as double) as customers
    from cells
    inner join seasons
        on
        cells.origin_number = seasons.origin_number
        and cells.calendar_month = seasons.calendar_month
    group by
        cells.origin_number,
        cells.age

),

pooled as (

    select
        origin_number,
        age,
        cast(net_revenue as double) / nullif(customers, 0) as revenue_per_customer
    from sums
    where customers > 0

),

-- of anybody, however long the history before
oldest as (

    select
        origin_number,
        max(age) as age
    from sums
    where customers > 0
    group by origin_number

),

tails as (

    select
        sums.origin_number,
        oldest.age as oldest_age,
        cast(sum(sums.net_revenue) as double) / nullif(sum(sums.customers), 0)
            as revenue_per_customer
    from sums
    inner join oldest
        on sums.origin_number = oldest.origin_number
    where sums.age >= oldest.age - 5 and sums.age >= 1
    group by
        sums.origin_number,
        oldest.age

),

levels as (

    select
        cells.origin_number,
        cast(sum(cells.net_revenue) as double)
        / nullif(
            sum(cells.customers * pooled.revenue_per_customer * seasons.purchase_season), 0
        ) as level
    from cells
    inner join pooled
        on
        cells.origin_number = pooled.origin_number
        and cells.age = pooled.age
    inner join seasons
        on
        cells.origin_number = seasons.origin_number
        and cells.calendar_month = seasons.calendar_month
    where cells.month_number > cells.origin_number - 12
    group by cells.origin_number

),

horizons as (

    {% for horizon in range(1, 13) %}
        select {{ horizon }} as horizon
        {% if not loop.last %}union all{% endif %}
    {% endfor %}

),

final as (

    select
        pooled.origin_number,
        pooled.age,
        pooled.revenue_per_customer * levels.level as revenue_per_customer
    from pooled
    inner join levels
        on pooled.origin_number = levels.origin_number

    union all

    select
        tails.origin_number,
        cast(tails.oldest_age + horizons.horizon as integer) as age,
        tails.revenue_per_customer * levels.level as revenue_per_customer
    from tails
    cross join horizons
    inner join levels
        on tails.origin_number = levels.origin_number

)

select * from final
