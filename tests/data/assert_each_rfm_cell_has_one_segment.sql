-- Each of the 125 cells of the three scores has exactly one segment (definitions §6); whoever has
-- one order, which is frequency score 1, is neither champion nor at risk, and with the best recency
-- is new (E99). Fixed breaks rise with the score, and negative spend reaches none (E97). Tiers
-- begin at 0 and rise together.
with

scores as (
    {% for score in range(1, 6) %}
        {%- if not loop.first %}

            union all
        {% endif %}
        select {{ score }} as score
    {%- endfor %}

),

cells as (

    select
        recencies.score as recency_score,
        frequencies.score as frequency_score,
        monetaries.score as monetary_score
    from scores as recencies
    cross join scores as frequencies
    cross join scores as monetaries

),

segments as (

    select
        cells.recency_score,
        cells.frequency_score,
        cells.monetary_score,
        count(rfm_segments.rfm_segment) as segments,
        max(rfm_segments.rfm_segment) as rfm_segment
    from cells
    left join {{ ref('rfm_segments') }} as rfm_segments
        on
        cells.recency_score >= rfm_segments.recency_from
        and cells.recency_score <= rfm_segments.recency_to
        and cells.frequency_score >= rfm_segments.frequency_from
        and cells.frequency_score <= rfm_segments.frequency_to
        and cells.monetary_score >= rfm_segments.monetary_from
        and cells.monetary_score <= rfm_segments.monetary_to
    group by
        cells.recency_score,
        cells.frequency_score,
        cells.monetary_score

),

breaks as (

    select
        measure,
        score,
        break_value,
        lag(break_value) over (partition by measure order by score nulls first) as lower_break
    from {{ ref('rfm_breaks') }}

),

tiers as (

    select
        tier,
        from_spend,
        from_points,
        lag(from_spend) over (order by position nulls first) as lower_spend,
        lag(from_points) over (order by position nulls first) as lower_points,
        row_number() over (order by position nulls first) as place
    from {{ ref('loyalty_tiers') }}

)

select 'a cell has not exactly one segment' as problem
from segments
where segments <> 1

union all

select 'a brand-new customer is not new' as problem
from segments
where
    frequency_score = 1
    and (
        rfm_segment in ('champion', 'at_risk')
        or (recency_score = 5 and rfm_segment <> 'new')
    )

union all

select 'breaks of ' || measure || ' do not rise with the score' as problem
from breaks
where
    break_value <= 0
    or (measure = 'recency' and break_value >= lower_break)
    or (measure <> 'recency' and break_value <= lower_break)

union all

-- E99 rests on it: one order scores 1
select 'one order is more than frequency score 1' as problem
from breaks
where measure = 'frequency' and break_value <= 1

union all

select 'a tier does not begin above the one before' as problem
from tiers
where
    (place = 1 and (from_spend <> 0 or from_points <> 0))
    or from_spend <= lower_spend
    or from_points <= lower_points
