-- Purpose: movies like one movie, as the API answers them. Grain: one row; body is null for an unknown movie. Key:
-- none. Inputs: serving.freshness, serving.etag(), serving.movie(), serving.similar(). Parameters: movie_id,
-- row_limit, user_id (null: nobody), after.
with entry as (
    select
        rank,
        movie_id,
        title,
        release_year,
        coalesce(genres, '{}') as genres,
        score
    from serving.similar(%(movie_id)s::bigint, %(row_limit)s::integer, %(user_id)s::bigint, %(after)s::integer)
),

page as (
    select
        case when count(*) = %(row_limit)s::integer then max(rank) end as next_after,
        coalesce(json_agg(entry order by rank), '[]') as items
    from entry
)

select
    serving.etag(%(user_id)s::bigint) as etag,
    case
        when exists (select 1 from serving.movie(%(movie_id)s::bigint)) then json_build_object(
            'movie_id', %(movie_id)s::bigint,
            'version_id', freshness.version_id,
            'next', page.next_after,
            'items', page.items
        )::text
    end as body
from serving.freshness
cross join page
