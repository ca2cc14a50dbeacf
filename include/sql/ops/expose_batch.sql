-- Purpose: let the views of the gates be about a batch in this session; an empty value ends that.
-- Grain: one row. Key: none. Inputs: none. Parameters: batch_id.
select set_config('movierec.batch', %(batch_id)s::text, false);
