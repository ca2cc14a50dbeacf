-- Purpose: note which state of the structure files this database has; an earlier state may come back.
-- Grain: one row. Key: checksum. Inputs: ops.structure. Parameters: checksum.
insert into ops.structure (checksum)
values (%(checksum)s)
on conflict (checksum) do update
    set applied_at = clock_timestamp();
