{# Age at which the cohorts of a grain end. `grain` is a SQL expression. #}
{% macro max_age(grain) %}
case {{ grain }}
    when 'week' then {{ var('max_age_weeks') }}
    when 'month' then {{ var('max_age_months') }}
    when 'quarter' then {{ var('max_age_quarters') }}
    when 'year' then {{ var('max_age_years') }}
end
{% endmacro %}
