-- Purpose: feedback of viewers; the last word of a source on an event counts.
-- Grain and key: source, event_id. Inputs: staging.feedback_event, movies, movie_alias, manifest. Parameters: none.
merge into events
using (
    with versions as (
        select distinct on (manifest.source, feedback_event.event_id)
            manifest.source,
            feedback_event.*
        from staging.feedback_event
        inner join manifest on feedback_event.slice_id = manifest.slice_id and manifest.is_held
        where feedback_event.occurred_at < manifest.new_as_of
        order by
            manifest.source asc, feedback_event.event_id asc, manifest.turn desc,
            feedback_event.position desc
    )

    select
        versions.source,
        versions.event_id,
        versions.user_id,
        movies.movie_id,
        versions.kind,
        versions.value::real as value,
        versions.occurred_at
    from versions
    left join movie_alias on versions.movie_id = movie_alias.alias_id
    inner join movies on coalesce(movie_alias.movie_id, versions.movie_id) = movies.movie_id
    where not versions.is_deleted
) as tonight
    on events.source = tonight.source and events.event_id = tonight.event_id
when matched and row(events.*) is distinct from row(tonight.*) then
    update set
        user_id = tonight.user_id,
        movie_id = tonight.movie_id,
        kind = tonight.kind,
        value = tonight.value,
        occurred_at = tonight.occurred_at
when not matched then
    insert (source, event_id, user_id, movie_id, kind, value, occurred_at)
    values (
        tonight.source, tonight.event_id, tonight.user_id, tonight.movie_id, tonight.kind, tonight.value,
        tonight.occurred_at
    )
when not matched by source then delete;
