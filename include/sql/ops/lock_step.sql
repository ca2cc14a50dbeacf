-- Purpose: one run at a time of a step: the extraction of a source, in whatever batch, or staging. The lock is released
-- at the end of the transaction.
-- Grain: one row. Key: none. Inputs: none. Parameters: lock_id (of all steps), step (name of a source, or stage).
select pg_advisory_xact_lock(%(lock_id)s, hashtext(%(step)s));
