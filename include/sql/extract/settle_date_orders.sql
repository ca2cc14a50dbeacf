-- Purpose: how dates that end in the year are written in the slices that a batch loaded: day or month first, as every
-- row of the column allows and some row proves. Of ratings, tags and events the first thousand rows tell whether there
-- are such dates at all.
-- Grain: slice. Key: slice_id. Inputs: raw, ops.slice, ops.batch_slice. Parameters: batch_id, source.
call ops.settle_date_orders(%(batch_id)s, %(source)s);
