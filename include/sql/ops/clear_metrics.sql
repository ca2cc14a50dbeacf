-- Purpose: make room for what was measured before.
-- Grain: metric. Key: batch_id, layer, subject, metric. Inputs: ops.metric. Parameters: batch_id, layer.
delete from ops.metric
where batch_id = %(batch_id)s and layer = %(layer)s;
