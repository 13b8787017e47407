-- One row per survey sent to, or answered by, a known person before the cutoff, as known then
-- (definitions §1 Cutoff, §8). A survey without a score was not answered.
with

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
        score_band,
        is_off_scale,
        is_undated
    from {{ ref('int_survey_responses_known') }}

),

final as (

    select * from survey_responses

)

select * from final
