-- Purpose: who uses what the structure files make, or applies them just now.
-- Grain: connection. Key: pid. Inputs: pg_locks, pg_stat_activity. Parameters: lock_id.
select
    pg_locks.pid,
    concat_ws(', ', pg_stat_activity.usename, nullif(pg_stat_activity.application_name, '')) as who,
    string_agg(distinct coalesce(pg_locks.relation::regclass::text, 'the structure'), ', ') as relations
from pg_locks
inner join pg_stat_activity on pg_locks.pid = pg_stat_activity.pid
left join pg_class on pg_locks.relation = pg_class.oid
where
    pg_locks.granted
    and pg_locks.pid <> pg_backend_pid()
    and pg_locks.database = pg_stat_activity.datid
    and pg_stat_activity.datname = current_database()
    and (
        pg_class.relnamespace::regnamespace::text in (
            'raw', 'staging', 'quarantine', 'core', 'past', 'ops', 'ml', 'serving'
        )
        or (pg_locks.locktype = 'advisory' and pg_locks.objid = %(lock_id)s)
    )
group by pg_locks.pid, pg_stat_activity.usename, pg_stat_activity.application_name
order by pg_locks.pid;
