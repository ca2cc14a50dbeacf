-- Purpose: the base rankers that the learned rankers of a training went on without; where only for another split than
-- the per-user one, which.
-- Grain: learned ranker, base ranker and reason. Key: ranker, base_ranker, reason. Inputs: ml.left_out.
-- Parameters: training_id, per_user_protocol.
select
    ranker,
    base_ranker,
    reason,
    case when not bool_or(protocol = %(per_user_protocol)s) then min(protocol) end as only_under
from ml.left_out
where training_id = %(training_id)s
group by ranker, base_ranker, reason
order by ranker, base_ranker, reason;
