-- Purpose: a viewer's shelves, as the API answers them. Grain: one row. Key: none.
-- Inputs: serving.freshness, serving.shelves_etag(), serving.shelves(). Parameters: user_id, row_limit.
with shelf as (
    select
        entry.shelf_number,
        json_build_object(
            'shelf_id', entry.shelf_id,
            'key', entry.key,
            'rule', entry.rule,
            'heading', entry.heading,
            'items', json_agg(
                json_build_object(
                    'rank', entry.rank,
                    'movie_id', entry.movie_id,
                    'title', entry.title,
                    'release_year', entry.release_year,
                    'genres', coalesce(entry.genres, '{}'),
                    'reason', entry.reason
                )
                order by entry.rank
            )
        ) as content
    from serving.shelves(%(user_id)s::bigint, %(row_limit)s::integer) as entry
    group by entry.shelf_number, entry.shelf_id, entry.key, entry.rule, entry.heading
)

select
    serving.shelves_etag(%(user_id)s::bigint) as etag,
    json_build_object(
        'user_id', %(user_id)s::bigint,
        'version_id', freshness.version_id,
        'delta_id', freshness.delta_id,
        'shelves', coalesce((select json_agg(shelf.content order by shelf.shelf_number) from shelf), '[]')
    )::text as body
from serving.freshness
