-- Purpose: the viewers whose feedback neither a delta's version nor an earlier delta of it knows.
-- Grain: viewer. Key: user_id. Inputs: serving.delta, serving.version, ml.training, ops.batch, serving.viewer_event,
-- serving.unlearned_event, serving.incoming_event. Parameters: delta_id, margin_minutes.
with this_delta as (
    select
        delta.version_id,
        batch.as_of - make_interval(mins => %(margin_minutes)s) as since,
        (
            select earlier_delta.seen
            from serving.delta as earlier_delta
            where earlier_delta.version_id = delta.version_id and earlier_delta.status = 'published'
            order by earlier_delta.delta_id desc
            limit 1
        ) as seen
    from serving.delta
    inner join serving.version on delta.version_id = version.version_id
    inner join ml.training on version.training_id = training.training_id
    inner join ops.batch on training.batch_id = batch.batch_id
    where delta.delta_id = %(delta_id)s
),

-- looked up one by one, whatever the planner believes how many there are
unlearned_viewer as (
    select
        (
            select viewer_event.user_id
            from serving.viewer_event
            where viewer_event.event_id = unlearned_event.event_id and not viewer_event.is_undone
        ) as user_id
    from serving.unlearned_event
)

-- after the first delta: whatever was written since, by transaction
select viewer_event.user_id
from this_delta
inner join serving.viewer_event on pg_snapshot_xmin(this_delta.seen) <= viewer_event.changed_by
where not pg_visible_in_snapshot(viewer_event.changed_by, this_delta.seen)
union
select incoming_event.user_id
from this_delta
inner join serving.incoming_event on pg_snapshot_xmin(this_delta.seen) <= incoming_event.changed_by
where not pg_visible_in_snapshot(incoming_event.changed_by, this_delta.seen)
-- the first delta of a version: whatever its batch did not see
union
select viewer_event.user_id
from this_delta
inner join serving.viewer_event on this_delta.since <= viewer_event.updated_at
where this_delta.seen is null
union
select unlearned_viewer.user_id
from this_delta
cross join unlearned_viewer
where this_delta.seen is null and unlearned_viewer.user_id is not null
union
select incoming_event.user_id
from this_delta
inner join serving.incoming_event on this_delta.since <= incoming_event.updated_at
where this_delta.seen is null
order by user_id;
