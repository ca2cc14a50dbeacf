-- Purpose: the rating that counts for a viewer and a movie as of the night: within a lineage the last word of the
-- source, across lineages the latest; at the same time the application's word over the files', then the higher rating.
-- Grain and key: user_id, movie_id. Inputs: staging.ratings, staging.feedback_event, movies, movie_alias, manifest,
-- affected_rating. Parameters: is_rebuild (every viewer and movie instead of the affected ones).
create temporary table winning_rating on commit drop as
-- read twice, each time with the slices of one kind: their blocks are known then
with source_rating as not materialized (
    select
        ratings.slice_id,
        ratings.user_id,
        ratings.movie_id as source_movie_id,
        coalesce(movie_alias.movie_id, ratings.movie_id) as movie_id,
        ratings.rating,
        ratings.rated_at,
        ratings.is_deleted,
        manifest.lineage,
        manifest.root_slice_id,
        manifest.is_single,
        manifest.is_application
    from staging.ratings
    inner join manifest on ratings.slice_id = manifest.slice_id and manifest.is_held
    left join movie_alias on ratings.movie_id = movie_alias.alias_id
    where
        ratings.rated_at < manifest.new_as_of
        and (
            %(is_rebuild)s
            or (ratings.user_id, coalesce(movie_alias.movie_id, ratings.movie_id)) in (
                select
                    affected_rating.user_id,
                    affected_rating.movie_id
                from affected_rating
            )
        )
),

incremental_rating as (
    select distinct on (lineage, user_id, source_movie_id)
        user_id,
        movie_id,
        rating,
        rated_at,
        is_deleted,
        is_application
    from source_rating
    where
        not is_single
        and slice_id = any(
            array(
                select manifest.slice_id
                from manifest
                where manifest.is_held and not manifest.is_single
            )
        )
    order by
        lineage asc, user_id asc, source_movie_id asc, root_slice_id desc, slice_id desc, is_deleted asc,
        rated_at desc, rating desc
),

last_event as (
    select distinct on (manifest.lineage, feedback_event.event_id)
        feedback_event.user_id,
        coalesce(movie_alias.movie_id, feedback_event.movie_id) as movie_id,
        case when feedback_event.kind = 'rating' then feedback_event.value::real end as rating,
        feedback_event.occurred_at as rated_at,
        feedback_event.kind = 'rating' and not feedback_event.is_deleted as is_rating
    from staging.feedback_event
    inner join manifest on feedback_event.slice_id = manifest.slice_id and manifest.is_held
    left join movie_alias on feedback_event.movie_id = movie_alias.alias_id
    where feedback_event.occurred_at < manifest.new_as_of
    order by
        manifest.lineage asc, feedback_event.event_id asc, manifest.root_slice_id desc, manifest.slice_id desc,
        feedback_event.position desc
),

candidate as (
    select
        user_id,
        movie_id,
        rating,
        rated_at,
        is_application
    from source_rating
    where
        is_single
        and not is_deleted
        and slice_id = any(
            array(
                select manifest.slice_id
                from manifest
                where manifest.is_held and manifest.is_single
            )
        )
    union all
    select
        user_id,
        movie_id,
        rating,
        rated_at,
        is_application
    from incremental_rating
    where not is_deleted
    union all
    select
        user_id,
        movie_id,
        rating,
        rated_at,
        true as is_application
    from last_event
    where
        is_rating
        -- only here: an event may have changed its viewer or movie, which its last word tells. For ratings it must be
        -- asked before their last word is sought: a plan sorts all of them otherwise.
        and (
            %(is_rebuild)s
            or (user_id, movie_id) in (
                select
                    affected_rating.user_id,
                    affected_rating.movie_id
                from affected_rating
            )
        )
)

select distinct on (candidate.user_id, candidate.movie_id)
    candidate.user_id,
    candidate.movie_id,
    candidate.rating,
    candidate.rated_at
from candidate
inner join movies on candidate.movie_id = movies.movie_id
order by
    candidate.user_id asc, candidate.movie_id asc, candidate.rated_at desc, candidate.is_application desc,
    candidate.rating desc;

analyze winning_rating;
