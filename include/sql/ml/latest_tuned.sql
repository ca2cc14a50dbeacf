-- Purpose: the hyper-parameters a ranker goes on with: those of the last search on the same dataset.
-- Grain: one row, none before the first search. Key: dataset, ranker, training_id. Inputs: ml.tuned. Parameters:
-- training_id, dataset, ranker.
select parameters
from ml.tuned
where dataset = %(dataset)s and ranker = %(ranker)s and training_id < %(training_id)s
order by training_id desc
limit 1;
