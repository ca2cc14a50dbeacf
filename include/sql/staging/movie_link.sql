-- Purpose: movies and their entities in the graph, renamed and cast; what cannot be cast is null.
-- Grain: one row of raw.movie_link. Key: slice_id, position. Inputs: raw.movie_link. Parameters: none.
create view staging.movie_link_typed as
select
    movie_link.slice_id,
    movie_link.position,
    ops.as_bigint(movie_link.movie_id) as movie_id,
    ops.as_word(movie_link.entity_id) as entity_id,
    movie_link.is_deleted,
    movie_link.extra,
    to_jsonb(movie_link) - 'slice_id' - 'position' as record
from raw.movie_link;
