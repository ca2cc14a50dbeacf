-- Purpose: the version that a run writes: its own unpublished one again, else a new one.
-- Grain: one row. Key: version_id. Inputs: serving.version. Parameters: run_id, training_id, ranker, list_length,
-- candidates, code_version.
with reopened_version as (
    update serving.version
    set
        status = 'building',
        training_id = %(training_id)s,
        ranker = %(ranker)s,
        list_length = %(list_length)s,
        candidates = %(candidates)s,
        code_version = %(code_version)s
    where run_id = %(run_id)s and status <> 'published'
    returning version_id
),

new_version as (
    insert into serving.version (run_id, training_id, ranker, list_length, candidates, code_version)
    select
        %(run_id)s as run_id,
        %(training_id)s as training_id,
        %(ranker)s as ranker,
        %(list_length)s as list_length,
        %(candidates)s as candidates,
        %(code_version)s as code_version
    where not exists (select 1 from reopened_version)
    returning version_id
)

select version_id from reopened_version
union all
select version_id from new_version;
