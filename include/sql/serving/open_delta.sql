-- Purpose: the delta that a run writes for a version: its own unpublished one again, else a new one.
-- Grain: one row, none for a version without a catalogue, as earlier versions of the pipeline wrote. Key: delta_id.
-- Inputs: serving.delta, serving.catalogue. Parameters: version_id, run_id.
with reopened_delta as (
    update serving.delta
    set status = 'building', seen = null
    where version_id = %(version_id)s and run_id = %(run_id)s and status <> 'published'
    returning delta_id
),

new_delta as (
    insert into serving.delta (version_id, run_id)
    select
        %(version_id)s as version_id,
        %(run_id)s as run_id
    where
        not exists (select 1 from reopened_delta)
        and exists (
            select 1 from serving.catalogue
            where catalogue.version_id = %(version_id)s
        )
    returning delta_id
)

select delta_id from reopened_delta
union all
select delta_id from new_delta;
