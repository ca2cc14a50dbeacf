-- Purpose: triples around the movies, renamed and cast; what cannot be cast is null.
-- Grain: one row of raw.graph. Key: slice_id, position. Inputs: raw.graph. Parameters: none.
create view staging.graph_typed as
select
    graph.slice_id,
    graph.position,
    ops.as_word(graph.head_id) as head_id,
    ops.as_word(graph.relation_id) as relation_id,
    ops.as_word(graph.tail_id) as tail_id,
    graph.is_deleted,
    graph.extra,
    to_jsonb(graph) - 'slice_id' - 'position' as record
from raw.graph;
