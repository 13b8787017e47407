-- One row per survey sent to, or answered by, a known person before the cutoff, as it was known
-- then: a later answer is blank. An answer without a date counts from when it was sent and
-- is_undated, a survey sent on an unknown day from its answer, not is_sent_known; an answer off its
-- survey's own scale is no score. Test accounts are not here.
with

data_cutoff as (

    select data_cutoff
    from {{ ref('int_data_cutoff') }}

),

survey_responses as (

    select
        source_name,
        response_id,
        customer_id,
        survey,
        sent_at,
        sent_on,
        responded_at,
        responded_on,
        score
    from {{ ref('stg_survey_responses') }}

),

identities as (

    select
        source_name,
        source_customer_id,
        customer_id
    from {{ ref('int_customer_identities') }}
    where not is_test

),

prefixes as (

    select
        source_name,
        id_prefix
    from {{ ref('int_source_prefixes') }}

),

dated as (

    select
        prefixes.id_prefix || survey_responses.response_id as response_id,
        survey_responses.source_name,
        identities.customer_id,
        survey_responses.survey,
        coalesce(survey_responses.sent_at, survey_responses.responded_at) as sent_at,
        coalesce(survey_responses.sent_on, survey_responses.responded_on) as sent_on,
        survey_responses.sent_at is not null as is_sent_known,
        coalesce(
            survey_responses.responded_at,
            case when survey_responses.score is not null then survey_responses.sent_at end
        ) as responded_at,
        coalesce(
            survey_responses.responded_on,
            case when survey_responses.score is not null then survey_responses.sent_on end
        ) as responded_on,
        survey_responses.score,
        survey_responses.responded_at is null and survey_responses.score is not null as is_undated,
        data_cutoff.data_cutoff
    from survey_responses
    cross join data_cutoff
    inner join prefixes
        on survey_responses.source_name = prefixes.source_name
    inner join identities
        on survey_responses.source_name = identities.source_name
        and survey_responses.customer_id = identities.source_customer_id
    where
        coalesce(survey_responses.sent_at, survey_responses.responded_at)
        < data_cutoff.data_cutoff

),

known as (

    select
        response_id,
        source_name,
        customer_id,
        survey,
        sent_at,
        sent_on,
        is_sent_known,
        case when responded_at < data_cutoff then responded_at end as responded_at,
        case when responded_at < data_cutoff then responded_on end as responded_on,
        case when responded_at < data_cutoff then score end as delivered_score,
        is_undated
    from dated

),

scored as (

    select
        *,
        case
            when survey = 'nps' and delivered_score between 0 and 10 then delivered_score
            when survey = 'csat' and delivered_score between 1 and 5 then delivered_score
            when survey = 'ces' and delivered_score between 1 and 7 then delivered_score
        end as score
    from known

),

final as (

    select
        response_id,
        source_name,
        customer_id,
        survey,
        sent_at,
        sent_on,
        is_sent_known,
        responded_at,
        responded_on,
        score,
        case
            when score is null then null
            when survey = 'nps' and score >= 9 then 'promoter'
            when survey = 'nps' and score <= 6 then 'detractor'
            when survey = 'nps' then 'passive'
            when survey = 'csat' and score >= 4 then 'satisfied'
            when survey = 'csat' and score < 3 then 'dissatisfied'
            when survey = 'csat' then 'neutral'
            when score > 4 then 'easy'
            when score < 4 then 'difficult'
            else 'neutral'
        end as score_band,
        delivered_score is not null and score is null as is_off_scale,
        is_undated
    from scored

)

select * from final
