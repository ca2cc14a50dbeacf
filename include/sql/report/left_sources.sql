-- Purpose: sources that the last good batch had and that this one has no longer, since no setting names them.
-- Grain: sentence. Key: source. Inputs: ops.remark, ops.batch. Parameters: batch_id.
select remark.source || ': ' || remark.sentence as sentence
from ops.remark
inner join ops.batch on remark.batch_id = batch.batch_id
where remark.batch_id = %(batch_id)s and remark.source <> all(batch.sources)
order by remark.source;
