-- Purpose: mean votes of IMDb, renamed and cast; what cannot be cast is null.
-- Grain: one row of raw.imdb_rating. Key: slice_id, position. Inputs: raw.imdb_rating. Parameters: none.
create view staging.imdb_rating_typed as
select
    imdb_rating.slice_id,
    imdb_rating.position,
    ops.as_word(imdb_rating.tconst) as tconst,
    case
        when ops.as_number(imdb_rating.average_rating) between 1 and 10
            then ops.as_number(imdb_rating.average_rating)::real
    end as mean_rating,
    ops.as_integer(imdb_rating.num_votes, 0, 2147483647) as votes,
    imdb_rating.is_deleted,
    imdb_rating.extra,
    to_jsonb(imdb_rating) - 'slice_id' - 'position' as record
from raw.imdb_rating;
