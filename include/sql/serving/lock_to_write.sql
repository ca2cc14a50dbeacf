-- Purpose: one version, held against an audit and a publication until the end of the transaction; writers share it.
-- Grain: one row. Key: version_id. Inputs: serving.version. Parameters: version_id.
select
    version_id,
    training_id,
    ranker,
    list_length,
    candidates,
    status
from serving.version
where version_id = %(version_id)s
for share;
