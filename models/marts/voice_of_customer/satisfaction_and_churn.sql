-- One row per survey, score band, window of days and basis: how many of those who answered so, and
-- were customers that day, were lost in the days after it (definitions §8). Answers count once per
-- person, survey and local day, and only where the window was over by the cutoff. Who did not
-- answer is looked at when the days for it were over. Not additive over bases or windows.
{% set answer_days = var('survey_answer_days') %}
with

data_cutoff as (

    select cutoff_day
    from {{ ref('int_data_cutoff') }}

),

windows as (

    select window_days
    from {{ ref('effect_windows') }}
    where mart = 'satisfaction_and_churn'

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

lifecycle as (

    select
        customer_id,
        basis,
        state,
        valid_from,
        valid_to
    from {{ ref('customer_lifecycle') }}

),

-- the latest of a day, as in satisfaction
answers as (

    select
        customer_id,
        survey,
        score_band,
        responded_on as known_on
    from survey_responses
    where score is not null
    qualify
        row_number() over (
            partition by customer_id, survey, responded_on
            order by
                responded_at desc nulls last,
                sent_at desc nulls last,
                response_id desc nulls last
        ) = 1

),

-- whether somebody answers later is not known yet on the day the days for it are over
unanswered as (

    select distinct
        customer_id,
        survey,
        'no answer' as score_band,
        {{ add_days('sent_on', answer_days) }} as known_on
    from survey_responses
    where
        is_sent_known
        and (score is null or responded_on > {{ add_days('sent_on', answer_days) }})

),

moments as (

    select
        customer_id,
        survey,
        score_band,
        known_on
    from answers

    union all

    select
        customer_id,
        survey,
        score_band,
        known_on
    from unanswered

),

-- customers at the end of that day
standing as (

    select
        moments.customer_id,
        moments.survey,
        moments.score_band,
        moments.known_on,
        lifecycle.basis
    from moments
    inner join lifecycle
        on
        moments.customer_id = lifecycle.customer_id
        and moments.known_on >= lifecycle.valid_from
        and (lifecycle.valid_to is null or moments.known_on < lifecycle.valid_to)
    where lifecycle.state <> 'lost'

),

followed as (

    select
        standing.customer_id,
        standing.survey,
        standing.score_band,
        standing.known_on,
        standing.basis,
        min(lifecycle.valid_from) as lost_on
    from standing
    left join lifecycle
        on
        standing.customer_id = lifecycle.customer_id
        and standing.basis = lifecycle.basis
        and standing.known_on < lifecycle.valid_from
        and lifecycle.state = 'lost'
    group by
        standing.customer_id,
        standing.survey,
        standing.score_band,
        standing.known_on,
        standing.basis

),

counted as (

    select
        followed.survey,
        followed.score_band,
        windows.window_days,
        followed.basis,
        count(*) as answers,
        count(distinct followed.customer_id) as people,
        count(*) filter (
            where followed.lost_on <= {{ add_days('followed.known_on', 'windows.window_days') }}
        ) as lost
    from followed
    cross join windows
    cross join data_cutoff
    where
        {{ add_days('followed.known_on', 'windows.window_days') }}
        <= data_cutoff.cutoff_day
    group by
        followed.survey,
        followed.score_band,
        windows.window_days,
        followed.basis

),

final as (

    select
        survey,
        score_band,
        window_days,
        basis,
        answers,
        people,
        lost,
        {{ share('lost', 'answers') }} as churn_rate,
        {{ wilson_low('lost', 'answers') }} as churn_rate_low,
        {{ wilson_high('lost', 'answers') }} as churn_rate_high,
        'not causal' as comparison,
        people < {{ var('small_cell_size') }} as is_small
    from counted

)

select * from final
