-- Purpose: made-up viewers with profiles, and ratings that favour few movies. Grain: none, it writes. Key: none.
-- Inputs: none. Parameters: users, movies (how many there are), ratings (of each viewer, at most).
insert into core.users (user_id, age, gender)
select
    viewer.user_id,
    18 + mod(viewer.user_id, 50) as age,
    case mod(viewer.user_id, 2) when 0 then 'F' else 'M' end as gender
from generate_series(1, %(users)s) as viewer (user_id);

insert into core.ratings (user_id, movie_id, rating, rated_at)
with drawn_rating as (
    select
        viewer.user_id,
        1 + floor(%(movies)s * power(random(), 3))::bigint as movie_id,
        2 + floor(random() * 7) / 2 as rating,
        '2026-01-01'::timestamptz - random() * interval '700 days' as rated_at
    from generate_series(1, %(users)s) as viewer (user_id)
    cross join generate_series(1, %(ratings)s) as turn (number)
)

select distinct on (user_id, movie_id)
    user_id,
    movie_id,
    rating,
    rated_at
from drawn_rating;

analyze core.movies, core.movie_genre, core.users, core.ratings;
