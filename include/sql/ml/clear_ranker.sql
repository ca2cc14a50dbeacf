-- Purpose: forget what a training said about a ranker, before it is fitted again.
-- Grain: row of a ranker in a table of ml. Key: training_id, ranker and the table's own. Inputs: ml.refused,
-- ml.left_out, ml.metric, ml.user_metric, ml.evaluation. Parameters: training_id, ranker.
delete from ml.refused
where training_id = %(training_id)s and ranker = %(ranker)s;
delete from ml.left_out
where training_id = %(training_id)s and ranker = %(ranker)s;
delete from ml.metric
where training_id = %(training_id)s and ranker = %(ranker)s;
delete from ml.user_metric
where training_id = %(training_id)s and ranker = %(ranker)s;
delete from ml.evaluation
where training_id = %(training_id)s and ranker = %(ranker)s;
