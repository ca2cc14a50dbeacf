-- Purpose: make room for another attempt of a gate.
-- Grain: expectation. Key: batch_id, gate, suite, expectation. Inputs: ops.quality_result. Parameters: batch_id, gate.
delete from ops.quality_result
where batch_id = %(batch_id)s and gate = %(gate)s;
