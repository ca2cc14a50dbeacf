-- Purpose: typed ratings that satisfy every rule.
-- Grain: one row of raw.ratings. Key: batch_id, position.
-- Inputs: staging.ratings_judged (generated from ops.row_rule). Parameters: batch_id.
delete from staging.ratings
where batch_id = %(batch_id)s;

insert into staging.ratings (batch_id, position, user_id, movie_id, rating, rated_at)
select
    judged.batch_id,
    judged.position,
    judged.user_id,
    judged.movie_id,
    judged.rating,
    judged.rated_at
from staging.ratings_judged as judged
where judged.batch_id = %(batch_id)s and cardinality(judged.broken_rules) = 0;

analyze staging.ratings;
