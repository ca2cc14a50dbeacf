-- Purpose: who of these viewers was forgotten.
-- Grain: viewer. Key: user_id. Inputs: ops.refused_buckets(), ops.is_refused(). Parameters: user_ids.
with refused as materialized (  -- made once, not for each viewer
    select ops.refused_buckets() as bits
)

select viewer.user_id
from unnest(%(user_ids)s::bigint[]) as viewer (user_id)
cross join refused
where get_bit(refused.bits, ops.user_bucket(viewer.user_id)) = 1 and ops.is_refused(viewer.user_id)
order by viewer.user_id;
