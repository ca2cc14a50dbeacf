-- Purpose: the latest rating of a viewer for a movie.
-- Grain and key: user_id, movie_id. Inputs: winning_rating. Parameters: none.
merge into ratings
using winning_rating as tonight
    on ratings.user_id = tonight.user_id and ratings.movie_id = tonight.movie_id
when matched and (ratings.rating <> tonight.rating or ratings.rated_at <> tonight.rated_at) then
    update set rating = tonight.rating, rated_at = tonight.rated_at
when not matched then
    insert (user_id, movie_id, rating, rated_at)
    values (tonight.user_id, tonight.movie_id, tonight.rating, tonight.rated_at);
