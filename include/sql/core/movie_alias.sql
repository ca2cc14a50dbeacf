-- Purpose: one id for every movie: ids that links lead to the same movie in IMDb, or in TMDB where IMDb does not say
-- otherwise, are one movie, whose id is the lowest that is listed. No id leads to one that leads on.
-- Grain and key: alias_id. Inputs: link_version, movie_version. Parameters: none.
merge into movie_alias
using (
    with linked as (
        select
            movie_id,
            (array_agg(imdb_id order by source_rank, imdb_id) filter (where imdb_id is not null))[1] as imdb_id,
            (array_agg(tmdb_id order by source_rank, tmdb_id) filter (where tmdb_id is not null))[1] as tmdb_id
        from link_version
        group by movie_id
    ),

    -- a movie is called by an id under which a source lists it
    listed as (
        select distinct movie_version.movie_id
        from movie_version
    ),

    by_imdb as (
        select
            movie_id,
            tmdb_id,
            imdb_id,
            case when imdb_id is null then movie_id else min(movie_id) over (partition by imdb_id) end as first_id
        from linked
    ),

    -- TMDB has a say where it gives one id to all that IMDb takes for one movie
    by_both as (
        select
            movie_id,
            imdb_id,
            first_id,
            case
                when min(tmdb_id) over (partition by first_id) = max(tmdb_id) over (partition by first_id)
                    then min(tmdb_id) over (partition by first_id)
            end as tmdb_id
        from by_imdb
    ),

    agreed as (
        select
            tmdb_id,
            min(first_id) as first_id
        from by_both
        where tmdb_id is not null
        group by tmdb_id
        having count(distinct imdb_id) <= 1
    ),

    joined as (
        select
            by_both.movie_id as alias_id,
            coalesce(agreed.first_id, by_both.first_id) as movie_id
        from by_both
        left join agreed on by_both.tmdb_id = agreed.tmdb_id
    ),

    named as (
        select
            joined.alias_id,
            coalesce(
                min(listed.movie_id) over (partition by joined.movie_id), joined.movie_id
            ) as movie_id
        from joined
        left join listed on joined.alias_id = listed.movie_id
    )

    select
        alias_id,
        movie_id
    from named
    where alias_id <> movie_id
) as tonight
    on movie_alias.alias_id = tonight.alias_id
when matched and movie_alias.movie_id <> tonight.movie_id then
    update set movie_id = tonight.movie_id
when not matched then
    insert (alias_id, movie_id)
    values (tonight.alias_id, tonight.movie_id)
when not matched by source then delete;
