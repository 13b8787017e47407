{#- From which day on feedback speaks of a loss (definitions §7), as text for a drill query. -#}
{% macro drill_told_from(losses) -%}
greatest(
            least(
                {{ losses }}.lost_on - {{ var('loss_reason_days') }},
                (
                    select max(orders.ordered_on)
                    from {{ 'core' ~ '.orders' }} as orders
                    where orders.customer_id = {{ losses }}.customer_id
                        and orders.is_purchase
                        and orders.ordered_on < {{ losses }}.lost_on
                ),
                (
                    select min({{ local_day('services.cancel_requested_at') }})
                    from {{ 'core' ~ '.subscription_periods' }} as services
                    where services.customer_id = {{ losses }}.customer_id
                        and services.ends_on = {{ losses }}.lost_on
                        and services.cancel_requested_at < services.ends_at
                )
            ),
            {{ losses }}.present_from
        )
{%- endmacro %}
