-- Movies like a movie, for its page.
create or replace function serving.similar(
    movie bigint, k integer default 10, viewer bigint default null, after integer default 0
)
returns table (rank integer, movie_id bigint, title text, release_year integer, genres text[], score double precision)
language plpgsql stable rows 10
security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    return query
    select
        similar_movie.rank,
        similar_movie.similar_movie_id,
        similar_movie.title,
        similar_movie.release_year,
        catalogue.genres,
        similar_movie.score
    from serving.live
    inner join serving.similar_movie on live.version_id = similar_movie.version_id
    left join serving.catalogue
        on live.version_id = catalogue.version_id and similar_movie.similar_movie_id = catalogue.movie_id
    where
        similar_movie.movie_id = $1
        and similar_movie.rank > $4
        and not exists (
            select 1 from serving.hidden($3) as hidden
            where hidden.movie_id = similar_movie.similar_movie_id
        )
        and not exists (
            select 1 from serving.responded($3) as responded
            where responded.movie_id = similar_movie.similar_movie_id
        )
        and not exists (
            select 1 from core.ratings
            where ratings.user_id = $3 and ratings.movie_id = similar_movie.similar_movie_id
        )
    order by similar_movie.rank
    limit least(greatest($2, 0), 1000);
end;
$$;
comment on function serving.similar is
'The k movies most like a movie, less what is hidden and, where a viewer is named, what the viewer has answered to. The
next page is the one after the last rank of this one.';
