-- Purpose: typed links between movies and graph entities.
-- Grain: one row of raw.movie_link. Key: batch_id, position.
-- Inputs: staging.movie_link_judged (generated from ops.row_rule). Parameters: batch_id.
delete from staging.movie_link
where batch_id = %(batch_id)s;

insert into staging.movie_link (batch_id, position, movie_id, entity_id)
select
    judged.batch_id,
    judged.position,
    judged.movie_id,
    judged.entity_id
from staging.movie_link_judged as judged
where judged.batch_id = %(batch_id)s and cardinality(judged.broken_rules) = 0;

analyze staging.movie_link;
