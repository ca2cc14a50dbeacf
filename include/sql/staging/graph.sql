-- Purpose: triples around the movies.
-- Grain: one row of raw.graph. Key: batch_id, position.
-- Inputs: staging.graph_judged (generated from ops.row_rule). Parameters: batch_id.
delete from staging.graph
where batch_id = %(batch_id)s;

insert into staging.graph (batch_id, position, head_id, relation_id, tail_id)
select
    judged.batch_id,
    judged.position,
    judged.head_id,
    judged.relation_id,
    judged.tail_id
from staging.graph_judged as judged
where judged.batch_id = %(batch_id)s and cardinality(judged.broken_rules) = 0;

analyze staging.graph;
