-- What a version knows about movies, beside its lists: facts for pages and filters, an index of titles, and how much
-- having liked one movie speaks for others. Written with the version, so that a page mixes no two nights.
create table if not exists serving.catalogue (
    version_id bigint not null references serving.version on delete cascade,
    movie_id bigint not null,
    title text not null,
    release_year integer,
    genres text[] not null,
    directors text[] not null,
    actors text[] not null,
    runtime_minutes integer,
    imdb_id text,
    imdb_rating real,
    ratings integer not null,
    mean_rating real,
    popularity_rank integer not null,
    primary key (version_id, movie_id)
);
create unique index if not exists catalogue_popularity on serving.catalogue (version_id, popularity_rank);
comment on table serving.catalogue is
'The movies as a version knows them. Readers use serving.movie(). Grain: version and movie.';
comment on column serving.catalogue.popularity_rank is '1 for the movie that most viewers liked.';

create table if not exists serving.title_trigram (
    version_id bigint not null references serving.version on delete cascade,
    trigram text not null,
    movie_ids bigint[] not null,
    primary key (version_id, trigram)
);
comment on table serving.title_trigram is
'The movies whose title has three letters in a row, the most popular first: the index of serving.search(). Grain:
version and trigram.';

create table if not exists serving.item_weight (
    version_id bigint not null references serving.version on delete cascade,
    movie_id bigint not null,
    movie_ids bigint[] not null,
    weights real[] not null,
    primary key (version_id, movie_id)
);
comment on table serving.item_weight is
'How much having liked a movie speaks for others, as the ranker of the version weighs it, or where it weighs no pairs
as movies are alike; the largest weights first. serving.newcomer() adds them up. Grain: version and movie.';

create or replace function serving.movie(movie bigint)
returns table (
    movie_id bigint,
    title text,
    release_year integer,
    genres text[],
    directors text[],
    actors text[],
    runtime_minutes integer,
    imdb_id text,
    imdb_rating real,
    ratings integer,
    mean_rating real,
    popularity_rank integer
)
language plpgsql stable rows 1
security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    return query
    select
        catalogue.movie_id,
        catalogue.title,
        catalogue.release_year,
        catalogue.genres,
        catalogue.directors,
        catalogue.actors,
        catalogue.runtime_minutes,
        catalogue.imdb_id,
        catalogue.imdb_rating,
        catalogue.ratings,
        catalogue.mean_rating,
        catalogue.popularity_rank
    from serving.live
    inner join serving.catalogue on live.version_id = catalogue.version_id
    where catalogue.movie_id = $1;
end;
$$;
comment on function serving.movie is 'What the live version knows about a movie: one row, none for an unknown movie.';

create or replace function serving.is_wanted(
    genres text[], release_year integer, genres_in text[], genres_out text[], year_from integer, year_to integer
)
returns boolean
language sql immutable parallel safe
return
(genres_in is null or coalesce(genres && genres_in, false))
and (genres_out is null or not coalesce(genres && genres_out, false))
and (year_from is null or coalesce(release_year >= year_from, false))
and (year_to is null or coalesce(release_year <= year_to, false));
comment on function serving.is_wanted is
'Whether a movie passes the filters of a request; what is not known of it passes none that asks for it.';
