-- Purpose: when the list that a viewer sees was made anew because of feedback; null where it is the version's. Grain:
-- one row. Key: none. Inputs: serving.renewed(). Parameters: user_id.
select serving.renewed(%(user_id)s::bigint) as renewed_at
