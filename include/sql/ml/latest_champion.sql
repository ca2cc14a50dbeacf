-- Purpose: the winner of the last training that was decided.
-- Grain: one row, none before the first training. Key: training_id. Inputs: ml.champion. Parameters: none.
select
    champion.training_id,
    champion.ranker
from ml.champion
order by champion.training_id desc
limit 1;
