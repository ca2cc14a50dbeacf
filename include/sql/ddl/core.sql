-- Conformed facts, one row a fact, no trace of the night that brought them: two equal nights leave equal tables.
create schema if not exists core;

create table if not exists core.users (
    user_id bigint primary key,
    age smallint,
    gender text,
    occupation text,
    postcode text
);
comment on table core.users is
'Every viewer who has a profile, a rating or an event. Grain: one viewer; attributes are null where no profile exists.';
comment on column core.users.age is 'Age in years.';

create table if not exists core.movies (
    movie_id bigint primary key,
    title text not null,
    release_year integer
);
comment on table core.movies is 'The catalogue. Grain: one movie.';
comment on column core.movies.title is 'Title with its article in front: The Usual Suspects.';

create table if not exists core.movie_genre (
    movie_id bigint not null,
    genre text not null,
    primary key (movie_id, genre)
);
comment on table core.movie_genre is 'Genres of a movie. Grain: movie and genre.';

create table if not exists core.movie_person (
    movie_id bigint not null,
    person_id text not null,
    role text not null check (role in ('actor', 'director', 'writer')),
    primary key (movie_id, role, person_id)
);
comment on table core.movie_person is 'Who made a movie. Grain: movie, role and person.';
comment on column core.movie_person.person_id is 'Entity id in the graph; names are not part of it.';

create table if not exists core.movie_country (
    movie_id bigint not null,
    country_id text not null,
    primary key (movie_id, country_id)
);
comment on table core.movie_country is 'Where a movie was made. Grain: movie and country (entity id in the graph).';

create table if not exists core.ratings (
    user_id bigint not null,
    movie_id bigint not null,
    rating real not null,
    rated_at timestamptz not null,
    primary key (user_id, movie_id)
);
comment on table core.ratings is
'The latest rating of a viewer for a movie, from the rating files and from rating events. Grain: viewer and movie.';
comment on column core.ratings.rating is 'Stars, 0.5 to 5.';

create table if not exists core.events (
    event_id bigint primary key,
    user_id bigint not null,
    movie_id bigint not null,
    kind text not null,
    value numeric,
    occurred_at timestamptz not null
);
comment on table core.events is 'Feedback of viewers in the application. Grain: one event.';
