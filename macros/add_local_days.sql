{# The instant `days` local calendar days later at the same local time: a day of 23 or 25 hours is one day (E02).
   Composed of the engine macros of dispatch/dates.sql. #}
{% macro add_local_days(instant, days) %}{{ instant_of(add_days_to_instant(local_time(instant), days)) }}{% endmacro %}
