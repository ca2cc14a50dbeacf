-- Purpose: note which state of the structure files this database has; an earlier state may come back, and a clock that
-- was set back must not make an older note the latest.
-- Grain: one row. Key: checksum. Inputs: ops.structure. Parameters: checksum, file_checksums, version.
with latest_note as (
    select max(applied_at) as applied_at
    from ops.structure
)

insert into ops.structure (checksum, file_checksums, version, applied_at)
select
    %(checksum)s,
    %(file_checksums)s,
    %(version)s,
    greatest(clock_timestamp(), latest_note.applied_at + interval '1 microsecond') as applied_at
from latest_note
on conflict (checksum) do update
    set
        file_checksums = excluded.file_checksums,
        version = excluded.version,
        applied_at = excluded.applied_at;
