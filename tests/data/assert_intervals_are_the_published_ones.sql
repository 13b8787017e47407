-- Intervals of shares are those printed in Newcombe (1998), Statistics in Medicine 17: page 861,
-- table I, method 3, and page 877, table II, method 10; 0 of n begins at 0 and n of n ends at 1
-- exactly, and where nobody is there is none. Differences in differences: two cases reckoned apart.
{% set shares = [
    (81, 263, '0.2553', '0.3662'),
    (15, 148, '0.0624', '0.1605'),
    (0, 20, '0.0000', '0.1611'),
    (1, 29, '0.0061', '0.1718'),
] %}
{% set differences = [
    (56, 70, 48, 80, '0.0524', '0.3339'),
    (9, 10, 3, 10, '0.1705', '0.8090'),
    (6, 7, 2, 7, '0.0582', '0.8062'),
    (5, 56, 0, 29, '-0.0381', '0.1926'),
    (0, 10, 0, 20, '-0.1611', '0.2775'),
    (0, 10, 0, 10, '-0.2775', '0.2775'),
    (10, 10, 0, 20, '0.6791', '1.0000'),
    (10, 10, 0, 10, '0.6075', '1.0000'),
] %}
{% set double_differences = [
    ((56, 70), (48, 80), (0, 10), (0, 10), '-0.1143', '0.5081'),
    ((30, 100), (10, 100), (12, 100), (8, 100), '0.0196', '0.2963'),
] %}
with

printed as (

    {% for successes, trials, low, high in shares %}
        select
            '{{ successes }} of {{ trials }}' as example,
            {{ wilson_low(successes, trials) }} as low,
            {{ wilson_high(successes, trials) }} as high,
            cast({{ low }} as double) as printed_low,
            cast({{ high }} as double) as printed_high

        union all

    {% endfor %}
    {% for successes, trials, others, other_trials, low, high in differences %}
        select
            '{{ successes }} of {{ trials }}, {{ others }} of {{ other_trials }}' as example,
            {{ difference_low(successes, trials, others, other_trials) }} as low,
            {{ difference_high(successes, trials, others, other_trials) }} as high,
            cast({{ low }} as double) as printed_low,
            cast({{ high }} as double) as printed_high

        union all

    {% endfor %}
    {% for after, before, other_after, other_before, low, high in double_differences %}
        select
            'double difference {{ loop.index }}' as example,
            {{ double_difference_low(after, before, other_after, other_before) }} as low,
            {{ double_difference_high(after, before, other_after, other_before) }} as high,
            cast({{ low }} as double) as printed_low,
            cast({{ high }} as double) as printed_high
        {% if not loop.last %}union all{% endif %}
    {% endfor %}

),

nobody as (

    select
        0 as people,
        cast(null as integer) as unknown

),

findings as (

    select example
    from printed
    where
        low is null
        or high is null
        or abs(low - printed_low) > 0.00005
        or abs(high - printed_high) > 0.00005

    union all

    select 'an interval of nobody' as example
    from nobody
    where
        {{ wilson_low('people', 'people') }} is not null
        or {{ wilson_high('people', 'people') }} is not null
        or {{ wilson_low('unknown', 'unknown') }} is not null
        or {{ wilson_high('unknown', 'unknown') }} is not null
        or {{ difference_low('people', 'people', '1', '2') }} is not null
        or {{ difference_high('1', '2', 'people', 'people') }} is not null
        or {{ double_difference_low(
            ['1', '2'], ['1', '2'], ['1', '2'], ['people', 'people']
        ) }} is not null
        or {{ double_difference_high(
            ['people', 'people'], ['1', '2'], ['1', '2'], ['1', '2']
        ) }} is not null

    union all

    select 'an end outside 0 and 1' as example
    from nobody
    where
        {{ wilson_low('0', '7') }} <> 0
        or {{ wilson_high('7', '7') }} <> 1
        or {{ wilson_low('0', '1000003') }} <> 0
        or {{ wilson_high('1000003', '1000003') }} <> 1

)

select * from findings
