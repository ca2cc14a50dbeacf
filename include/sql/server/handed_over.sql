-- Purpose: which of these databases are there, and whether each belongs to movierec_etl and is closed to others, its
-- advisory locks included: that they are granted to the owner shows in the dependencies of roles, for every database.
-- Grain: database. Key: name. Inputs: the catalogue of the server. Parameters: names.
select
    datname as name,
    datdba = to_regrole('movierec_etl')::oid
    and not has_database_privilege('public', oid, 'connect')
    and exists (
        select 1
        from pg_shdepend
        where
            pg_shdepend.dbid = pg_database.oid
            and pg_shdepend.classid = 'pg_proc'::regclass
            and pg_shdepend.objid = 'pg_advisory_lock(bigint)'::regprocedure
            and pg_shdepend.refclassid = 'pg_authid'::regclass
            and pg_shdepend.refobjid = to_regrole('movierec_etl')::oid
    ) as is_ready
from pg_database
where datname = any(%(names)s);
