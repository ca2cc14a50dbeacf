-- Purpose: ten published versions of a million list entries, with all that a version keeps, for measurements.
-- Grain, key: as the tables filled. Inputs: none. Parameters: none.
insert into core.movies (movie_id, title, release_year)
select
    id,
    initcap(md5(id::text)) || ' ' || (array['of the', 'and the', 'in'])[1 + mod(id, 3)] || ' ' || initcap(md5((-id)::text)),
    1950 + mod(id, 75)
from generate_series(1, 60000) as id;
insert into core.movie_genre (movie_id, genre)
select id, (array['Drama', 'Comedy', 'Action', 'Horror', 'Crime', 'War', 'Western', 'Romance'])[1 + mod(id / step, 8)]
from generate_series(1, 60000) as id, unnest(array[1, 3]) as step
on conflict do nothing;
insert into core.users (user_id, age, gender)
select id, 15 + mod(id, 60), case when mod(id, 2) = 0 then 'F' else 'M' end from generate_series(1, 20000) as id;
insert into core.ratings (user_id, movie_id, rating, rated_at)
select user_id, 1 + mod(user_id * 7919 + number * 104729, 60000), 1 + mod(number, 9) / 2.0, now() - number * interval '1 day'
from generate_series(1, 20000) as user_id, generate_series(1, 100) as number
on conflict do nothing;
insert into ops.batch (run_id, dataset, as_of) values ('scale', 'scale', now() - interval '1 hour');
insert into ml.training (run_id, batch_id, seed) values ('scale', 1, 1);
insert into serving.version (run_id, training_id, ranker, list_length, candidates, status, published_at)
select 'night ' || number, 1, 'ease', 50, 150, 'published', now() from generate_series(1, 10) as number;
insert into serving.recommendation
select version_id, user_id, rank, 1 + mod(user_id * 31 + rank * 7907 + version_id, 60000),
    'Movie ' || rank, 1950 + rank, -rank, 1 + mod(user_id, 60000), 'Because you liked Movie ' || user_id
from generate_series(1, 10) as version_id, generate_series(1, 20000) as user_id, generate_series(1, 50) as rank;
insert into serving.candidate
select version_id, user_id, array(
    select 1 + mod(user_id * 31 + rank * 7907 + version_id, 60000)::bigint from generate_series(51, 200) as rank
)
from generate_series(1, 10) as version_id, generate_series(1, 20000) as user_id;
insert into serving.fallback
select version_id, rank, rank, 'Movie ' || rank, 1990, -rank, 'Popular'
from generate_series(1, 10) as version_id, generate_series(1, 50) as rank;
insert into serving.similar_movie
select version_id, movie_id, rank, 1 + mod(movie_id + rank * 37, 60000), 'Movie', 1990, 1.0 / rank
from generate_series(9, 10) as version_id, generate_series(1, 60000) as movie_id, generate_series(1, 20) as rank;
insert into serving.item_weight
select version_id, movie_id,
    array(select 1 + mod(movie_id + number * 101, 60000)::bigint from generate_series(1, 100) as number),
    array(select (1.0 / number)::real from generate_series(1, 100) as number)
from generate_series(9, 10) as version_id, generate_series(1, 60000) as movie_id;
insert into serving.live (version_id) values (10);
