-- Typed rows that satisfy every rejecting rule. Each table has a view <table>_typed over raw (renames and casts, see
-- staging/<table>.sql). ops.build_rule_views() puts <table>_checked on top of it, the same rows with the rules that
-- they break, and ops.fill_staging() copies those that break none. Of a deleted row only the key counts.
create schema if not exists staging;

create table if not exists staging.movies (
    slice_id integer not null,
    position integer not null,
    movie_id bigint not null,
    title text check (is_deleted or title is not null),
    release_year integer,
    release_date date,
    genres text,
    is_deleted boolean not null
);
-- ratings, tags and events look their movie up
create index if not exists movies_movie on staging.movies (movie_id);
create index if not exists movies_slice on staging.movies using brin (slice_id);
comment on table staging.movies is 'Movies, genres still in one field. Grain: one row of raw.movies.';

create table if not exists staging.links (
    slice_id integer not null,
    position integer not null,
    movie_id bigint not null,
    imdb_id text,
    tmdb_id bigint,
    is_deleted boolean not null
);
create index if not exists links_slice on staging.links using brin (slice_id);
comment on table staging.links is 'Ids of movies elsewhere. Grain: one row of raw.links.';
comment on column staging.links.imdb_id is 'As IMDb writes it: tt and at least seven digits.';

create or replace view staging.known_movie as
select movies.movie_id
from staging.movies
union
select links.movie_id
from staging.links
inner join staging.links as same_movie on links.imdb_id = same_movie.imdb_id
inner join staging.movies on same_movie.movie_id = movies.movie_id;
comment on view staging.known_movie is
'Ids of movies that a source lists, and other ids that links lead to one of these. Grain: movie id.';

create table if not exists staging.credits (
    slice_id integer not null,
    position integer not null,
    movie_id bigint not null,
    title text,
    release_date date,
    directors text,
    actors text,
    writers text,
    is_deleted boolean not null
);
alter table staging.credits add column if not exists release_year integer;
create index if not exists credits_slice on staging.credits using brin (slice_id);
comment on table staging.credits is 'Credits, several people in one field. Grain: one row of raw.credits.';

create table if not exists staging.genome (
    slice_id integer not null,
    position integer not null,
    movie_id bigint not null,
    tags text[],
    relevances real[],
    is_deleted boolean not null
);
create index if not exists genome_slice on staging.genome using brin (slice_id);
comment on table staging.genome is
'Tags of movies and their relevances from 0 to 1, one for each tag. Grain: one row of raw.genome.';

create table if not exists staging.imdb_title (
    slice_id integer not null,
    position integer not null,
    tconst text not null,
    title_type text,
    title text,
    original_title text,
    release_year integer,
    runtime_minutes integer,
    genres text,
    is_deleted boolean not null
);
create index if not exists imdb_title_slice on staging.imdb_title using brin (slice_id);
comment on table staging.imdb_title is 'Titles of known movies in IMDb. Grain: one row of raw.imdb_title.';

create table if not exists staging.imdb_crew (
    slice_id integer not null,
    position integer not null,
    tconst text not null,
    directors text,
    writers text,
    is_deleted boolean not null
);
create index if not exists imdb_crew_slice on staging.imdb_crew using brin (slice_id);
comment on table staging.imdb_crew is
'Directors and writers in IMDb, ids separated by commas. Grain: one row of raw.imdb_crew.';

create table if not exists staging.imdb_principal (
    slice_id integer not null,
    position integer not null,
    tconst text not null,
    billing integer,
    nconst text not null,
    category text,
    is_deleted boolean not null
);
create index if not exists imdb_principal_slice on staging.imdb_principal using brin (slice_id);
comment on table staging.imdb_principal is 'Who did what in a movie. Grain: one row of raw.imdb_principal.';

create table if not exists staging.imdb_rating (
    slice_id integer not null,
    position integer not null,
    tconst text not null,
    mean_rating real,
    votes integer,
    is_deleted boolean not null
);
create index if not exists imdb_rating_slice on staging.imdb_rating using brin (slice_id);
comment on table staging.imdb_rating is 'Mean of IMDb''s votes, 1 to 10. Grain: one row of raw.imdb_rating.';

create table if not exists staging.imdb_name (
    slice_id integer not null,
    position integer not null,
    nconst text not null,
    name text,
    is_deleted boolean not null
);
create index if not exists imdb_name_slice on staging.imdb_name using brin (slice_id);
comment on table staging.imdb_name is 'Names of people in IMDb. Grain: one row of raw.imdb_name.';

create table if not exists staging.movie_link (
    slice_id integer not null,
    position integer not null,
    movie_id bigint not null,
    entity_id text,
    is_deleted boolean not null
);
create index if not exists movie_link_slice on staging.movie_link using brin (slice_id);
comment on table staging.movie_link is 'Movie ids and their entities in the graph. Grain: one row of raw.movie_link.';

create table if not exists staging.graph (
    slice_id integer not null,
    position integer not null,
    head_id text not null,
    relation_id text not null,
    tail_id text not null,
    is_deleted boolean not null
);
create index if not exists graph_slice on staging.graph using brin (slice_id);
comment on table staging.graph is 'Triples around the movies. Grain: one row of raw.graph.';

create table if not exists staging.user_profile (
    slice_id integer not null,
    position integer not null,
    user_id bigint not null,
    age smallint,
    gender text,
    occupation text,
    postcode text,
    is_deleted boolean not null
);
create index if not exists user_profile_slice on staging.user_profile using brin (slice_id);
comment on table staging.user_profile is 'Viewers as a source knows them. Grain: one row of raw.user_profile.';

create table if not exists staging.ratings (
    slice_id integer not null,
    position integer not null,
    user_id bigint not null,
    movie_id bigint not null,
    rating real check (is_deleted or rating is not null),
    is_deleted boolean not null,
    rated_at timestamptz not null
);
create index if not exists ratings_slice on staging.ratings using brin (slice_id);
comment on table staging.ratings is 'Ratings on the scale 0.5 to 5. Grain: one row of raw.ratings.';
comment on column staging.ratings.rated_at is 'Of a deleted row: when its absence was noticed.';

create table if not exists staging.tags (
    slice_id integer not null,
    position integer not null,
    user_id bigint not null,
    movie_id bigint not null,
    tag text not null,
    is_deleted boolean not null,
    tagged_at timestamptz not null
);
create index if not exists tags_slice on staging.tags using brin (slice_id);
comment on table staging.tags is 'Words on movies. Grain: one row of raw.tags.';

create table if not exists staging.feedback_event (
    slice_id integer not null,
    position integer not null,
    event_id text not null,
    user_id bigint,
    movie_id bigint,
    kind text,
    value double precision,
    is_deleted boolean not null,
    occurred_at timestamptz not null,
    check (is_deleted or (user_id is not null and movie_id is not null and kind is not null))
);
create index if not exists feedback_event_slice on staging.feedback_event using brin (slice_id);
comment on table staging.feedback_event is 'What viewers did. Grain: one row of raw.feedback_event.';
