-- Purpose: directors and writers in IMDb, renamed and cast; what cannot be cast is null.
-- Grain: one row of raw.imdb_crew. Key: slice_id, position. Inputs: raw.imdb_crew. Parameters: none.
create view staging.imdb_crew_typed as
select
    imdb_crew.slice_id,
    imdb_crew.position,
    ops.as_word(imdb_crew.tconst) as tconst,
    ops.as_word(imdb_crew.directors) as directors,
    ops.as_word(imdb_crew.writers) as writers,
    imdb_crew.is_deleted,
    imdb_crew.extra,
    to_jsonb(imdb_crew) - 'slice_id' - 'position' as record
from raw.imdb_crew;
