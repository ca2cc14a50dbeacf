-- Purpose: names of people in IMDb, renamed and cast; what cannot be cast is null.
-- Grain: one row of raw.imdb_name. Key: slice_id, position. Inputs: raw.imdb_name. Parameters: none.
create view staging.imdb_name_typed as
select
    imdb_name.slice_id,
    imdb_name.position,
    ops.as_word(imdb_name.nconst) as nconst,
    ops.as_word(imdb_name.primary_name) as name,
    imdb_name.is_deleted,
    imdb_name.extra,
    to_jsonb(imdb_name) - 'slice_id' - 'position' as record
from raw.imdb_name;
