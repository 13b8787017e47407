-- Every combination of the win-back list's classes has a rule, and so a category (definitions §7),
-- and every reason has a solution, at the latest that of (none).
with

rules as (

    select
        value_class,
        xyz_class,
        time_since_loss,
        loss_kind,
        reason_class
    from {{ ref('win_back_rules') }}

),

solutions as (

    select reason_code
    from {{ ref('win_back_solutions') }}

),

everything as (

    select count(*) as fitting
    from rules
    where
        value_class = '*'
        and xyz_class = '*'
        and time_since_loss = '*'
        and loss_kind = '*'
        and reason_class = '*'

),

fallback as (

    select count(*) as fitting
    from solutions
    where reason_code = '(none)'

)

select
    everything.fitting as rules_for_everybody,
    fallback.fitting as solutions_for_everybody
from everything
cross join fallback
where everything.fitting = 0 or fallback.fitting = 0
