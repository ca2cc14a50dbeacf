-- Purpose: who did what in a movie, in IMDb, renamed and cast; what cannot be cast is null.
-- Grain: one row of raw.imdb_principal. Key: slice_id, position. Inputs: raw.imdb_principal. Parameters: none.
create view staging.imdb_principal_typed as
select
    imdb_principal.slice_id,
    imdb_principal.position,
    ops.as_word(imdb_principal.tconst) as tconst,
    ops.as_integer(imdb_principal.ordering, 1, 100000) as billing,
    ops.as_word(imdb_principal.nconst) as nconst,
    lower(ops.as_word(imdb_principal.category)) as category,
    imdb_principal.is_deleted,
    imdb_principal.extra,
    to_jsonb(imdb_principal) - 'slice_id' - 'position' as record
from raw.imdb_principal;
