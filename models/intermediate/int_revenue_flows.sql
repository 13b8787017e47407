-- One row per basis, window and value of a dimension with movements: their money by line, and the
-- people they are of (definitions §4). Additive over values. Revaluation is what the closing rates
-- make of the moved people's opening amounts, which fx of those who stood still leaves out.
with

movements as (

    select
        basis,
        person_number,
        grain,
        dimension_grain,
        period_start,
        movement,
        churn_type,
        opening_amount,
        opening_at_closing_rate,
        constant_amount,
        closing_amount,
        valued_on
    from {{ ref('int_revenue_movements') }}

),

people as (

    select
        customer_id,
        person_number
    from {{ ref('int_person_numbers') }}

),

customer_dimensions as (

    select
        customer_id,
        dimension,
        value,
        valid_from,
        valid_to
    from {{ ref('customer_dimensions') }}

),

dimension_grains as (

    select
        dimension,
        grain
    from {{ ref('int_dimension_grains') }}

),

value_numbers as (

    select
        value_number,
        dimension,
        value
    from {{ ref('int_value_numbers') }}

),

-- the values a person's movements can count under, by grain
spells as (

    select
        people.person_number,
        dimension_grains.grain,
        value_numbers.value_number,
        customer_dimensions.valid_from,
        customer_dimensions.valid_to
    from customer_dimensions
    inner join people
        on customer_dimensions.customer_id = people.customer_id
    inner join value_numbers
        on
        customer_dimensions.dimension = value_numbers.dimension
        and customer_dimensions.value = value_numbers.value
    inner join dimension_grains
        on customer_dimensions.dimension = dimension_grains.dimension

),

lines as (

    select
        basis,
        person_number,
        grain,
        dimension_grain,
        period_start,
        valued_on,
        case when movement = 'churn' then 1 else 0 end as lost_customers,
        case when movement = 'new' then closing_amount else 0 end as new_amount,
        case when movement = 'reactivation' then closing_amount else 0 end as reactivation_amount,
        case when movement = 'resume' then closing_amount else 0 end as resume_amount,
        case when movement = 'change' then greatest(constant_amount - opening_amount, 0) else 0 end
            as expansion_amount,
        case when movement = 'change' then greatest(opening_amount - constant_amount, 0) else 0 end
            as contraction_amount,
        case when movement = 'pause' then opening_amount else 0 end as pause_amount,
        case when movement = 'churn' then opening_amount else 0 end as churn_amount,
        case when churn_type = 'involuntary' then opening_amount else 0 end as involuntary_amount,
        case when movement = 'change' then closing_amount - constant_amount else 0 end
            as fx_amount,
        case
            when movement in ('change', 'churn', 'pause')
                then opening_at_closing_rate - opening_amount
            else 0
        end as revaluation_amount,
        -- GRR and NRR look at each person who was there
        case
            when movement in ('change', 'churn', 'pause')
                then opening_amount - least(opening_amount, constant_amount)
            else 0
        end as gross_shortfall,
        case
            when movement in ('change', 'churn', 'pause') then opening_amount - constant_amount
            else 0
        end as net_shortfall
    from movements

),

final as (

    select
        lines.basis,
        lines.grain,
        lines.period_start,
        spells.value_number,
        {% for line in [
            'new_amount', 'reactivation_amount', 'resume_amount', 'expansion_amount',
            'contraction_amount', 'pause_amount', 'churn_amount', 'involuntary_amount',
            'fx_amount', 'revaluation_amount', 'gross_shortfall', 'net_shortfall'
        ] %}
            cast(sum(lines.{{ line }}) as decimal(18, 2)) as {{ line }},
        {% endfor %}
        cast(sum(lines.lost_customers) as bigint) as lost_customers
    from lines
    inner join spells
        on
        lines.person_number = spells.person_number
        and lines.dimension_grain = spells.grain
        and lines.valued_on >= spells.valid_from
        and (spells.valid_to is null or lines.valued_on < spells.valid_to)
    group by
        lines.basis,
        lines.grain,
        lines.period_start,
        spells.value_number

)

select * from final
