-- Purpose: the rating that counts for a viewer and a movie as of the night: within a piece the last word of the source,
-- across pieces the latest; at the same moment the application's word over the files', then the higher rating.
-- Grain: viewer and movie. Inputs: staging.ratings, staging.feedback_event, movies, movie_alias, manifest,
-- affected_rating. Parameters: is_rebuild (every viewer and movie instead of the affected ones).
create temporary table winning_rating on commit drop as
with single as (
    select
        ratings.user_id,
        coalesce(movie_alias.movie_id, ratings.movie_id) as movie_id,
        ratings.rating,
        ratings.rated_at,
        case manifest.source_rank when 2 then 0 else 1 end as preference
    from staging.ratings
    inner join manifest on ratings.slice_id = manifest.slice_id and manifest.is_held and manifest.is_single
    left join movie_alias on ratings.movie_id = movie_alias.alias_id
    where
        ratings.slice_id = any(
            array(
                select held.slice_id
                from manifest as held
                where held.is_held and held.is_single
            )
        )
        and ratings.rated_at < manifest.new_as_of
        and not ratings.is_deleted
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

grown as (
    select distinct on (manifest.lineage, ratings.user_id, ratings.movie_id)
        ratings.user_id,
        coalesce(movie_alias.movie_id, ratings.movie_id) as movie_id,
        ratings.rating,
        ratings.rated_at,
        ratings.is_deleted,
        case manifest.source_rank when 2 then 0 else 1 end as preference
    from staging.ratings
    inner join manifest on ratings.slice_id = manifest.slice_id and manifest.is_held and not manifest.is_single
    left join movie_alias on ratings.movie_id = movie_alias.alias_id
    where
        ratings.slice_id = any(
            array(
                select held.slice_id
                from manifest as held
                where held.is_held and not held.is_single
            )
        )
        and ratings.rated_at < manifest.new_as_of
        and (
            %(is_rebuild)s
            or (ratings.user_id, coalesce(movie_alias.movie_id, ratings.movie_id)) in (
                select
                    affected_rating.user_id,
                    affected_rating.movie_id
                from affected_rating
            )
        )
    order by
        manifest.lineage asc, ratings.user_id asc, ratings.movie_id asc, manifest.turn desc,
        ratings.is_deleted asc, ratings.rated_at desc, ratings.rating desc
),

event as (
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
        manifest.lineage asc, feedback_event.event_id asc, manifest.turn desc,
        feedback_event.position desc
),

candidate as (
    select
        user_id,
        movie_id,
        rating,
        rated_at,
        preference
    from single
    union all
    select
        user_id,
        movie_id,
        rating,
        rated_at,
        preference
    from grown
    where not is_deleted
    union all
    select
        user_id,
        movie_id,
        rating,
        rated_at,
        0 as preference
    from event
    where
        is_rating
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
    candidate.user_id asc, candidate.movie_id asc, candidate.rated_at desc, candidate.preference asc,
    candidate.rating desc;

analyze winning_rating;
