-- Purpose: the version that readers see.
-- Grain: one row, none before the first publication.
select version_id
from serving.live;
