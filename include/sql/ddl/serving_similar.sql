-- Movies like a movie, for its page.
create or replace function serving.similar(
    movie bigint, k integer default 10, viewer bigint default null, after integer default 0
)
returns table (rank integer, movie_id bigint, title text, release_year integer, genres text[], score double precision)
language plpgsql stable rows 10
security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    page_length constant integer := least(greatest(k, 0), 1000);
    seen_version constant bigint := (select live.version_id from serving.live);
    rows_found integer;
begin
    return query
    select
        similar_movie.rank,
        similar_movie.similar_movie_id,
        similar_movie.title,
        similar_movie.release_year,
        catalogue.genres,
        similar_movie.score
    from serving.similar_movie
    left join serving.catalogue
        on catalogue.version_id = seen_version and similar_movie.similar_movie_id = catalogue.movie_id
    where
        similar_movie.version_id = seen_version
        and similar_movie.movie_id = $1
        and similar_movie.rank > $4
        and not exists (
            select 1 from serving.left_out($3) as left_out
            where left_out.movie_id = similar_movie.similar_movie_id
        )
    order by similar_movie.rank
    limit page_length;
    get diagnostics rows_found = row_count;
    if rows_found >= page_length or $3 is null then
        return;
    end if;

    -- Who knows most of these goes on to what is like them. They are numbered before anything is left out, so that the
    -- next page stays the next page.
    return query
    with near_movie as (
        select similar_movie.rank, similar_movie.similar_movie_id, similar_movie.score
        from serving.similar_movie
        where similar_movie.version_id = seen_version and similar_movie.movie_id = $1
    ),

    -- a way is as short as its longer step
    further_movie as (
        select
            next_movie.similar_movie_id,
            next_movie.title,
            next_movie.release_year,
            max(least(near_movie.score, next_movie.score)) as score
        from near_movie
        inner join serving.similar_movie as next_movie
            on next_movie.version_id = seen_version and near_movie.similar_movie_id = next_movie.movie_id
        where
            next_movie.similar_movie_id <> $1
            and next_movie.similar_movie_id not in (select near_movie.similar_movie_id from near_movie)
        group by next_movie.similar_movie_id, next_movie.title, next_movie.release_year
    ),

    numbered_movie as (
        select
            further_movie.*,
            (select max(near_movie.rank) from near_movie)
            + row_number() over (order by further_movie.score desc, further_movie.similar_movie_id) as rank
        from further_movie
    )

    select
        numbered_movie.rank::integer,
        numbered_movie.similar_movie_id,
        numbered_movie.title,
        numbered_movie.release_year,
        catalogue.genres,
        least(numbered_movie.score, (select min(near_movie.score) from near_movie)) as score
    from numbered_movie
    left join serving.catalogue
        on catalogue.version_id = seen_version and numbered_movie.similar_movie_id = catalogue.movie_id
    where
        numbered_movie.rank > $4
        and not exists (
            select 1 from serving.left_out($3) as left_out
            where left_out.movie_id = numbered_movie.similar_movie_id
        )
    order by numbered_movie.rank
    limit page_length - rows_found;
end;
$$;
comment on function serving.similar is
'The k movies most like a movie, less what is hidden. Where a viewer is named, less what the viewer has answered to,
and followed by movies like these where that leaves too few. The next page is the one after the last rank of this one.';
