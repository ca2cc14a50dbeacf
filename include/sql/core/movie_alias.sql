-- Purpose: one id for every movie: ids that links lead to the same movie in IMDb, or in TMDB where IMDb does not say
-- otherwise, are one movie, whose id is the lowest that is listed. No id leads to one that leads on.
-- Grain and key: alias_id. Inputs: latest_link, latest_movie. Parameters: none.
merge into movie_alias
using (
    with best_link as (
        select
            movie_id,
            (array_agg(imdb_id order by source_rank, imdb_id) filter (where imdb_id is not null))[1] as imdb_id,
            (array_agg(tmdb_id order by source_rank, tmdb_id) filter (where tmdb_id is not null))[1] as tmdb_id
        from latest_link
        group by movie_id
    ),

    -- a movie is called by an id under which a source lists it
    listed_movie as (
        select distinct latest_movie.movie_id
        from latest_movie
    ),

    imdb_group as (
        select
            movie_id,
            tmdb_id,
            imdb_id,
            case when imdb_id is null then movie_id else min(movie_id) over (partition by imdb_id) end as first_id
        from best_link
    ),

    -- TMDB has a say where it gives one id to all that IMDb takes for one movie
    imdb_tmdb_group as (
        select
            movie_id,
            imdb_id,
            first_id,
            case
                when min(tmdb_id) over (partition by first_id) = max(tmdb_id) over (partition by first_id)
                    then min(tmdb_id) over (partition by first_id)
            end as tmdb_id
        from imdb_group
    ),

    tmdb_group as (
        select
            tmdb_id,
            min(first_id) as first_id
        from imdb_tmdb_group
        where tmdb_id is not null
        group by tmdb_id
        having count(distinct imdb_id) <= 1
    ),

    joined_id as (
        select
            imdb_tmdb_group.movie_id as alias_id,
            coalesce(tmdb_group.first_id, imdb_tmdb_group.first_id) as movie_id
        from imdb_tmdb_group
        left join tmdb_group on imdb_tmdb_group.tmdb_id = tmdb_group.tmdb_id
    ),

    renamed_id as (
        select
            joined_id.alias_id,
            coalesce(
                min(listed_movie.movie_id) over (partition by joined_id.movie_id), joined_id.movie_id
            ) as movie_id
        from joined_id
        left join listed_movie on joined_id.alias_id = listed_movie.movie_id
    )

    select
        alias_id,
        movie_id
    from renamed_id
    where alias_id <> movie_id
) as incoming
    on movie_alias.alias_id = incoming.alias_id
when matched and movie_alias.movie_id <> incoming.movie_id then
    update set movie_id = incoming.movie_id
when not matched then
    insert (alias_id, movie_id)
    values (incoming.alias_id, incoming.movie_id)
when not matched by source then delete;
