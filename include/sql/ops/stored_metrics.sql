-- Purpose: what has been measured of a layer of a batch.
-- Grain: subject and metric. Key: batch_id, layer, subject, metric. Inputs: ops.metric. Parameters: batch_id, layer.
select
    batch_id,
    layer,
    subject,
    metric,
    value
from ops.metric
where batch_id = %(batch_id)s and layer = %(layer)s;
