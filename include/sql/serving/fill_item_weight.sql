-- Purpose: item weights of the movies that the ranker of a version gives none: how much others are like them.
-- Grain: movie. Key: version_id, movie_id. Inputs: serving.similar_movie, serving.item_weight. Parameters: version_id.
insert into serving.item_weight (version_id, movie_id, movie_ids, weights)
select
    similar_movie.version_id,
    similar_movie.movie_id,
    array_agg(similar_movie.similar_movie_id order by similar_movie.rank) as movie_ids,
    array_agg(similar_movie.score::real order by similar_movie.rank) as weights
from serving.similar_movie
where
    similar_movie.version_id = %(version_id)s
    and similar_movie.score > 0
    -- Hashed once, whatever the planner believes: of a version that was written just now it knows no rows.
    and similar_movie.movie_id not in (
        select item_weight.movie_id
        from serving.item_weight
        where item_weight.version_id = %(version_id)s
    )
group by similar_movie.version_id, similar_movie.movie_id;
