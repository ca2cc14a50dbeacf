-- Purpose: the latest rating of a viewer for a movie.
-- Grain and key: user_id, movie_id. Inputs: winning_rating. Parameters: none.
merge into ratings
using winning_rating as incoming
    on ratings.user_id = incoming.user_id and ratings.movie_id = incoming.movie_id
when matched and (ratings.rating <> incoming.rating or ratings.rated_at <> incoming.rated_at) then
    update set rating = incoming.rating, rated_at = incoming.rated_at
when not matched then
    insert (user_id, movie_id, rating, rated_at)
    values (incoming.user_id, incoming.movie_id, incoming.rating, incoming.rated_at);
