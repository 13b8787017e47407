-- One row per source: what stands before its ids in the marts. Nothing where one source alone
-- delivers people; the source's name where several do, as two shops may use one id (E21).
with

feeds as (

    select
        input,
        source_name
    from {{ ref('stg_ops_feeds') }}

),

sources as (

    select
        source_name,
        bool_or(input in ('customers', 'orders', 'subscription_periods')) as has_people
    from feeds
    group by source_name

),

counted as (

    select count_if(has_people) as sources_with_people
    from sources

),

final as (

    select
        sources.source_name,
        case
            when counted.sources_with_people > 1 then sources.source_name || ':'
            else ''
        end as id_prefix
    from sources
    cross join counted

)

select * from final
