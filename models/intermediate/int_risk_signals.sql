-- One row per day of int_risk_days, person and signal that was on at its end, at the highest level
-- reached (definitions §7): now and on past days by the same rules, as known then.
{% set domains = ['purchase', 'contact', 'answer', 'service'] %}
with

measures as (

    {% for domain in domains %}
        select
            evaluation_on,
            person_number,
            signal,
            value,
            baseline,
            since_on
        from {{ ref('int_risk_' ~ domain ~ '_signals') }}
        {% if not loop.last %}

            union all

        {% endif %}
    {% endfor %}

),

rules as (

    select
        signal,
        level,
        measure,
        comparison,
        threshold
    from {{ ref('risk_signal_rules') }}

),

ratios as (

    select
        evaluation_on,
        person_number,
        signal,
        value,
        baseline,
        since_on,
        round(value / nullif(baseline, 0), 6) as ratio
    from measures

),

reached as (

    select
        ratios.evaluation_on,
        ratios.person_number,
        ratios.signal,
        max(rules.level) as level,
        max_by(rules.threshold, rules.level) as threshold,
        ratios.value,
        ratios.baseline,
        ratios.since_on
    from ratios
    inner join rules
        on
        ratios.signal = rules.signal
        and case
            when rules.measure = 'ratio' and rules.comparison = 'at_least'
                then ratios.ratio >= rules.threshold
            when rules.measure = 'ratio' then ratios.ratio <= rules.threshold
            when rules.comparison = 'at_least' then ratios.value >= rules.threshold
            else ratios.value <= rules.threshold
        end
    group by
        ratios.evaluation_on,
        ratios.person_number,
        ratios.signal,
        ratios.value,
        ratios.baseline,
        ratios.since_on

),

final as (

    select
        evaluation_on,
        person_number,
        signal,
        level,
        threshold,
        value,
        baseline,
        case
            -- overdue from the day on which the share of the window was reached
            when signal = 'overdue'
                then {{ add_days(
                    'since_on',
                    'ceil(round(cast(threshold as double) * cast(baseline as double), 6))'
                ) }}
            else since_on
        end as since_on
    from reached

)

select * from final
