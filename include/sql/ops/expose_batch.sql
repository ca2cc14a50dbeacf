-- Purpose: let the views of the gates show a night in this session; an empty value shows none.
-- Parameters: batch_id.
select set_config('movierec.batch', %(batch_id)s::text, false);
