-- Purpose: titles in IMDb, renamed and cast; what cannot be cast is null.
-- Grain: one row of raw.imdb_title. Key: slice_id, position. Inputs: raw.imdb_title. Parameters: none.
create view staging.imdb_title_typed as
select
    imdb_title.slice_id,
    imdb_title.position,
    ops.as_word(imdb_title.tconst) as tconst,
    ops.as_word(imdb_title.title_type) as title_type,
    ops.as_word(imdb_title.primary_title) as title,
    ops.as_word(imdb_title.original_title) as original_title,
    ops.as_release_year(imdb_title.start_year) as release_year,
    ops.as_word(imdb_title.start_year) as release_year_text,
    ops.as_integer(imdb_title.runtime_minutes, 1, 100000) as runtime_minutes,
    ops.as_word(imdb_title.runtime_minutes) as runtime_text,
    ops.as_word(imdb_title.genres) as genres,
    imdb_title.is_deleted,
    imdb_title.extra,
    to_jsonb(imdb_title) - 'slice_id' - 'position' as record
from raw.imdb_title;
