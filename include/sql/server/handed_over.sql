-- Purpose: which of these databases are there, and whether each belongs to movierec_etl and is closed to others.
-- Grain: database. Key: name. Inputs: the catalogue of the server. Parameters: names.
select
    datname as name,
    datdba = to_regrole('movierec_etl')::oid and not has_database_privilege('public', oid, 'connect') as is_ready
from pg_database
where datname = any(%(names)s);
