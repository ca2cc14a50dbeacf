-- Purpose: name the dataset in the cache of the state folder as it is found now, wherever that folder was before: its
-- champion, tuned parameters and usual numbers go on after a move, or a restore elsewhere.
-- Grain: batch, night, and what was tuned. Key: none. Inputs: ops.batch, ops.night, ml.tuned. Parameters: dataset,
-- ending (its path within a state folder).
update ops.batch
set dataset = %(dataset)s
where right(dataset, length(%(ending)s)) = %(ending)s and dataset <> %(dataset)s;

update ops.night
set dataset = %(dataset)s
where right(dataset, length(%(ending)s)) = %(ending)s and dataset <> %(dataset)s;

update ml.tuned
set dataset = %(dataset)s
where right(dataset, length(%(ending)s)) = %(ending)s and dataset <> %(dataset)s;
