-- Purpose: make room for the metrics of one ranker under one protocol.
-- Grain: metric. Key: training_id, protocol, ranker, k, metric, dimension, stratum. Inputs: ml.metric. Parameters:
-- training_id, protocol, ranker.
delete from ml.metric
where training_id = %(training_id)s and protocol = %(protocol)s and ranker = %(ranker)s;
