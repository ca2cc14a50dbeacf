-- Purpose: a metric of every ranker over all evaluated viewers, with its interval where it has one.
-- Grain and key: ranker. Inputs: ml.metric. Parameters: training_id, protocol, k, metric, dimension (of all viewers).
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
    and dimension = %(dimension)s
order by ranker;
