-- Purpose: say who moves the pointer in this transaction, and why; ops.pointer_move keeps it with the move.
-- Grain: one row. Key: none. Inputs: none. Parameters: moved_by, reason.
select
    set_config('movierec.moved_by', %(moved_by)s, true) as moved_by,
    set_config('movierec.reason', %(reason)s, true) as reason;
