-- Purpose: events of a source that have just been read ahead of the night: cast, and kept where core does not know
-- them. What a rule of staging would reject is left to the night, which says so.
-- Grain: event. Key: source, event_id. Inputs: incoming_text (temporary), core.events, core.movies, core.movie_alias,
-- ml.feedback_weight, ops.batch_scale, ops.is_refused(). Parameters: source.
-- the scale of the source's ratings, as the last good night settled it
with source_scale as (
    select
        batch_scale.low,
        batch_scale.high,
        batch_scale.unrated
    from ops.batch_scale
    inner join ops.batch on batch_scale.batch_id = batch.batch_id
    where batch_scale.source = %(source)s and batch.status = 'accepted'
    order by batch.as_of desc, batch.batch_id desc
    limit 1
),

typed_event as (
    select
        ops.as_word(incoming_text.event_id) as event_id,
        ops.as_bigint(incoming_text.user_id) as user_id,
        ops.as_bigint(incoming_text.movie_id) as source_movie_id,
        lower(ops.as_word(incoming_text.kind)) as kind,
        case
            when source_scale.low is null or coalesce(lower(ops.as_word(incoming_text.kind)) <> 'rating', true)
                then ops.as_number(incoming_text.value)::real
            when ops.as_number(incoming_text.value) <> all(source_scale.unrated)
                then
                    ops.as_stars(
                        ops.as_number(incoming_text.value), source_scale.low::real, source_scale.high::real
                    )
        end as value,
        ops.as_time(incoming_text.created_at) as created_at,
        incoming_text.position
    from incoming_text
    left join source_scale on true
    where not coalesce(incoming_text.is_deleted, false)
),

accepted_event as (
    select distinct on (typed_event.event_id)
        typed_event.event_id,
        typed_event.user_id,
        movies.movie_id,
        typed_event.kind,
        typed_event.value,
        typed_event.created_at
    from typed_event
    left join core.movie_alias on typed_event.source_movie_id = movie_alias.alias_id
    inner join core.movies on coalesce(movie_alias.movie_id, typed_event.source_movie_id) = movies.movie_id
    where
        length(typed_event.event_id) <= 200
        and typed_event.user_id >= 0
        and not ops.is_refused(typed_event.user_id)
        and ops.is_possible_time(typed_event.created_at)
        and (
            (typed_event.kind = 'rating' and ops.is_on_scale(typed_event.value))
            or exists (
                select 1 from ml.feedback_weight
                where feedback_weight.kind = typed_event.kind
            )
        )
    order by typed_event.event_id asc, typed_event.position desc
)

insert into serving.incoming_event (source, event_id, user_id, movie_id, kind, value, created_at)
select
    %(source)s as source,
    accepted_event.event_id,
    accepted_event.user_id,
    accepted_event.movie_id,
    accepted_event.kind,
    accepted_event.value,
    accepted_event.created_at
from accepted_event
where
    not exists (
        select 1 from core.events
        where
            events.source = %(source)s
            and events.event_id = accepted_event.event_id
            and events.user_id = accepted_event.user_id
            and events.movie_id = accepted_event.movie_id
            and events.kind = accepted_event.kind
            and events.value is not distinct from accepted_event.value
    )
on conflict (source, event_id) do update
    set
        user_id = excluded.user_id,
        movie_id = excluded.movie_id,
        kind = excluded.kind,
        value = excluded.value,
        created_at = excluded.created_at,
        updated_at = now(),
        changed_by = pg_current_xact_id()
    where
    row(incoming_event.user_id, incoming_event.movie_id, incoming_event.kind, incoming_event.value)
    is distinct from row(excluded.user_id, excluded.movie_id, excluded.kind, excluded.value)
    or incoming_event.created_at <> excluded.created_at;
