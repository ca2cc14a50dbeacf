-- Purpose: genres of each movie, from the first source that names any.
-- Grain and key: movie_id, genre. Inputs: movie_version, title_version, movies, movie_alias. Parameters: none.
merge into movie_genre
using (
    -- there are few different lists of genres
    with spelt as (
        select
            listed.genres,
            ops.genres(listed.genres) as names
        from (
            select genres from movie_version
            union
            select genres from title_version
        ) as listed
    ),

    named as (
        select
            coalesce(movie_alias.movie_id, movie_version.movie_id) as movie_id,
            movie_version.source_rank,
            movie_version.source,
            movie_alias.alias_id,
            spelt.names as genres
        from movie_version
        inner join spelt on movie_version.genres = spelt.genres
        left join movie_alias on movie_version.movie_id = movie_alias.alias_id
        union all
        select
            movies.movie_id,
            title_version.source_rank,
            title_version.source,
            null as alias_id,
            spelt.names as genres
        from title_version
        inner join spelt on title_version.genres = spelt.genres
        inner join movies on title_version.tconst = movies.imdb_id
    ),

    best as (
        select distinct on (movie_id)
            movie_id,
            genres
        from named
        where cardinality(genres) > 0
        order by movie_id asc, source_rank asc, source asc, alias_id asc nulls first, genres asc
    )

    select
        best.movie_id,
        listed.genre
    from best
    inner join movies on best.movie_id = movies.movie_id
    cross join lateral unnest(best.genres) as listed (genre)
) as tonight
    on movie_genre.movie_id = tonight.movie_id and movie_genre.genre = tonight.genre
when not matched then
    insert (movie_id, genre)
    values (tonight.movie_id, tonight.genre)
when not matched by source then delete;
