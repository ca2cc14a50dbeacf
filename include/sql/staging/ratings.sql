-- Purpose: typed ratings that satisfy every rule.
-- Grain: one row of raw.ratings. Key: slice_id, position.
-- Inputs: staging.ratings_judged (generated from ops.row_rule). Parameters: slice_id.
delete from staging.ratings
where slice_id = %(slice_id)s;

insert into staging.ratings (slice_id, position, user_id, movie_id, rating, rated_at, is_deleted)
select
    judged.slice_id,
    judged.position,
    judged.user_id,
    judged.movie_id,
    judged.rating,
    judged.rated_at,
    judged.is_deleted
from staging.ratings_judged as judged
where judged.slice_id = %(slice_id)s and judged.is_good;
