-- Purpose: movies whose title is most like a text, as the API answers them. Grain: one row. Key: none.
-- Inputs: serving.freshness, serving.etag(), serving.search(). Parameters: query, row_limit, after.
with entry as (
    select
        rank,
        movie_id,
        title,
        release_year,
        coalesce(genres, '{}') as genres,
        similarity
    from serving.search(%(query)s::text, %(row_limit)s::integer, %(after)s::bigint)
),

page as (
    select
        case when count(*) = %(row_limit)s::integer then max(rank) end as next_after,
        coalesce(json_agg(entry order by rank), '[]') as items
    from entry
)

select
    serving.etag() as etag,
    json_build_object(
        'version_id', freshness.version_id,
        'next', page.next_after,
        'items', page.items
    )::text as body
from serving.freshness
cross join page
