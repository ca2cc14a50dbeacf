-- Purpose: the verdict on a training's challenger.
-- Grain: one row, none before the comparison. Key: training_id. Inputs: ml.decision. Parameters: training_id.
select
    challenger,
    champion,
    verdict,
    reason,
    protocol
from ml.decision
where training_id = %(training_id)s;
