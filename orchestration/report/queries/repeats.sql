-- of those who bought n times, how many bought once more
select order_number, customers, reached_next, reached_rate, window_repeat_rate,
    window_repeat_rate_low, window_repeat_rate_high, median_days, is_small
from retention.repeat_purchase
order by order_number
