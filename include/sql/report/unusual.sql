-- Purpose: what of a night is out of the bounds that the nights before set, as one DAG measured it or all did.
-- Grain and key: measure. Inputs: ops.night_bound. Parameters: batch_id, dag_id (null: all).
select
    measure,
    sentence,
    value,
    usual,
    nights,
    lower,
    upper
from ops.night_bound
where batch_id = %(batch_id)s and not is_within and (%(dag_id)s::text is null or dag_id = %(dag_id)s)
order by dag_id, measure;
