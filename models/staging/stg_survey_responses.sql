-- One row per survey sent to a person.
-- Rows deleted at source, and rows held back for what another input lacks, are not there.
with

survey_responses as (

    select
        _source as source_name,
        response_id,
        customer_id,
        survey,
        sent_at,
        responded_at,
        score,
        comment,
        {{ local_day('sent_at') }} as sent_on,
        {{ local_day('responded_at') }} as responded_on
    from {{ source('landing', 'survey_responses') }}
    where not _is_deleted and not _is_held

),

final as (

    select * from survey_responses

)

select * from final
