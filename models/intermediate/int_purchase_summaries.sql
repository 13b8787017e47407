-- One row per fit and person who had bought by its last day: frequency, recency and age in days, as
-- the purchase models know people (definitions §5: x, t_x, T), the money of the repeat days, and
-- what came after the fit's last day. Refunds known at the cutoff are taken off their orders.
with

fits as (

    select
        fit,
        fitted_through
    from {{ ref('int_value_fits') }}

),

occasions as (

    select
        customer_id,
        occasion_on,
        occasion_number,
        net_revenue
    from {{ ref('int_purchase_occasions') }}

),

summed as (

    select
        fits.fit,
        occasions.customer_id,
        fits.fitted_through,
        min(occasions.occasion_on) as first_on,
        max(case when occasions.occasion_on <= fits.fitted_through then occasions.occasion_on end)
            as last_on,
        count_if(occasions.occasion_on <= fits.fitted_through) as purchase_days,
        sum(
            case
                when
                    occasions.occasion_on <= fits.fitted_through and occasions.occasion_number > 1
                    then occasions.net_revenue
            end
        ) as repeat_revenue,
        count_if(occasions.occasion_on > fits.fitted_through) as later_purchase_days,
        sum(
            case
                when occasions.occasion_on > fits.fitted_through then occasions.net_revenue
            end
        ) as later_revenue
    from occasions
    cross join fits
    group by
        fits.fit,
        occasions.customer_id,
        fits.fitted_through

),

final as (

    select
        fit,
        customer_id,
        cast(purchase_days - 1 as bigint) as frequency,
        cast({{ days_between('first_on', 'last_on') }} as bigint) as recency_days,
        cast({{ days_between('first_on', 'fitted_through') }} as bigint) as age_days,
        cast(coalesce(repeat_revenue, 0) as decimal(18, 2)) as repeat_revenue,
        cast(later_purchase_days as bigint) as later_purchase_days,
        cast(coalesce(later_revenue, 0) as decimal(18, 2)) as later_revenue
    from summed
    where purchase_days > 0

)

select * from final
