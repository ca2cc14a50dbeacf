-- Purpose: the training of a version. Grain: one row. Key: none. Inputs: serving.version. Parameters: version_id.
select version.training_id
from serving.version
where version.version_id = %(version_id)s;
