-- The genres of a version, so that whoever filters by genre knows their names without reading the catalogue.
create table if not exists serving.genre (
    version_id bigint not null references serving.version on delete cascade,
    genre text not null,
    movies integer not null,
    primary key (version_id, genre)
);
comment on table serving.genre is
'The genres of a version''s movies, and of how many movies each is one. Readers use serving.genres(). Grain: version and
genre.';

create or replace function ops.count_genres(version bigint)
returns setof text
language sql
set search_path = pg_catalog, pg_temp
as $$
    insert into serving.genre (version_id, genre, movies)
    select $1, genre_of_movie.genre, count(distinct catalogue.movie_id)
    from serving.catalogue
    cross join unnest(catalogue.genres) as genre_of_movie (genre)
    where catalogue.version_id = $1
    group by genre_of_movie.genre
    returning genre
$$;
comment on function ops.count_genres is 'Fills serving.genre from the catalogue of a version, and returns the genres.';

-- versions of before there was this table
select counted.genre
from serving.version
cross join ops.count_genres(version.version_id) as counted (genre)
where
    not exists (
        select 1 from serving.genre
        where genre.version_id = version.version_id
    );

create or replace function serving.genres()
returns table (genre text, movies integer)
language sql stable rows 20
security definer set search_path = pg_catalog, pg_temp
as $$
    select genre.genre, genre.movies
    from serving.live
    inner join serving.genre on live.version_id = genre.version_id
    order by genre.genre
$$;
comment on function serving.genres is
'The genres by which the live version can be filtered, and how many of its movies have each. Grain: genre.';

create or replace function serving.unknown_genres(genres text[])
returns text[]
language sql stable
security definer set search_path = pg_catalog, pg_temp
as $$
    select coalesce(array_agg(distinct asked.genre), '{}')
    from unnest($1) as asked (genre)
    where not exists (
        select 1
        from serving.live
        inner join serving.genre on live.version_id = genre.version_id
        where genre.genre = asked.genre
    )
$$;
comment on function serving.unknown_genres is
'Which of these genres no movie of the live version has, as one that was misspelt: a filter that nothing passes, or that
takes out nothing.';
