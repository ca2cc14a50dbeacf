-- Purpose: who holds the pointer, for those who waited for it in vain; of several, all but the first one wait, too.
-- Grain: at most one row. Key: pid. Inputs: serving.live (its locks). Parameters: none.
select
    pg_locks.pid,
    pg_stat_activity.xact_start
from pg_locks
inner join pg_stat_activity on pg_locks.pid = pg_stat_activity.pid
where
    pg_locks.relation = 'serving.live'::regclass
    and pg_locks.mode in ('RowShareLock', 'RowExclusiveLock') -- readers take others
    and pg_locks.granted
    and pg_locks.pid <> pg_backend_pid()
order by pg_stat_activity.xact_start
limit 1;
