-- Purpose: make room for what follows the lists of one shard of viewers.
-- Grain: viewer. Key: version_id, user_id. Inputs: serving.candidate. Parameters: version_id, shard, shards.
delete from serving.candidate
where version_id = %(version_id)s and mod(user_id, %(shards)s) = %(shard)s;
