-- what became of people who complained, by whether it was solved; last quarter with a known outcome
with quarter as (
    select *
    from voice_of_customer.complaints
    where grain = 'quarter' and category = '(all)' and is_loss_complete
    order by period_start desc
    limit 1
)

select grain, period_start, outcome, people, lost_customers, loss_rate, loss_rate_low,
    loss_rate_high, is_small
from quarter
cross join lateral (
    values
        (1, 'solved', solved, solved_lost, solved_loss_rate, solved_loss_rate_low,
            solved_loss_rate_high),
        (2, 'unsolved', unsolved, unsolved_lost, unsolved_loss_rate, unsolved_loss_rate_low,
            unsolved_loss_rate_high),
        (3, 'without_complaint', without_complaint, without_complaint_lost,
            without_complaint_loss_rate, without_complaint_loss_rate_low,
            without_complaint_loss_rate_high)
) as outcomes (
    position, outcome, people, lost_customers, loss_rate, loss_rate_low, loss_rate_high
)
order by position
