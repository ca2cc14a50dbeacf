-- Purpose: whether a version of a training's champion has been written, whatever became of it.
-- Grain: one row. Key: none. Inputs: serving.version. Parameters: training_id.
select exists(
    select 1
    from serving.version
    where training_id = %(training_id)s and status in ('audited', 'published')
) as is_written;
