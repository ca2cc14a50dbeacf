-- Purpose: genres of each movie, from the first source that names any.
-- Grain and key: movie_id, genre. Inputs: latest_movie, latest_title, movies, movie_alias. Parameters: none.
merge into movie_genre
using (
    -- there are few different lists of genres
    with genre_list as (
        select
            genre_text.genres,
            ops.genres(genre_text.genres) as names
        from (
            select genres from latest_movie
            union
            select genres from latest_title
        ) as genre_text
    ),

    source_genres as (
        select
            coalesce(movie_alias.movie_id, latest_movie.movie_id) as movie_id,
            latest_movie.source_rank,
            latest_movie.source,
            movie_alias.alias_id,
            genre_list.names as genres
        from latest_movie
        inner join genre_list on latest_movie.genres = genre_list.genres
        left join movie_alias on latest_movie.movie_id = movie_alias.alias_id
        union all
        select
            movies.movie_id,
            latest_title.source_rank,
            latest_title.source,
            null as alias_id,
            genre_list.names as genres
        from latest_title
        inner join genre_list on latest_title.genres = genre_list.genres
        inner join movies on latest_title.tconst = movies.imdb_id
    ),

    best_genres as (
        select distinct on (movie_id)
            movie_id,
            genres
        from source_genres
        where cardinality(genres) > 0
        order by movie_id asc, source_rank asc, source asc, alias_id asc nulls first, genres asc
    )

    select
        best_genres.movie_id,
        best_genre.genre
    from best_genres
    inner join movies on best_genres.movie_id = movies.movie_id
    cross join lateral unnest(best_genres.genres) as best_genre (genre)
) as incoming
    on movie_genre.movie_id = incoming.movie_id and movie_genre.genre = incoming.genre
when not matched then
    insert (movie_id, genre)
    values (incoming.movie_id, incoming.genre)
when not matched by source then delete;
