-- Purpose: date batches back that a clock which was ahead has dated in the future: to the batch before them. As the
-- newest ones they would keep every night from being learned from and published until their moment has come.
-- Grain: batch. Key: batch_id. Inputs: ops.batch, ops.night. Parameters: right_now.
with ahead_batch as (
    select
        batch.batch_id,
        batch.as_of as dated,
        coalesce(
            (
                select max(earlier.as_of)
                from ops.batch as earlier
                where earlier.batch_id < batch.batch_id and earlier.as_of <= %(right_now)s
            ),
            %(right_now)s
        ) as as_of
    from ops.batch
    where batch.as_of > %(right_now)s
),

renewed_night as (
    update ops.night
    set as_of = ahead_batch.as_of
    from ahead_batch
    where night.batch_id = ahead_batch.batch_id
)

update ops.batch
set as_of = ahead_batch.as_of
from ahead_batch
where batch.batch_id = ahead_batch.batch_id
returning batch.batch_id, ahead_batch.dated, batch.as_of;
