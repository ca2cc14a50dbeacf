-- Purpose: the catalogue: movies that a source lists, each fact from the first source that knows it.
-- Grain and key: movie_id. Inputs: claim, latest_movie, movie_alias. Parameters: none.
merge into movies
using (
    with listed_movie as (
        select distinct coalesce(movie_alias.movie_id, latest_movie.movie_id) as movie_id
        from latest_movie
        left join movie_alias on latest_movie.movie_id = movie_alias.alias_id
    ),

    best_claim as (
        select distinct on (movie_id, attribute)
            movie_id,
            attribute,
            value
        from claim
        order by movie_id asc, attribute asc, source_rank asc, source asc
    )

    select
        listed_movie.movie_id,
        max(best_claim.value) filter (where best_claim.attribute = 'title') as title,
        max(best_claim.value) filter (where best_claim.attribute = 'original_title') as original_title,
        max(best_claim.value) filter (where best_claim.attribute = 'release_year')::integer as release_year,
        max(best_claim.value) filter (where best_claim.attribute = 'release_date')::date as release_date,
        max(best_claim.value) filter (where best_claim.attribute = 'runtime_minutes')::integer as runtime_minutes,
        max(best_claim.value) filter (where best_claim.attribute = 'imdb_id') as imdb_id,
        max(best_claim.value) filter (where best_claim.attribute = 'tmdb_id')::bigint as tmdb_id,
        max(best_claim.value) filter (where best_claim.attribute = 'imdb_rating')::real as imdb_rating,
        max(best_claim.value) filter (where best_claim.attribute = 'imdb_votes')::integer as imdb_votes
    from listed_movie
    inner join best_claim on listed_movie.movie_id = best_claim.movie_id
    group by listed_movie.movie_id
) as incoming
    on movies.movie_id = incoming.movie_id
when matched and row(movies.*) is distinct from row(incoming.*) then
    update set
        title = incoming.title,
        original_title = incoming.original_title,
        release_year = incoming.release_year,
        release_date = incoming.release_date,
        runtime_minutes = incoming.runtime_minutes,
        imdb_id = incoming.imdb_id,
        tmdb_id = incoming.tmdb_id,
        imdb_rating = incoming.imdb_rating,
        imdb_votes = incoming.imdb_votes
when not matched then
    insert (
        movie_id, title, original_title, release_year, release_date, runtime_minutes, imdb_id, tmdb_id,
        imdb_rating, imdb_votes
    )
    values (
        incoming.movie_id, incoming.title, incoming.original_title, incoming.release_year, incoming.release_date,
        incoming.runtime_minutes, incoming.imdb_id, incoming.tmdb_id, incoming.imdb_rating, incoming.imdb_votes
    )
when not matched by source then delete;
