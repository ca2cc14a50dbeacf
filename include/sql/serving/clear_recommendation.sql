-- Purpose: make room for the lists of one shard of viewers.
-- Grain: viewer and rank. Key: version_id, user_id, rank. Inputs: serving.recommendation. Parameters: version_id,
-- shard, shards.
delete from serving.recommendation
where version_id = %(version_id)s and mod(user_id, %(shards)s) = %(shard)s;
