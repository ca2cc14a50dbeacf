-- Purpose: publish an audited version and point to it; readers see the old version or the new one, whole.
-- The pointer never moves back to an older version here. Parameters: version_id.
update serving.version
set
    status = 'published',
    published_at = now()
where version_id = %(version_id)s and status = 'audited';

insert into serving.live (version_id)
select version.version_id
from serving.version
where version.version_id = %(version_id)s and version.status = 'published'
on conflict (only_row) do update
    set version_id = excluded.version_id, since = now()
    where live.version_id < excluded.version_id;
