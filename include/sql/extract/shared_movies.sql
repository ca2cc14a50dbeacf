-- Purpose: how many movies two parts of a source's movies share, where one of them is new in the batch, and to how many
-- of these they give different titles.
-- Grain and key: earlier_piece, later_piece. Inputs: ops.batch_slice, ops.slice, raw.movies.
-- Parameters: batch_id, source.
with movie_slice as (
    select
        slice.slice_id,
        slice.piece,
        slice.batch_id = %(batch_id)s as is_new,
        count(*) over () as parts
    from ops.batch_slice
    inner join ops.slice on batch_slice.slice_id = slice.slice_id
    where
        batch_slice.batch_id = %(batch_id)s and slice.source = %(source)s and slice.table_name = 'movies'
        and slice.mode = 'whole' and slice.raw_rows > 0
),

titled_movie as (
    select
        movie_slice.slice_id,
        movie_slice.piece,
        movie_slice.is_new,
        ops.id_text(movies.movie_id) as movie_id,
        lower(ops.title(movies.title)) as title
    from movie_slice
    inner join raw.movies on movie_slice.slice_id = movies.slice_id
    where not movies.is_deleted and movie_slice.parts > 1
)

select
    earlier.piece as earlier_piece,
    later.piece as later_piece,
    count(*) as shared_movies,
    count(*) filter (where earlier.title is distinct from later.title) as conflicts
from titled_movie as earlier
inner join titled_movie as later on earlier.movie_id = later.movie_id and earlier.slice_id < later.slice_id
where earlier.is_new or later.is_new
group by earlier.piece, later.piece
order by earlier.piece, later.piece;
