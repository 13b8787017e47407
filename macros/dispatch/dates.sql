{# Calendar arithmetic that the engines spell or mean differently. Arguments are SQL expressions. #}

{% macro days_between(earlier, later) %}{{ return(adapter.dispatch('days_between', 'holdfast')(earlier, later)) }}{% endmacro %}
{% macro default__days_between(earlier, later) %}cast(datediff('day', {{ earlier }}, {{ later }}) as integer){% endmacro %}
{% macro spark__days_between(earlier, later) %}datediff({{ later }}, {{ earlier }}){% endmacro %}

{% macro add_days(day, days) %}({{ day }} + cast({{ days }} as integer)){% endmacro %}

{% macro add_months(day, months) %}{{ return(adapter.dispatch('add_months', 'holdfast')(day, months)) }}{% endmacro %}
{% macro default__add_months(day, months) %}cast({{ day }} + to_months(cast({{ months }} as integer)) as date){% endmacro %}
{% macro spark__add_months(day, months) %}add_months({{ day }}, cast({{ months }} as int)){% endmacro %}

{% macro add_days_to_instant(instant, days) %}{{ return(adapter.dispatch('add_days_to_instant', 'holdfast')(instant, days)) }}{% endmacro %}
{% macro default__add_days_to_instant(instant, days) %}({{ instant }} + to_days(cast({{ days }} as integer))){% endmacro %}
{% macro spark__add_days_to_instant(instant, days) %}timestampadd(day, cast({{ days }} as int), {{ instant }}){% endmacro %}

{% macro iso_weekday(day) %}{{ return(adapter.dispatch('iso_weekday', 'holdfast')(day)) }}{% endmacro %}
{% macro default__iso_weekday(day) %}cast(isodow({{ day }}) as integer){% endmacro %}
{% macro spark__iso_weekday(day) %}(weekday({{ day }}) + 1){% endmacro %}

{# UTC instant (timestamp) -> business-local wall clock (timestamp). #}
{% macro local_time(instant) %}{{ return(adapter.dispatch('local_time', 'holdfast')(instant)) }}{% endmacro %}
{% macro default__local_time(instant) %}({{ instant }} at time zone 'UTC' at time zone '{{ var("business_timezone") }}'){% endmacro %}
{% macro spark__local_time(instant) %}convert_timezone('UTC', '{{ var("business_timezone") }}', {{ instant }}){% endmacro %}

{# UTC instant -> business-local day. #}
{% macro local_day(instant) %}cast({{ local_time(instant) }} as date){% endmacro %}

{# Business-local wall clock (timestamp) -> UTC instant; of two (clocks put back) engines take either. #}
{% macro instant_of(local) %}{{ return(adapter.dispatch('instant_of', 'holdfast')(local)) }}{% endmacro %}
{% macro default__instant_of(local) %}(cast({{ local }} as timestamp) at time zone '{{ var("business_timezone") }}' at time zone 'UTC'){% endmacro %}
{% macro spark__instant_of(local) %}convert_timezone('{{ var("business_timezone") }}', 'UTC', cast({{ local }} as timestamp_ntz)){% endmacro %}

{% macro add_hours_to_instant(instant, hours) %}{{ return(adapter.dispatch('add_hours_to_instant', 'holdfast')(instant, hours)) }}{% endmacro %}
{% macro default__add_hours_to_instant(instant, hours) %}({{ instant }} + to_hours(cast({{ hours }} as integer))){% endmacro %}
{% macro spark__add_hours_to_instant(instant, hours) %}timestampadd(hour, cast({{ hours }} as int), {{ instant }}){% endmacro %}
