-- Purpose: rows that only named a movie nobody knew come again by themselves once the movie is known.
-- Grain: rejected row. Inputs: quarantine.row, staging.known_movie. Parameters: batch_id.
insert into quarantine.decision (slice_id, position, record, decided_by)
select
    waiting.slice_id,
    waiting.position,
    waiting.record,
    'movierec: the movie is known by now' as decided_by
from quarantine.row as waiting
inner join ops.batch_slice on waiting.slice_id = batch_slice.slice_id
where
    batch_slice.batch_id = %(batch_id)s
    and waiting.status = 'rejected'
    and waiting.broken_rules = '{movie_known}'
    and exists (
        select 1 from staging.known_movie
        where known_movie.movie_id = ops.as_bigint(waiting.record ->> 'movie_id')
    )
on conflict do nothing;
