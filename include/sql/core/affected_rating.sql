-- Purpose: viewers and movies whose rating may differ from what the schema shows: rows that came or went, rows that
-- come into sight or leave it with the batch's moment, and movies that came, went or moved.
-- Grain and key: user_id, movie_id. Inputs: staging.ratings, staging.feedback_event, movie_alias, moved_movie,
-- manifest, ratings. Parameters: none.
-- Only the slices that matter are read: their blocks are known, which a plan for the whole table would not use.
set local enable_seqscan = off;

create temporary table affected_rating on commit drop as
with source_rating as not materialized (
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

affected_pair as (
    -- a file that came again with few changes brings the same rows in another slice: they cancel out, unless the
    -- night's moment passes over them, or their order counts, as it does where changes came on top
    select
        source_rating.user_id,
        source_rating.movie_id
    from source_rating
    inner join manifest on source_rating.slice_id = manifest.slice_id
    where
        source_rating.slice_id = any(
            array(
                select changed_slice.slice_id
                from manifest as changed_slice
                where changed_slice.was_held <> changed_slice.is_held
            )
        )
        and manifest.was_held <> manifest.is_held
    group by
        source_rating.user_id, source_rating.movie_id, source_rating.rating, source_rating.is_deleted,
        source_rating.rated_at, manifest.source_rank
    having
        count(*) filter (where manifest.was_held) <> count(*) filter (where manifest.is_held)
        or bool_or(manifest.is_incremental)
        or (
            source_rating.rated_at >= least(min(manifest.old_as_of), min(manifest.new_as_of))
            and source_rating.rated_at < greatest(min(manifest.old_as_of), min(manifest.new_as_of))
        )
    union all
    select
        source_rating.user_id,
        source_rating.movie_id
    from source_rating
    inner join manifest on source_rating.slice_id = manifest.slice_id
    where
        source_rating.slice_id = any(
            array(
                select kept_slice.slice_id
                from manifest as kept_slice
                where
                    kept_slice.was_held and kept_slice.is_held
                    and kept_slice.last_at >= least(kept_slice.old_as_of, kept_slice.new_as_of)
            )
        )
        and manifest.was_held and manifest.is_held
        and manifest.last_at >= least(manifest.old_as_of, manifest.new_as_of)
        and source_rating.rated_at >= least(manifest.old_as_of, manifest.new_as_of)
        and source_rating.rated_at < greatest(manifest.old_as_of, manifest.new_as_of)
    union all
    select
        source_rating.user_id,
        source_rating.movie_id
    from source_rating
    inner join manifest on source_rating.slice_id = manifest.slice_id and manifest.is_held
    where
        source_rating.slice_id = any(
            array(
                select held_slice.slice_id
                from manifest as held_slice
                where held_slice.is_held and exists (select 1 from moved_movie)
            )
        )
        and source_rating.movie_id in (select moved_movie.known_id from moved_movie)
)

select
    affected_pair.user_id,
    coalesce(movie_alias.movie_id, affected_pair.movie_id) as movie_id
from affected_pair
left join movie_alias on affected_pair.movie_id = movie_alias.alias_id
union
-- a deleted event names its key alone: what it said is looked up in the event as it came
select
    original.user_id,
    coalesce(movie_alias.movie_id, original.movie_id) as movie_id
from staging.feedback_event as deletion
inner join manifest
    on
        deletion.slice_id = manifest.slice_id
        and (
            manifest.was_held <> manifest.is_held
            or (
                deletion.occurred_at >= least(manifest.old_as_of, manifest.new_as_of)
                and deletion.occurred_at < greatest(manifest.old_as_of, manifest.new_as_of)
            )
        )
inner join staging.feedback_event as original on deletion.event_id = original.event_id and not original.is_deleted
left join movie_alias on original.movie_id = movie_alias.alias_id
union
select
    ratings.user_id,
    ratings.movie_id
from ratings
where ratings.movie_id in (select moved_movie.old_movie_id from moved_movie);

set local enable_seqscan = on;

analyze affected_rating;
