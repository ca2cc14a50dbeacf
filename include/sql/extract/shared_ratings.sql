-- Purpose: what two parts of a source's ratings share, where one of them is new in the batch: pairs of viewer and
-- movie, and those of them with another rating, looked at for some viewers of the smaller part. Re-ratings in a later
-- part are not a contradiction: there all times of one part lie after those of the other. Of a large part a fraction is
-- looked at.
-- Grain and key: smaller_piece, larger_piece. Inputs: ops.batch_slice, ops.slice, raw.ratings.
-- Parameters: batch_id, source.
select
    smaller_piece,
    larger_piece,
    looked_at,
    shared_pairs,
    conflicts,
    users,
    shared_users,
    is_chronological,
    fraction
from ops.shared_ratings(%(batch_id)s, %(source)s)
where shared_pairs > 0 or shared_users > 0;
