-- Purpose: one extraction of a source at a time, in whatever night; released at the end of the transaction.
-- Parameters: source.
select pg_advisory_xact_lock(7305002, hashtext(%(source)s));
