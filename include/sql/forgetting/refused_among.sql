-- Purpose: who of these viewers was forgotten.
-- Grain: viewer. Key: user_id. Inputs: ops.refused_buckets(), ops.is_refused(). Parameters: user_ids.
with forgotten_bits as materialized (  -- made once, not for each viewer
    select ops.refused_buckets() as bits
)

select viewer.user_id
from unnest(%(user_ids)s::bigint[]) as viewer (user_id)
cross join forgotten_bits
where get_bit(forgotten_bits.bits, ops.user_bucket(viewer.user_id)) = 1 and ops.is_refused(viewer.user_id)
order by viewer.user_id;
