-- Purpose: the numbers of the batch at the gate that an expectation checks, and what is allowed.
-- Grain and key: subject, metric. Inputs: ops.metric_bound. Parameters: layer, metrics, severity.
select
    subject,
    metric,
    value,
    usual,
    nights,
    lower,
    upper
from ops.metric_bound
where layer = %(layer)s and metric = any(%(metrics)s) and severity = %(severity)s
order by metric, subject;
