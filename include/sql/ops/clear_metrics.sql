-- Purpose: make room for what was measured before.
-- Parameters: batch_id, layer.
delete from ops.metric
where batch_id = %(batch_id)s and layer = %(layer)s;
