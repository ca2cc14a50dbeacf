-- Purpose: triples around the movies that satisfy every rule.
-- Grain: one row of raw.graph. Key: slice_id, position.
-- Inputs: staging.graph_judged (generated from ops.row_rule). Parameters: slice_id.
delete from staging.graph
where slice_id = %(slice_id)s;

insert into staging.graph (slice_id, position, head_id, relation_id, tail_id, is_deleted)
select
    judged.slice_id,
    judged.position,
    judged.head_id,
    judged.relation_id,
    judged.tail_id,
    judged.is_deleted
from staging.graph_judged as judged
where judged.slice_id = %(slice_id)s and judged.is_good;
