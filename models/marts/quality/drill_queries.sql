-- One row per mart and measure: the query that lists who or what stands behind a cell. A reader
-- binds its named parameters to the cell's own columns. Each mart's queries stand in a model of
-- their own, int_drill_<mart>.
{% set marts = [
    'retention_rates',
    'cohort_retention',
    'lapse_curve',
    'change_effect',
    'onboarding_effect',
    'first_experience',
    'repeat_purchase',
    'revenue_growth',
    'revenue_concentration',
    'revenue_retention',
    'lost_revenue',
    'campaign_outcomes',
    'contact_pressure',
    'price_volume',
    'discounts',
    'segment_migration',
    'segment_profiles',
    'product_classes',
    'product_affinity',
    'satisfaction',
    'satisfaction_and_churn',
    'complaints',
    'silent_customers',
    'cohort_lifetime_value',
    'acquisition_payback',
    'formula_lifetime_value',
    'lost_customers_by_employee',
    'parent_revenue_retention',
    'product_experience',
    'churn_reasons',
    'returned_customers',
    'service_effort',
    'loyalty_programme',
] %}
with

final as (

    {% for mart in marts %}
        select
            mart,
            measure,
            description,
            parameters,
            adds_up_by,
            query
        from {{ ref('int_drill_' ~ mart) }}
        {% if not loop.last %}
            union all
        {% endif %}
    {% endfor %}

)

select * from final
