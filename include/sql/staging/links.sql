-- Purpose: the ids of movies at IMDb and TMDB, renamed and cast; what cannot be cast is null.
-- Grain: one row of raw.links. Key: slice_id, position. Inputs: raw.links. Parameters: none.
create view staging.links_typed as
select
    links.slice_id,
    links.position,
    ops.as_bigint(links.movie_id) as movie_id,
    ops.as_word(links.imdb_id) as imdb_id_text,
    case
        when ops.as_word(links.imdb_id) ~ '^tt[0-9]{1,10}$'
            then 'tt' || lpad(ltrim(ops.as_word(links.imdb_id), 't'), 7, '0')
        when ops.as_bigint(links.imdb_id) between 0 and 9999999999
            then 'tt' || lpad(ops.as_bigint(links.imdb_id)::text, 7, '0')
    end as imdb_id,
    ops.as_word(links.tmdb_id) as tmdb_id_text,
    ops.as_bigint(links.tmdb_id) as tmdb_id,
    links.is_deleted,
    links.extra,
    to_jsonb(links) - 'slice_id' - 'position' as record
from raw.links;
