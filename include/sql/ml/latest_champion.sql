-- Purpose: the winner of the last training that was decided.
-- Grain: one row, none before the first training.
select
    champion.training_id,
    champion.ranker
from ml.champion
order by champion.decided_at desc
limit 1;
