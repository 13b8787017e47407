-- Of every file taken, each line read stands, was refused, or was replaced by a later version.
select
    refresh_id,
    input,
    file,
    rows_read,
    rows_loaded,
    rows_refused,
    rows_superseded
from {{ ref('input_loads') }}
where
    status = 'loaded'
    and (rows_read is null or rows_read <> rows_loaded + rows_refused + rows_superseded)
