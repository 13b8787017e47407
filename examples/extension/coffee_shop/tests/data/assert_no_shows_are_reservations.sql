-- Nobody misses more tables than they reserved.
select
    customer_id,
    reservations,
    no_shows
from {{ ref('no_shows_by_customer') }}
where no_shows > reservations
