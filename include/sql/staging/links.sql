-- Purpose: the ids of movies at IMDb and TMDB, renamed and cast; what cannot be cast is null.
-- Grain: one row of raw.links. Key: slice_id, position. Inputs: raw.links. Parameters: none.
create view staging.links_typed as
select
    links.slice_id,
    links.position,
    ops.as_bigint(links.movie_id) as movie_id,
    ops.as_known(links.imdb_id) as imdb_id_text,
    ops.as_imdb_id(links.imdb_id) as imdb_id,
    ops.as_known(links.tmdb_id) as tmdb_id_text,
    ops.as_bigint(links.tmdb_id) as tmdb_id,
    links.is_deleted,
    links.extra,
    to_jsonb(links) - 'slice_id' - 'position' as record
from raw.links;
