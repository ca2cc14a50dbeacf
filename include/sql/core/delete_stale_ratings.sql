-- Purpose: delete the affected ratings that no longer count.
-- Inputs: affected_rating, winning_rating. Parameters: none.
delete from ratings
using affected_rating
where
    ratings.user_id = affected_rating.user_id
    and ratings.movie_id = affected_rating.movie_id
    and not exists (
        select 1 from winning_rating
        where winning_rating.user_id = ratings.user_id and winning_rating.movie_id = ratings.movie_id
    );
