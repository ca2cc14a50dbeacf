-- Purpose: one version, held against an audit and a publication until the end of the transaction; writers share it.
-- Grain: one row. Key: version_id. Inputs: serving.version, ml.training. Parameters: version_id.
select
    version.version_id,
    version.training_id,
    training.batch_id,
    version.ranker,
    version.list_length,
    version.candidates,
    version.status
from serving.version
inner join ml.training on version.training_id = training.training_id
where version.version_id = %(version_id)s
for share of version;
