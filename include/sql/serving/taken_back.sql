-- Purpose: who has taken back a version by the ranker of another one, since the pointer last moved forward, and why.
-- Grain: at most one row, the last such move. Key: move_id. Inputs: ops.pointer_move, serving.version. Parameters:
-- version_id.
select
    pointer_move.move_id,
    pointer_move.from_version_id,
    pointer_move.from_ranker,
    pointer_move.moved_by,
    pointer_move.moved_at,
    pointer_move.reason
from serving.version
inner join ops.pointer_move on version.ranker = pointer_move.from_ranker
where
    version.version_id = %(version_id)s
    and pointer_move.direction = 'back'
    and pointer_move.move_id > coalesce(
        (
            select max(forward_move.move_id)
            from ops.pointer_move as forward_move
            where forward_move.direction <> 'back'
        ),
        0
    )
order by pointer_move.move_id desc
limit 1;
