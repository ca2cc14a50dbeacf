-- Purpose: the version that readers see.
-- Grain: one row, none before the first publication. Key: version_id. Inputs: serving.live. Parameters: none.
select version_id
from serving.live;
