-- Purpose: make room for what another attempt of a source has to say.
-- Grain: sentence. Key: batch_id, source, position. Inputs: ops.remark. Parameters: batch_id, source.
delete from ops.remark
where batch_id = %(batch_id)s and source = %(source)s;
