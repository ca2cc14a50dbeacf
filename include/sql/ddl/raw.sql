-- Rows as they came: text under the contract's column names, with the slice and the position in it, counted from 1.
-- No keys: COPY goes into unindexed tables; a block-range index is enough to find a slice.
create schema if not exists raw;

create table if not exists raw.movies (
    slice_id integer not null,
    position integer not null,
    movie_id text,
    title text,
    release_year text,
    release_date text,
    genres text,
    is_deleted boolean not null default false,
    extra jsonb
);
create index if not exists movies_slice on raw.movies using brin (slice_id);
comment on table raw.movies is 'Movies as catalogues list them. Grain: one row of a source.';

create table if not exists raw.links (
    slice_id integer not null,
    position integer not null,
    movie_id text,
    imdb_id text,
    tmdb_id text,
    is_deleted boolean not null default false,
    extra jsonb
);
create index if not exists links_slice on raw.links using brin (slice_id);
comment on table raw.links is 'Which movie is which in IMDb and TMDB. Grain: one row of a source.';

create table if not exists raw.credits (
    slice_id integer not null,
    position integer not null,
    movie_id text,
    title text,
    released text,
    director text,
    actors text,
    writers text,
    is_deleted boolean not null default false,
    extra jsonb
);
create index if not exists credits_slice on raw.credits using brin (slice_id);
comment on table raw.credits is 'Directors and actors of movies, several in one field. Grain: one row of a source.';

create table if not exists raw.genome (
    slice_id integer not null,
    position integer not null,
    movie_id text,
    tags text,
    relevances text,
    is_deleted boolean not null default false,
    extra jsonb
);
create index if not exists genome_slice on raw.genome using brin (slice_id);
comment on table raw.genome is
'Tags of movies and how relevant each is, several in one field, by a tag genome. Grain: one movie of a source.';

create table if not exists raw.imdb_title (
    slice_id integer not null,
    position integer not null,
    tconst text,
    title_type text,
    primary_title text,
    original_title text,
    start_year text,
    runtime_minutes text,
    genres text,
    is_deleted boolean not null default false,
    extra jsonb
);
create index if not exists imdb_title_slice on raw.imdb_title using brin (slice_id);
comment on table raw.imdb_title is 'IMDb title.basics, the titles of known movies. Grain: one row of a source.';

create table if not exists raw.imdb_crew (
    slice_id integer not null,
    position integer not null,
    tconst text,
    directors text,
    writers text,
    is_deleted boolean not null default false,
    extra jsonb
);
create index if not exists imdb_crew_slice on raw.imdb_crew using brin (slice_id);
comment on table raw.imdb_crew is
'IMDb title.crew: directors and writers, several in one field. Grain: one row of a source.';

create table if not exists raw.imdb_principal (
    slice_id integer not null,
    position integer not null,
    tconst text,
    ordering text,
    nconst text,
    category text,
    job text,
    characters text,
    is_deleted boolean not null default false,
    extra jsonb
);
create index if not exists imdb_principal_slice on raw.imdb_principal using brin (slice_id);
comment on table raw.imdb_principal is
'IMDb title.principals: who did what, in the order of billing. Grain: one row of a source.';

create table if not exists raw.imdb_rating (
    slice_id integer not null,
    position integer not null,
    tconst text,
    average_rating text,
    num_votes text,
    is_deleted boolean not null default false,
    extra jsonb
);
create index if not exists imdb_rating_slice on raw.imdb_rating using brin (slice_id);
comment on table raw.imdb_rating is 'IMDb title.ratings: mean and number of votes. Grain: one row of a source.';

create table if not exists raw.imdb_name (
    slice_id integer not null,
    position integer not null,
    nconst text,
    primary_name text,
    birth_year text,
    is_deleted boolean not null default false,
    extra jsonb
);
create index if not exists imdb_name_slice on raw.imdb_name using brin (slice_id);
comment on table raw.imdb_name is
'IMDb name.basics: the names of people in crew and principals. Grain: one row of a source.';

create table if not exists raw.movie_link (
    slice_id integer not null,
    position integer not null,
    movie_id text,
    entity_id text,
    is_deleted boolean not null default false,
    extra jsonb
);
create index if not exists movie_link_slice on raw.movie_link using brin (slice_id);
comment on table raw.movie_link is 'Which entity of the graph is which movie. Grain: one row of a source.';

create table if not exists raw.graph (
    slice_id integer not null,
    position integer not null,
    head_id text,
    relation_id text,
    tail_id text,
    is_deleted boolean not null default false,
    extra jsonb
);
create index if not exists graph_slice on raw.graph using brin (slice_id);
comment on table raw.graph is 'People, countries and more around the movies, as triples. Grain: one row of a source.';

create table if not exists raw.user_profile (
    slice_id integer not null,
    position integer not null,
    user_id text,
    age text,
    gender text,
    occupation text,
    zip_code text,
    is_deleted boolean not null default false,
    extra jsonb
);
create index if not exists user_profile_slice on raw.user_profile using brin (slice_id);
comment on table raw.user_profile is 'What is known about viewers. Grain: one row of a source.';

create table if not exists raw.ratings (
    slice_id integer not null,
    position integer not null,
    user_id text,
    movie_id text,
    rating text,
    rated_at text,
    is_deleted boolean not null default false,
    extra jsonb
);
create index if not exists ratings_slice on raw.ratings using brin (slice_id);
comment on table raw.ratings is 'Ratings. Grain: one row of a source.';

create table if not exists raw.tags (
    slice_id integer not null,
    position integer not null,
    user_id text,
    movie_id text,
    tag text,
    tagged_at text,
    is_deleted boolean not null default false,
    extra jsonb
);
create index if not exists tags_slice on raw.tags using brin (slice_id);
comment on table raw.tags is 'Words that viewers put on movies. Grain: one row of a source.';

create table if not exists raw.feedback_event (
    slice_id integer not null,
    position integer not null,
    event_id text,
    user_id text,
    movie_id text,
    kind text,
    value text,
    created_at text,
    is_deleted boolean not null default false,
    extra jsonb
);
create index if not exists feedback_event_slice on raw.feedback_event using brin (slice_id);
comment on table raw.feedback_event is 'What viewers did in the application. Grain: one row of a source.';
comment on column raw.ratings.extra is
'What came beside the contract''s columns: new columns by name, surplus fields as overflow, notes of the reader.';
comment on column raw.ratings.is_deleted is 'The row is gone at the source; only its key counts.';
