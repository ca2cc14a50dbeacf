-- Purpose: feedback of viewers; the last word of a source on an event counts.
-- Grain and key: source, event_id. Inputs: staging.feedback_event, movies, movie_alias, manifest. Parameters: none.
merge into events
using (
    with event_version as (
        select distinct on (manifest.source, feedback_event.event_id)
            manifest.source,
            feedback_event.*
        from staging.feedback_event
        inner join manifest on feedback_event.slice_id = manifest.slice_id and manifest.is_held
        where feedback_event.occurred_at < manifest.new_as_of
        order by
            manifest.source asc, feedback_event.event_id asc, manifest.root_slice_id desc, manifest.slice_id desc,
            feedback_event.position desc
    )

    select
        event_version.source,
        event_version.event_id,
        event_version.user_id,
        movies.movie_id,
        event_version.kind,
        event_version.value::real as value,
        event_version.occurred_at
    from event_version
    left join movie_alias on event_version.movie_id = movie_alias.alias_id
    inner join movies on coalesce(movie_alias.movie_id, event_version.movie_id) = movies.movie_id
    where not event_version.is_deleted
) as incoming
    on events.source = incoming.source and events.event_id = incoming.event_id
when matched and row(events.*) is distinct from row(incoming.*) then
    update set
        user_id = incoming.user_id,
        movie_id = incoming.movie_id,
        kind = incoming.kind,
        value = incoming.value,
        occurred_at = incoming.occurred_at
when not matched then
    insert (source, event_id, user_id, movie_id, kind, value, occurred_at)
    values (
        incoming.source, incoming.event_id, incoming.user_id, incoming.movie_id, incoming.kind, incoming.value,
        incoming.occurred_at
    )
when not matched by source then delete;
