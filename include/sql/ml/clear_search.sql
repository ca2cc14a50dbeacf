-- Purpose: make room for a ranker's search in a training: forget what the same training found before.
-- Grain: trial; ranker. Key: training_id, ranker, trial. Inputs: ml.tuned, ml.trial. Parameters: training_id, ranker.
delete from ml.tuned
where training_id = %(training_id)s and ranker = %(ranker)s;
delete from ml.trial
where training_id = %(training_id)s and ranker = %(ranker)s;
