-- Purpose: make room for the lists of one shard of viewers.
-- Parameters: version_id, shard, shards.
delete from serving.recommendation
where version_id = %(version_id)s and mod(user_id, %(shards)s) = %(shard)s;
