-- Purpose: the catalogue: movies that a source lists, each fact from the first source that knows it.
-- Grain and key: movie_id. Inputs: claim, movie_version, movie_alias. Parameters: none.
merge into movies
using (
    with listed as (
        select distinct coalesce(movie_alias.movie_id, movie_version.movie_id) as movie_id
        from movie_version
        left join movie_alias on movie_version.movie_id = movie_alias.alias_id
    ),

    chosen as (
        select distinct on (movie_id, attribute)
            movie_id,
            attribute,
            value
        from claim
        order by movie_id asc, attribute asc, source_rank asc, source asc
    )

    select
        listed.movie_id,
        max(chosen.value) filter (where chosen.attribute = 'title') as title,
        max(chosen.value) filter (where chosen.attribute = 'original_title') as original_title,
        max(chosen.value) filter (where chosen.attribute = 'release_year')::integer as release_year,
        max(chosen.value) filter (where chosen.attribute = 'release_date')::date as release_date,
        max(chosen.value) filter (where chosen.attribute = 'runtime_minutes')::integer as runtime_minutes,
        max(chosen.value) filter (where chosen.attribute = 'imdb_id') as imdb_id,
        max(chosen.value) filter (where chosen.attribute = 'tmdb_id')::bigint as tmdb_id,
        max(chosen.value) filter (where chosen.attribute = 'imdb_rating')::real as imdb_rating,
        max(chosen.value) filter (where chosen.attribute = 'imdb_votes')::integer as imdb_votes
    from listed
    inner join chosen on listed.movie_id = chosen.movie_id
    group by listed.movie_id
) as tonight
    on movies.movie_id = tonight.movie_id
when matched and row(movies.*) is distinct from row(tonight.*) then
    update set
        title = tonight.title,
        original_title = tonight.original_title,
        release_year = tonight.release_year,
        release_date = tonight.release_date,
        runtime_minutes = tonight.runtime_minutes,
        imdb_id = tonight.imdb_id,
        tmdb_id = tonight.tmdb_id,
        imdb_rating = tonight.imdb_rating,
        imdb_votes = tonight.imdb_votes
when not matched then
    insert (
        movie_id, title, original_title, release_year, release_date, runtime_minutes, imdb_id, tmdb_id,
        imdb_rating, imdb_votes
    )
    values (
        tonight.movie_id, tonight.title, tonight.original_title, tonight.release_year, tonight.release_date,
        tonight.runtime_minutes, tonight.imdb_id, tonight.tmdb_id, tonight.imdb_rating, tonight.imdb_votes
    )
when not matched by source then delete;
