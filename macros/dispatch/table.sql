{#- DuckDB: a table is dropped and made anew in one transaction, so that it is never half there.
    dbt-duckdb's own way (make beside, rename twice, drop) takes six steps more for each of hundreds
    of small models. A Python model writes over a connection of its own, which would wait for that
    transaction, so its old table goes before it. -#}
{% materialization table, adapter='duckdb', supported_languages=['sql', 'python'] %}
    {%- set existing = load_cached_relation(this) -%}
    {%- set target = this.incorporate(type='table') -%}
    {%- set language = model['language'] -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {% if existing is not none %}
        {% call statement('drop_existing', auto_begin=(language == 'sql')) -%}
            drop {{ existing.type }} if exists {{ existing }} cascade
        {%- endcall %}
    {% endif %}
    {% call statement('main', language=language) -%}
        {{- create_table_as(False, target, compiled_code, language) -}}
    {%- endcall %}

    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}

    {{ return({'relations': [target]}) }}
{% endmaterialization %}
