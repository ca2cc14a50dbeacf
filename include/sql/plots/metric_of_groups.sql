-- Purpose: a metric of every ranker for each group of viewers or movies of one dimension, of which `all` has one group:
-- everybody.
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
