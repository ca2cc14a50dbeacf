-- Purpose: a metric of every ranker over all evaluated viewers, with its interval where it has one.
-- Grain: ranker. Parameters: training_id, protocol, k, metric.
select
    ranker,
    value,
    low,
    high,
    users
from ml.metric
where
    training_id = %(training_id)s
    and protocol = %(protocol)s
    and k = %(k)s
    and metric = %(metric)s
    and dimension = 'all'
order by ranker;
