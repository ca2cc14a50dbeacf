-- Purpose: a page of each viewer's list, as the API answers it. Grain: viewer. Key: user_id. Inputs: serving.freshness,
-- serving.etag(), serving.recommend(), serving.unknown_genres(). Parameters: user_ids, row_limit, genres_in,
-- genres_out, year_from, year_to, leave_out, genre_cap, after.
with asked as materialized (
    -- apart, since a plan for ten viewers is good for any number; for a bare parameter each call would be planned
    select %(user_ids)s::bigint[] as user_ids
),

recommended as (
    select
        viewer.user_id,
        entry.*
    from asked
    cross join unnest(asked.user_ids) as viewer (user_id)
    left join
        serving.recommend(
            viewer.user_id,
            %(row_limit)s::integer,
            %(genres_in)s::text[],
            %(genres_out)s::text[],
            %(year_from)s::integer,
            %(year_to)s::integer,
            %(leave_out)s::bigint[],
            %(genre_cap)s::integer,
            %(after)s::bigint
        ) as entry
        on true
),

item as (
    select
        recommended.user_id,
        recommended.place,
        recommended.is_complete,
        shown
    from recommended
    -- what is shown of a movie: an object of the answer has these columns
    cross join lateral ( -- noqa: ST05
        select
            recommended.rank,
            recommended.movie_id,
            recommended.title,
            recommended.release_year,
            coalesce(recommended.genres, '{}') as genres,
            recommended.reason,
            recommended.because_movie_id,
            recommended.origin
    ) as shown
),

page as (
    select
        user_id,
        coalesce(json_agg(shown order by place) filter (where place is not null), '[]') as items,
        coalesce(bool_and(is_complete), false) as is_complete,
        max(place) as last_place
    from item
    group by user_id
)

select
    page.user_id,
    serving.etag(page.user_id) as etag,
    json_build_object(
        'user_id', page.user_id,
        'version_id', freshness.version_id,
        'delta_id', freshness.delta_id,
        'is_complete', page.is_complete,
        'unknown_genres', case
            -- most requests filter by none, and a call takes a twentieth of the time that a list does
            when num_nonnulls(%(genres_in)s::text[], %(genres_out)s::text[]) = 0 then '{}'
            else serving.unknown_genres(%(genres_in)s::text[] || %(genres_out)s::text[])
        end,
        'next', case when page.is_complete then page.last_place end,
        'items', page.items
    )::text as body
from serving.freshness
cross join page
