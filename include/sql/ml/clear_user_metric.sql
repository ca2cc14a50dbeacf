-- Purpose: make room for the values per viewer of one ranker.
-- Parameters: training_id, ranker.
delete from ml.user_metric
where training_id = %(training_id)s and ranker = %(ranker)s;
