-- Purpose: why a movie is in a viewer's list, and which movies that the viewer liked are like it. Grain: one row.
-- Key: none. Inputs: serving.live_recommendation, serving.live_similar_movie, serving.liked().
-- Parameters: user_id, movie_id.
with kindred_movies as (
    select (array_agg(similar_movie.similar_title order by similar_movie.rank))[1:3] as titles
    from serving.live_similar_movie as similar_movie
    inner join serving.liked(%(user_id)s::bigint) as liked on similar_movie.similar_movie_id = liked.movie_id
    where similar_movie.movie_id = %(movie_id)s::bigint
),

list_entry as (
    select
        live_recommendation.rank,
        live_recommendation.reason
    from serving.live_recommendation
    where
        live_recommendation.user_id = %(user_id)s::bigint
        and live_recommendation.movie_id = %(movie_id)s::bigint
)

select
    list_entry.rank,
    list_entry.reason,
    coalesce(kindred_movies.titles, '{}') as kindred_titles
from kindred_movies
left join list_entry on true
