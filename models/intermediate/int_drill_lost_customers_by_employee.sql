-- One row per count of win_back.lost_customers_by_employee: the query that lists who stands behind
-- a cell (quality.drill_queries holds all of them). Written from the definitions, on tables of core
-- alone, and not from the mart's model: that both agree is a proof of either.
{{ config(materialized='view') }}
{# the queries are text, indented for whoever reads them in the mart #}
-- noqa: disable=LT02
{% set lifecycle = 'core' ~ '.customer_lifecycle' %}
{% set dimensions = 'core' ~ '.customer_dimensions' %}
{% set customers = 'core' ~ '.customers' %}

{% set owned %}
with
period as (
    select
        cast($period_start as date) as period_start,
        {{ drill_period_end() }} as period_end
),
spells as (
    select customer_id, state, valid_from, valid_to
    from {{ lifecycle }}
    where basis = 'any' and state <> 'lost'
),
owned as (
    select spells.customer_id
    from spells
    inner join {{ dimensions }} as dimensions on spells.customer_id = dimensions.customer_id
    cross join period
    where spells.valid_from < period.period_start
        and (spells.valid_to is null or spells.valid_to >= period.period_start)
        and dimensions.dimension = 'account_owner'
        and dimensions.value = $employee_id
        and dimensions.valid_from < period.period_start
        and (dimensions.valid_to is null or dimensions.valid_to >= period.period_start)
)
select customer_id
from owned
{%- endset %}

{% set lost %}
{{ owned }}
where not exists (
    select 1
    from spells
    cross join period
    where spells.customer_id = owned.customer_id
        and spells.valid_from < period.period_end
        and (spells.valid_to is null or spells.valid_to >= period.period_end)
)
{%- endset %}

{% set by_account %}
{{ owned }}
where customer_id in (
    select customer_id
    from {{ customers }}
    where account_owner_id is not null
)
{%- endset %}

{% set returned_since %}
{{ lost }}
    and exists (
        select 1
        from spells
        cross join period
        where spells.customer_id = owned.customer_id
            and spells.valid_from >= period.period_end
    )
{%- endset %}

{% set company %}
with
period as (
    select
        cast($period_start as date) as period_start,
        {{ drill_period_end() }} as period_end
),
spells as (
    select customer_id, valid_from, valid_to
    from {{ lifecycle }}
    where basis = 'any' and state <> 'lost'
)
select spells.customer_id
from spells
cross join period
where spells.valid_from < period.period_start
    and (spells.valid_to is null or spells.valid_to >= period.period_start)
{%- endset %}

{% set company_lost %}
{{ company }}
    and not exists (
        select 1
        from spells as later
        where later.customer_id = spells.customer_id
            and later.valid_from < period.period_end
            and (later.valid_to is null or later.valid_to >= period.period_end)
    )
{%- endset %}

{% set place = 'grain, period_start' %}
{% set key = 'grain, period_start, employee_id' %}
{# measure, parameters, how the rows make the cell, query, what it lists #}
{% set drills = [
    ('customers_at_open', key, 'rows', owned,
     'People not lost at the open whose owner the employee was then.'),
    ('customers_by_account', key, 'rows', by_account,
     'Those of them whose owner is that of the account.'),
    ('lost_customers', key, 'rows', lost,
     'Those of them who were lost at the close.'),
    ('returned_since', key, 'rows', returned_since,
     'Those of the lost who have come back since.'),
    ('company_customers_at_open', place, 'rows', company, 'People not lost at the open.'),
    ('company_lost_customers', place, 'rows', company_lost,
     'Those of them who were lost at the close.'),
] %}
with

final as (

    {{ drill_rows('win_back.lost_customers_by_employee', drills) }}

)

select * from final
