{# A row's key: no two rows agree in all of the columns (nulls count as equal), and no row lacks
   one of them. #}
{% test unique_combination(model, columns) %}
{% if not columns %}
    {{ exceptions.raise_compiler_error('unique_combination needs columns') }}
{% endif %}
select
    {{ columns | join(', ') }},
    count(*) as rows_with_this_key
from {{ model }}
group by {{ columns | join(', ') }}
having
    count(*) > 1
    {% for column in columns %}or {{ column }} is null {% endfor %}

{% endtest %}
