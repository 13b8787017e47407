-- One row per day of int_risk_days, person and measure of what they answer and use that can be a
-- signal: the latest NPS, CSAT and CES score, surveys left unanswered, use that fell (definitions
-- §7), each as it was known at the end of that day.
{{ config(materialized='view') }}
with

rules as (

    select
        signal,
        window_days,
        baseline_days,
        minimum
    from {{ ref('risk_signal_rules') }}
    where level = 1

),

people as (

    select
        evaluation_on,
        person_number,
        customer_id
    from {{ ref('int_risk_people') }}

),

responses as (

    select
        customer_id,
        response_id,
        survey,
        sent_at,
        sent_on,
        responded_at,
        responded_on,
        score
    from {{ ref('int_survey_responses_known') }}

),

usage_days as (

    select distinct
        customer_id,
        used_on
    from {{ ref('int_product_usage_known') }}

),

-- of two at one instant, the one sent later, as in satisfaction
scored as (

    select
        people.evaluation_on,
        people.person_number,
        rules.signal,
        responses.score,
        responses.responded_on
    from people
    inner join responses
        on
        people.customer_id = responses.customer_id
        and people.evaluation_on >= responses.responded_on
    inner join rules
        on
        rules.signal = 'low_' || responses.survey
        and responses.responded_on
        > {{ add_days('people.evaluation_on', '-rules.window_days') }}
    where responses.score is not null
    qualify
        row_number() over (
            partition by people.evaluation_on, people.person_number, responses.survey
            order by
                responses.responded_at desc nulls last,
                responses.sent_at desc nulls last,
                responses.response_id desc nulls last
        ) = 1

),

-- in a row, up to the latest answer; who got one in the last two weeks may still answer
asked as (

    select
        people.evaluation_on,
        people.person_number,
        responses.sent_on,
        max(
            case when responses.responded_on <= people.evaluation_on then responses.sent_on end
        ) over (
            partition by people.evaluation_on, people.person_number
        ) as last_answered_on
    from people
    inner join responses
        on
        people.customer_id = responses.customer_id
        and {{ add_days('people.evaluation_on', -14) }} >= responses.sent_on
    inner join rules
        on responses.sent_on > {{ add_days('people.evaluation_on', '-rules.window_days') }}
    where rules.signal = 'surveys_unanswered'

),

used as (

    select
        people.evaluation_on,
        people.person_number,
        rules.window_days,
        rules.baseline_days,
        rules.minimum,
        {{ add_days('people.evaluation_on', '-rules.window_days') }} as window_from,
        usage_days.used_on
    from people
    inner join usage_days
        on
        people.customer_id = usage_days.customer_id
        and people.evaluation_on >= usage_days.used_on
    inner join rules
        on usage_days.used_on > {{ add_days(
            'people.evaluation_on', '-(rules.window_days + rules.baseline_days)'
        ) }}
    where rules.signal = 'usage_down'

),

usage_compared as (

    select
        evaluation_on,
        person_number,
        window_days,
        baseline_days,
        minimum,
        window_from,
        count_if(used_on > window_from) as days_used,
        count_if(used_on <= window_from) as baseline_days_used
    from used
    group by
        evaluation_on,
        person_number,
        window_days,
        baseline_days,
        minimum,
        window_from

),

final as (

    select
        evaluation_on,
        person_number,
        signal,
        cast(score as double) as value,
        cast(null as double) as baseline,
        responded_on as since_on
    from scored

    union all

    select
        evaluation_on,
        person_number,
        'surveys_unanswered' as signal,
        cast(count(*) as double) as value,
        cast(null as double) as baseline,
        min(sent_on) as since_on
    from asked
    where last_answered_on is null or sent_on > last_answered_on
    group by
        evaluation_on,
        person_number

    union all

    select
        evaluation_on,
        person_number,
        'usage_down' as signal,
        cast(days_used as double) as value,
        cast(baseline_days_used as double) * window_days
        / nullif(cast(baseline_days as double), 0) as baseline,
        {{ add_days('window_from', 1) }} as since_on
    from usage_compared
    where baseline_days_used >= minimum

)

select * from final
