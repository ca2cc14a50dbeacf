-- Rows as they came: text under the source's own column names, with the batch and the position in the source.
-- No keys: COPY goes into unindexed tables; a block-range index is enough to find a batch.
create schema if not exists raw;

create table if not exists raw.ratings (
    batch_id bigint not null,
    position bigint not null,
    user_id text,
    item_id text,
    rating text,
    timestamp text,
    extra jsonb
);
create index if not exists ratings_batch on raw.ratings using brin (batch_id);
comment on table raw.ratings is 'Source movielens, file *.inter: one line a row.';

create table if not exists raw.movies (
    batch_id bigint not null,
    position bigint not null,
    item_id text,
    movie_title text,
    release_year text,
    class text,
    extra jsonb
);
create index if not exists movies_batch on raw.movies using brin (batch_id);
comment on table raw.movies is 'Source movielens, file *.item: one line a row.';

create table if not exists raw.movie_link (
    batch_id bigint not null,
    position bigint not null,
    item_id text,
    entity_id text,
    extra jsonb
);
create index if not exists movie_link_batch on raw.movie_link using brin (batch_id);
comment on table raw.movie_link is 'Source movielens, file *.link: which entity of the graph is which movie.';

create table if not exists raw.graph (
    batch_id bigint not null,
    position bigint not null,
    head_id text,
    relation_id text,
    tail_id text,
    extra jsonb
);
create index if not exists graph_batch on raw.graph using brin (batch_id);
comment on table raw.graph is 'Source movielens, file *.kg: people, countries and more around the movies, as triples.';

create table if not exists raw.user_profile (
    batch_id bigint not null,
    position bigint not null,
    user_id text,
    age text,
    gender text,
    occupation text,
    zip_code text,
    extra jsonb
);
create index if not exists user_profile_batch on raw.user_profile using brin (batch_id);
comment on table raw.user_profile is 'Source app, table user_profile: one row a viewer.';

create table if not exists raw.feedback_event (
    batch_id bigint not null,
    position bigint not null,
    event_id text,
    user_id text,
    movie_id text,
    kind text,
    value text,
    created_at text,
    extra jsonb
);
create index if not exists feedback_event_batch on raw.feedback_event using brin (batch_id);
comment on table raw.feedback_event is 'Source app, table feedback_event: what viewers did.';
