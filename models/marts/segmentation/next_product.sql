-- One row per person who bought and rank: the products most likely to be bought with what they
-- have, by the best confidence among the pairs of product_affinity (definitions §6), then lift,
-- then id. Not what they already have, by purchase or exchange, unless the product is repeatable.
-- Who has only what stands in no pair has no row.
with

order_lines as (

    select
        customer_id,
        product_id
    from {{ ref('int_order_lines_valued') }}
    where customer_id is not null and product_id <> '(none)'

),

product_affinity as (

    select
        product_id,
        other_product_id,
        confidence,
        lift
    from {{ ref('product_affinity') }}
    qualify
        row_number() over (
            partition by product_id
            order by
                confidence desc nulls last,
                lift desc nulls last,
                other_product_id asc nulls last
        ) <= {{ var('next_product_pairs') }}

),

products as (

    select
        product_id,
        is_repeatable
    from {{ ref('products') }}

),

-- what came by an exchange (E35) is no purchase, but they have it
bought as (

    select distinct
        customer_id,
        product_id
    from order_lines

),

candidates as (

    select
        bought.customer_id,
        product_affinity.other_product_id as product_id,
        bought.product_id as because_product_id,
        product_affinity.confidence,
        product_affinity.lift
    from bought
    inner join product_affinity
        on bought.product_id = product_affinity.product_id
    qualify
        row_number() over (
            partition by bought.customer_id, product_affinity.other_product_id
            order by
                product_affinity.confidence desc nulls last,
                product_affinity.lift desc nulls last,
                bought.product_id asc nulls last
        ) = 1

),

final as (

    select
        candidates.customer_id,
        row_number() over (
            partition by candidates.customer_id
            order by
                candidates.confidence desc nulls last,
                candidates.lift desc nulls last,
                candidates.product_id asc nulls last
        ) as product_rank,
        candidates.product_id,
        candidates.because_product_id,
        candidates.confidence,
        candidates.lift,
        bought.product_id is not null as is_bought_before
    from candidates
    left join bought
        on candidates.customer_id = bought.customer_id
        and candidates.product_id = bought.product_id
    left join products
        on candidates.product_id = products.product_id
    where bought.product_id is null or coalesce(products.is_repeatable, false)
    qualify product_rank <= {{ var('next_products') }}

)

select * from final
