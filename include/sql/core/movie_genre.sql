-- Purpose: genres of each movie, from the first source that names any.
-- Grain and key: movie_id, genre. Inputs: staging.movies, staging.imdb_title, movies, movie_alias, manifest.
-- Parameters: none.
merge into movie_genre
using (
    with movie_version as (
        select distinct on (manifest.lineage, movies.movie_id)
            manifest.source,
            manifest.source_rank,
            movies.movie_id,
            movies.genres,
            movies.is_deleted
        from staging.movies
        inner join manifest on movies.slice_id = manifest.slice_id and manifest.is_held
        order by manifest.lineage asc, movies.movie_id asc, manifest.turn desc, movies.position desc
    ),

    title_version as (
        select distinct on (manifest.lineage, imdb_title.tconst)
            manifest.source,
            manifest.source_rank,
            imdb_title.tconst,
            imdb_title.genres
        from staging.imdb_title
        inner join manifest on imdb_title.slice_id = manifest.slice_id and manifest.is_held
        order by manifest.lineage asc, imdb_title.tconst asc, manifest.turn desc, imdb_title.position desc
    ),

    -- there are few different lists of genres
    spelt as (
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
        where not movie_version.is_deleted
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
