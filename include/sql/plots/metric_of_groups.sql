-- Purpose: a metric of every ranker in each group of viewers of one dimension.
-- Grain and key: ranker, stratum. Inputs: ml.metric. Parameters: training_id, protocol, k, metric, dimension.
select
    ranker,
    stratum,
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
order by ranker, stratum;
