-- One row per grain, period, survey, dimension and value: who answered what, and how many of the
-- surveys sent were answered (definitions §8). A person counts once per period, by the latest score
-- in it; a survey counts in the period it was sent in. People are not additive over periods.
{% set answer_days = var('survey_answer_days') %}
with

data_cutoff as (

    select cutoff_day
    from {{ ref('int_data_cutoff') }}

),

survey_responses as (

    select
        response_id,
        customer_id,
        survey,
        sent_at,
        sent_on,
        is_sent_known,
        responded_at,
        responded_on,
        score,
        score_band
    from {{ ref('survey_responses') }}
    where survey is not null

),

periods as (

    select
        grain,
        period_number,
        period_start,
        is_complete,
        is_final
    from {{ ref('int_periods') }}

),

dimension_grains as (

    select
        dimension,
        grain
    from {{ ref('int_dimension_grains') }}

),

dimensions as (

    select distinct dimension
    from dimension_grains

),

customer_dimensions as (

    select
        customer_id,
        dimension,
        value,
        valid_from,
        valid_to
    from {{ ref('customer_dimensions') }}

),

-- under the value of the day it was sent and of the day it was answered; a person who has not
-- bought yet has none
moments as (

    select
        response_id,
        customer_id,
        sent_on as happened_on,
        false as is_answer
    from survey_responses
    where is_sent_known

    union all

    select
        response_id,
        customer_id,
        responded_on as happened_on,
        true as is_answer
    from survey_responses
    where score is not null

),

moment_values as (

    select
        moments.response_id,
        moments.is_answer,
        dimensions.dimension,
        case
            when dimensions.dimension = 'all' then 'all'
            else coalesce(customer_dimensions.value, '(none)')
        end as value
    from moments
    cross join dimensions
    left join customer_dimensions
        on
        moments.customer_id = customer_dimensions.customer_id
        and dimensions.dimension = customer_dimensions.dimension
        and moments.happened_on >= customer_dimensions.valid_from
        and (
            customer_dimensions.valid_to is null
            or moments.happened_on < customer_dimensions.valid_to
        )

),

grains as (

    select distinct grain
    from periods

),

-- the latest of the period; of two at one instant, the one sent later
latest_answers as (

    select
        survey_responses.response_id,
        survey_responses.survey,
        survey_responses.score_band,
        survey_responses.score,
        grains.grain,
        {{ period_number('grains.grain', 'survey_responses.responded_on') }} as period_number
    from survey_responses
    cross join grains
    where survey_responses.score is not null
    qualify
        row_number() over (
            partition by
                grains.grain,
                {{ period_number('grains.grain', 'survey_responses.responded_on') }},
                survey_responses.survey,
                survey_responses.customer_id
            order by
                survey_responses.responded_at desc nulls last,
                survey_responses.sent_at desc nulls last,
                survey_responses.response_id desc nulls last
        ) = 1

),

answered as (

    select
        latest_answers.grain,
        latest_answers.period_number,
        latest_answers.survey,
        moment_values.dimension,
        moment_values.value,
        count(*) as people,
        count(*) filter (
            where latest_answers.score_band in ('promoter', 'satisfied', 'easy')
        ) as positive,
        count(*) filter (where latest_answers.score_band in ('passive', 'neutral')) as neutral,
        count(*) filter (
            where latest_answers.score_band in ('detractor', 'dissatisfied', 'difficult')
        ) as negative,
        sum(latest_answers.score) as score_sum,
        sum(
            cast(latest_answers.score as decimal(9, 6))
            * cast(latest_answers.score as decimal(9, 6))
        ) as square_sum
    from latest_answers
    inner join dimension_grains
        on latest_answers.grain = dimension_grains.grain
    inner join moment_values
        on
        latest_answers.response_id = moment_values.response_id
        and dimension_grains.dimension = moment_values.dimension
        and moment_values.is_answer
    group by
        latest_answers.grain,
        latest_answers.period_number,
        latest_answers.survey,
        moment_values.dimension,
        moment_values.value

),

-- of a survey whose sending was not delivered nobody knows how many were not answered
asked as (

    select
        survey_responses.response_id,
        survey_responses.survey,
        survey_responses.sent_on,
        {{ add_days('survey_responses.sent_on', answer_days) }} <= data_cutoff.cutoff_day as is_due,
        survey_responses.score is not null
        and survey_responses.responded_on
        <= {{ add_days('survey_responses.sent_on', answer_days) }} as is_answered_in_time
    from survey_responses
    cross join data_cutoff
    where survey_responses.is_sent_known

),

sent as (

    select
        dimension_grains.grain,
        {{ period_number('dimension_grains.grain', 'asked.sent_on') }} as period_number,
        asked.survey,
        moment_values.dimension,
        moment_values.value,
        count(*) as sent,
        count(*) filter (where asked.is_due) as due,
        count(*) filter (where asked.is_due and asked.is_answered_in_time) as answered
    from asked
    inner join moment_values
        on
        asked.response_id = moment_values.response_id
        and not moment_values.is_answer
    inner join dimension_grains
        on moment_values.dimension = dimension_grains.dimension
    group by
        dimension_grains.grain,
        {{ period_number('dimension_grains.grain', 'asked.sent_on') }},
        asked.survey,
        moment_values.dimension,
        moment_values.value

),

first_periods as (

    select
        grain,
        survey,
        dimension,
        value,
        min(period_number) as first_period
    from (
        select
            grain,
            survey,
            dimension,
            value,
            period_number
        from sent

        union all

        select
            grain,
            survey,
            dimension,
            value,
            period_number
        from answered
    ) as cells
    group by
        grain,
        survey,
        dimension,
        value

),

counted as (

    select
        periods.grain,
        periods.period_start,
        first_periods.survey,
        first_periods.dimension,
        first_periods.value,
        periods.is_complete,
        coalesce(sent.sent, 0) as sent,
        coalesce(sent.due, 0) as due,
        coalesce(sent.answered, 0) as answered,
        coalesce(answered.people, 0) as people,
        coalesce(answered.positive, 0) as positive,
        coalesce(answered.neutral, 0) as neutral,
        coalesce(answered.negative, 0) as negative,
        coalesce(answered.score_sum, 0) as score_sum,
        coalesce(answered.square_sum, 0) as square_sum,
        periods.is_final and coalesce(sent.due, 0) = coalesce(sent.sent, 0) as is_final
    from first_periods
    inner join periods
        on
        first_periods.grain = periods.grain
        and first_periods.first_period <= periods.period_number
    left join sent
        on
        first_periods.grain = sent.grain
        and periods.period_number = sent.period_number
        and first_periods.survey = sent.survey
        and first_periods.dimension = sent.dimension
        and first_periods.value = sent.value
    left join answered
        on
        first_periods.grain = answered.grain
        and periods.period_number = answered.period_number
        and first_periods.survey = answered.survey
        and first_periods.dimension = answered.dimension
        and first_periods.value = answered.value

),

final as (

    select
        grain,
        period_start,
        survey,
        dimension,
        value,
        sent,
        due,
        answered,
        case when is_complete then {{ share('answered', 'due') }} end as response_rate,
        people,
        positive,
        neutral,
        negative,
        cast(score_sum as decimal(38, 6)) as score_sum,
        case
            when not is_complete then null
            when survey = 'nps' then 100 * {{ share('(positive - negative)', 'people') }}
            when survey = 'csat' then 100 * {{ share('positive', 'people') }}
            else {{ share('score_sum', 'people') }}
        end as score,
        case
            when not is_complete then null
            when survey = 'nps'
                then 100 * {{ net_score_low('positive', 'negative', 'people') }}
            when survey = 'csat' then 100 * {{ wilson_low('positive', 'people') }}
            when people > 1
                then
                    greatest(
                        {{ share('score_sum', 'people') }}
                        - {{ mean_reach('people', 'score_sum', 'square_sum') }},
                        cast(1 as double)
                    )
        end as score_low,
        case
            when not is_complete then null
            when survey = 'nps'
                then 100 * {{ net_score_high('positive', 'negative', 'people') }}
            when survey = 'csat' then 100 * {{ wilson_high('positive', 'people') }}
            when people > 1
                then
                    least(
                        {{ share('score_sum', 'people') }}
                        + {{ mean_reach('people', 'score_sum', 'square_sum') }},
                        cast(7 as double)
                    )
        end as score_high,
        is_complete,
        is_final,
        people < {{ var('small_cell_size') }} as is_small
    from counted

)

select * from final
