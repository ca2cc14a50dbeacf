-- Purpose: drop what was measured of old batches; the last accepted ones stay, since bounds come from them.
-- Grain: batch, layer, subject and metric. Key: the same. Inputs: ops.metric, ops.batch. Parameters: keep_days.
delete from ops.metric
using ops.batch
where
    metric.batch_id = batch.batch_id
    and batch.started_at < now() - make_interval(days => %(keep_days)s)
    and batch.batch_id not in (
        select accepted.batch_id
        from ops.batch as accepted
        where accepted.status = 'accepted'
        order by accepted.as_of desc, accepted.batch_id desc
        limit 15
    );
