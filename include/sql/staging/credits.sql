-- Purpose: typed credits that satisfy every rule.
-- Grain: one row of raw.credits. Key: slice_id, position.
-- Inputs: staging.credits_judged (generated from ops.row_rule). Parameters: slice_id.
delete from staging.credits
where slice_id = %(slice_id)s;

insert into staging.credits (slice_id, position, movie_id, title, release_date, directors, actors, writers, is_deleted)
select
    judged.slice_id,
    judged.position,
    judged.movie_id,
    judged.title,
    judged.release_date,
    judged.directors,
    judged.actors,
    judged.writers,
    judged.is_deleted
from staging.credits_judged as judged
where judged.slice_id = %(slice_id)s and judged.is_good;
