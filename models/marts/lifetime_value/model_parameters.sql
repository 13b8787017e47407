-- One row per model, segment and parameter that the predictions rest on: estimate, standard error,
-- and whether to trust it (definitions §5). Refused models stand there without numbers, with the
-- reason as their warning.
with

fits as (

    select
        fit,
        fitted_through
    from {{ ref('int_value_fits') }}

),

cutoff as (

    select cutoff_day
    from {{ ref('int_data_cutoff') }}

),

parameters as (

    select
        fit,
        model,
        segment,
        parameter,
        estimate,
        standard_error,
        log_likelihood,
        customers,
        is_converged,
        is_at_bound,
        is_identified,
        warning
    from {{ ref('int_value_parameters') }}
    where fit = 'current'

),

final as (

    select
        parameters.model,
        parameters.segment,
        parameters.parameter,
        parameters.estimate,
        parameters.standard_error,
        parameters.log_likelihood,
        parameters.customers,
        parameters.is_converged,
        parameters.is_at_bound,
        parameters.is_identified,
        parameters.warning,
        coalesce(fits.fitted_through, cutoff.cutoff_day) as fitted_through
    from parameters
    cross join cutoff
    left join fits
        on parameters.fit = fits.fit

)

select * from final
