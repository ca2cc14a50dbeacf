-- Typed rows that satisfy every rejecting rule. Each table has a view <table>_typed (renames, casts) over raw;
-- ops.build_judges() puts <table>_judged on top of it: the same rows with the rules that they break.
create schema if not exists staging;

create or replace view staging.ratings_typed as
select
    ratings.batch_id,
    ratings.position,
    ops.as_bigint(ratings.user_id) as user_id,
    ops.as_bigint(ratings.item_id) as movie_id,
    ops.as_numeric(ratings.rating) as rating,
    ops.as_epoch(ratings.timestamp) as rated_at,
    ratings.extra,
    to_jsonb(ratings) - 'batch_id' - 'position' as record
from raw.ratings;

create table if not exists staging.ratings (
    batch_id bigint not null,
    position bigint not null,
    user_id bigint not null,
    movie_id bigint not null,
    rating numeric not null,
    rated_at timestamptz not null
);
create index if not exists ratings_batch on staging.ratings using brin (batch_id);
comment on table staging.ratings is 'Ratings on the scale 0.5 to 5. Grain: one row of raw.ratings.';

create or replace view staging.movies_typed as
select
    movies.batch_id,
    movies.position,
    ops.as_bigint(movies.item_id) as movie_id,
    ops.as_word(movies.movie_title) as title,
    ops.as_bigint(movies.release_year) as release_year,
    ops.as_word(movies.release_year) as release_year_text,
    regexp_split_to_array(coalesce(ops.as_word(movies.class), ''), '\s+') as genres,
    movies.extra,
    to_jsonb(movies) - 'batch_id' - 'position' as record
from raw.movies;

create table if not exists staging.movies (
    batch_id bigint not null,
    position bigint not null,
    movie_id bigint not null,
    title text not null,
    release_year integer,
    genres text[] not null
);
-- ratings and events look their movie up
create index if not exists movies_batch on staging.movies (batch_id, movie_id);
comment on table staging.movies is 'Movies with their genres still in one field. Grain: one row of raw.movies.';

create or replace view staging.movie_link_typed as
select
    movie_link.batch_id,
    movie_link.position,
    ops.as_bigint(movie_link.item_id) as movie_id,
    ops.as_word(movie_link.entity_id) as entity_id,
    movie_link.extra,
    to_jsonb(movie_link) - 'batch_id' - 'position' as record
from raw.movie_link;

create table if not exists staging.movie_link (
    batch_id bigint not null,
    position bigint not null,
    movie_id bigint not null,
    entity_id text not null
);
create index if not exists movie_link_batch on staging.movie_link using brin (batch_id);
comment on table staging.movie_link is 'Movie ids and their entities in the graph. Grain: one row of raw.movie_link.';

create or replace view staging.graph_typed as
select
    graph.batch_id,
    graph.position,
    ops.as_word(graph.head_id) as head_id,
    ops.as_word(graph.relation_id) as relation_id,
    ops.as_word(graph.tail_id) as tail_id,
    graph.extra,
    to_jsonb(graph) - 'batch_id' - 'position' as record
from raw.graph;

create table if not exists staging.graph (
    batch_id bigint not null,
    position bigint not null,
    head_id text not null,
    relation_id text not null,
    tail_id text not null
);
create index if not exists graph_batch on staging.graph using brin (batch_id);
comment on table staging.graph is 'Triples around the movies. Grain: one row of raw.graph.';

create or replace view staging.user_profile_typed as
select
    user_profile.batch_id,
    user_profile.position,
    ops.as_bigint(user_profile.user_id) as user_id,
    ops.as_word(user_profile.age) as age_text,
    ops.as_bigint(user_profile.age) as age,
    upper(ops.as_word(user_profile.gender)) as gender,
    lower(ops.as_word(user_profile.occupation)) as occupation,
    upper(ops.as_word(user_profile.zip_code)) as postcode,
    user_profile.extra,
    to_jsonb(user_profile) - 'batch_id' - 'position' as record
from raw.user_profile;

create table if not exists staging.user_profile (
    batch_id bigint not null,
    position bigint not null,
    user_id bigint not null,
    age smallint,
    gender text,
    occupation text,
    postcode text
);
create index if not exists user_profile_batch on staging.user_profile using brin (batch_id);
comment on table staging.user_profile is 'Viewers as the application knows them. Grain: one row of raw.user_profile.';

create or replace view staging.feedback_event_typed as
select
    feedback_event.batch_id,
    feedback_event.position,
    ops.as_bigint(feedback_event.event_id) as event_id,
    ops.as_bigint(feedback_event.user_id) as user_id,
    ops.as_bigint(feedback_event.movie_id) as movie_id,
    lower(ops.as_word(feedback_event.kind)) as kind,
    ops.as_word(feedback_event.value) as value_text,
    ops.as_numeric(feedback_event.value) as value,
    ops.as_timestamp(feedback_event.created_at) as occurred_at,
    feedback_event.extra,
    to_jsonb(feedback_event) - 'batch_id' - 'position' as record
from raw.feedback_event;

create table if not exists staging.feedback_event (
    batch_id bigint not null,
    position bigint not null,
    event_id bigint not null,
    user_id bigint not null,
    movie_id bigint not null,
    kind text not null,
    value numeric,
    occurred_at timestamptz not null
);
create index if not exists feedback_event_batch on staging.feedback_event using brin (batch_id);
comment on table staging.feedback_event is 'What viewers did. Grain: one row of raw.feedback_event.';
