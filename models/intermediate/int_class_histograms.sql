-- One row per measure (recency, frequency, revenue), whole month and bucket of its values: who was
-- in it at the month's end, with their revenue, and with all buckets up to it. Running sums of
-- comings and goings, so that nobody is ranked at every month end (definitions §6). A bucket of
-- recency is a day, one of frequency a number of orders, one of revenue holds neighbours in order.
with

steps as (

    select
        from_month,
        to_month,
        last_order_day,
        orders,
        scored_cents,
        revenue_bucket
    from {{ ref('int_buyer_steps') }}
    where to_month is null or from_month < to_month

),

months as (

    select period_number as month_number
    from {{ ref('int_periods') }}
    where grain = 'month' and is_complete

),

changes as (
    {% for measure, bucket in [
        ('recency', 'last_order_day'), ('frequency', 'orders'), ('revenue', 'revenue_bucket')
    ] %}
        {%- if not loop.first %}

            union all
        {% endif %}
        select
            '{{ measure }}' as measure,
            cast({{ bucket }} as bigint) as bucket,
            from_month as month_number,
            count(*) as people,
            sum(scored_cents) as cents
        from steps
        group by
            {{ bucket }},
            from_month

        union all

        select
            '{{ measure }}' as measure,
            cast({{ bucket }} as bigint) as bucket,
            to_month as month_number,
            -count(*) as people,
            -sum(scored_cents) as cents
        from steps
        where to_month is not null
        group by
            {{ bucket }},
            to_month
    {%- endfor %}

),

first_months as (

    select min(month_number) as first_month
    from months

),

-- what was cancelled since may have stood before the history that counts
month_changes as (

    select
        changes.measure,
        changes.bucket,
        greatest(changes.month_number, first_months.first_month) as month_number,
        sum(changes.people) as people,
        sum(changes.cents) as cents
    from changes
    cross join first_months
    group by
        changes.measure,
        changes.bucket,
        greatest(changes.month_number, first_months.first_month)

),

buckets as (

    select
        measure,
        bucket,
        min(month_number) as first_month
    from month_changes
    group by
        measure,
        bucket

),

standing as (

    select
        buckets.measure,
        buckets.bucket,
        months.month_number,
        sum(coalesce(month_changes.people, 0)) over bucket_months as people,
        sum(coalesce(month_changes.cents, 0)) over bucket_months as cents
    from buckets
    inner join months
        on buckets.first_month <= months.month_number
    left join month_changes
        on
        buckets.measure = month_changes.measure
        and buckets.bucket = month_changes.bucket
        and months.month_number = month_changes.month_number
    window
        bucket_months as (
            partition by buckets.measure, buckets.bucket
            order by months.month_number nulls first
            rows between unbounded preceding and current row
        )

),

final as (

    select
        measure,
        month_number,
        bucket,
        cast(people as bigint) as people,
        cast(cents as bigint) as cents,
        cast(sum(people) over month_buckets as bigint) as people_to,
        cast(sum(cents) over month_buckets as bigint) as cents_to
    from standing
    where people > 0
    window
        month_buckets as (
            partition by measure, month_number
            order by bucket nulls first
            rows between unbounded preceding and current row
        )

)

select * from final
