{# Gift cards, carriage and fees are no products anybody comes back for; what is of no product list, or of no kind there, is taken for a good. #}
{% macro is_good_or_service(kind) %}coalesce({{ kind }}, 'good') in ('good', 'service'){% endmacro %}
