-- Purpose: rows that only named a movie nobody knew come again by themselves once the movie is known.
-- Grain: rejected row. Key: slice_id, position. Inputs: quarantine.row, staging.known_movie. Parameters: batch_id.
insert into quarantine.decision (slice_id, position, record, decided_by)
select
    waiting_row.slice_id,
    waiting_row.position,
    waiting_row.record,
    'movierec: the movie is known by now' as decided_by
from quarantine.row as waiting_row
inner join ops.batch_slice on waiting_row.slice_id = batch_slice.slice_id
where
    batch_slice.batch_id = %(batch_id)s
    and waiting_row.status = 'rejected'
    and waiting_row.broken_rules = '{movie_known}'
    and exists (
        select 1 from staging.known_movie
        where known_movie.movie_id = ops.as_bigint(waiting_row.record ->> 'movie_id')
    )
on conflict do nothing;
