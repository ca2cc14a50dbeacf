-- Purpose: viewers and movies whose rating may differ from what the layer shows: rows that came or went, rows that come
-- into sight or leave it with the night's moment, and movies that came, went or moved.
-- Grain: viewer and movie. Inputs: staging.ratings, staging.feedback_event, movie_alias, moved_movie, manifest,
-- ratings.
-- Parameters: none.
-- Only the slices that matter are read: their blocks are known, which a plan for the whole table would not use.
set local enable_seqscan = off;

create temporary table affected_rating on commit drop as
with given as not materialized (
    select
        ratings.slice_id,
        ratings.user_id,
        ratings.movie_id,
        ratings.rating,
        ratings.is_deleted,
        ratings.rated_at
    from staging.ratings
    union all
    select
        feedback_event.slice_id,
        feedback_event.user_id,
        feedback_event.movie_id,
        case when feedback_event.kind = 'rating' then feedback_event.value::real end as rating,
        feedback_event.is_deleted,
        feedback_event.occurred_at as rated_at
    from staging.feedback_event
    where feedback_event.kind = 'rating'
),

touched as (
    -- a file that came again with few changes brings the same rows in another slice: they cancel out, unless the
    -- night's moment passes over them, or their order counts, as it does where changes came on top
    select
        given.user_id,
        given.movie_id
    from given
    inner join manifest on given.slice_id = manifest.slice_id
    where
        given.slice_id = any(
            array(
                select swapped.slice_id
                from manifest as swapped
                where swapped.was_held <> swapped.is_held
            )
        )
        and manifest.was_held <> manifest.is_held
    group by
        given.user_id, given.movie_id, given.rating, given.is_deleted, given.rated_at, manifest.source_rank
    having
        count(*) filter (where manifest.was_held) <> count(*) filter (where manifest.is_held)
        or bool_or(manifest.is_grown)
        or (
            given.rated_at >= least(min(manifest.old_as_of), min(manifest.new_as_of))
            and given.rated_at < greatest(min(manifest.old_as_of), min(manifest.new_as_of))
        )
    union all
    select
        given.user_id,
        given.movie_id
    from given
    inner join manifest on given.slice_id = manifest.slice_id
    where
        given.slice_id = any(
            array(
                select seen.slice_id
                from manifest as seen
                where seen.was_held and seen.is_held and seen.last_at >= least(seen.old_as_of, seen.new_as_of)
            )
        )
        and manifest.was_held and manifest.is_held
        and manifest.last_at >= least(manifest.old_as_of, manifest.new_as_of)
        and given.rated_at >= least(manifest.old_as_of, manifest.new_as_of)
        and given.rated_at < greatest(manifest.old_as_of, manifest.new_as_of)
    union all
    select
        given.user_id,
        given.movie_id
    from given
    inner join manifest on given.slice_id = manifest.slice_id and manifest.is_held
    where
        given.slice_id = any(
            array(
                select kept.slice_id
                from manifest as kept
                where kept.is_held and exists (select 1 from moved_movie)
            )
        )
        and given.movie_id in (select moved_movie.known_id from moved_movie)
)

select
    touched.user_id,
    coalesce(movie_alias.movie_id, touched.movie_id) as movie_id
from touched
left join movie_alias on touched.movie_id = movie_alias.alias_id
union
-- a deleted event names its key alone: what it said is looked up where it was said
select
    said.user_id,
    coalesce(movie_alias.movie_id, said.movie_id) as movie_id
from staging.feedback_event as gone
inner join manifest
    on
        gone.slice_id = manifest.slice_id
        and (
            manifest.was_held <> manifest.is_held
            or (
                gone.occurred_at >= least(manifest.old_as_of, manifest.new_as_of)
                and gone.occurred_at < greatest(manifest.old_as_of, manifest.new_as_of)
            )
        )
inner join staging.feedback_event as said on gone.event_id = said.event_id and not said.is_deleted
left join movie_alias on said.movie_id = movie_alias.alias_id
union
select
    ratings.user_id,
    ratings.movie_id
from ratings
where ratings.movie_id in (select moved_movie.old_movie_id from moved_movie);

set local enable_seqscan = on;

analyze affected_rating;
