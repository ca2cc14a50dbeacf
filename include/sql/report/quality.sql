-- Purpose: what the gates checked of a batch, what did not hold first.
-- Grain: expectation. Key: none. Inputs: ops.quality_result. Parameters: batch_id.
select
    gate,
    suite,
    expectation,
    case when passed then 'ok' when severity = 'critical' then 'stopped the night' else 'warning' end as result,
    observed -> 'observed_value' as seen,
    bounds - 'measured' as allowed
from ops.quality_result
where batch_id = %(batch_id)s
order by passed, severity, gate, suite, expectation;
