-- Purpose: genres of each movie, from the last row of the movie.
-- Grain and key: movie_id, genre.
-- Inputs: staging.movies. Parameters: batch_id.
merge into core.movie_genre
using (
    with latest as (
        select distinct on (movie_id)
            movie_id,
            genres
        from staging.movies
        where batch_id = %(batch_id)s
        order by movie_id asc, position desc
    )

    select distinct
        latest.movie_id,
        named.genre
    from latest
    cross join lateral unnest(latest.genres) as named (genre)
    where lower(named.genre) <> 'unknown'
) as tonight
    on movie_genre.movie_id = tonight.movie_id and movie_genre.genre = tonight.genre
when not matched then
    insert (movie_id, genre)
    values (tonight.movie_id, tonight.genre)
when not matched by source then delete;
