-- Purpose: make room for the metrics of one ranker under one protocol.
-- Parameters: training_id, protocol, ranker.
delete from ml.metric
where training_id = %(training_id)s and protocol = %(protocol)s and ranker = %(ranker)s;
