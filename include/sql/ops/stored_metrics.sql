-- Purpose: what has been measured of a layer on a night.
-- Grain: subject and metric. Parameters: batch_id, layer.
select
    batch_id,
    layer,
    subject,
    metric,
    value
from ops.metric
where batch_id = %(batch_id)s and layer = %(layer)s;
