-- Purpose: make room for another attempt of a gate.
-- Parameters: batch_id, gate.
delete from ops.quality_result
where batch_id = %(batch_id)s and gate = %(gate)s;
