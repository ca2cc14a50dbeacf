"""
### Maintenance: once a week, what is old goes, and a backup is made

Runs on Sundays at 04:30 UTC, and by hand.

1. **back_up** dumps the warehouse in one snapshot, copies the artifact store, and writes a manifest with the digest of
   every file, into `MOVIEREC_BACKUPS`; the newest `MOVIEREC_KEEP_BACKUPS` stay. `make restore` brings one back.
2. **prune** removes what no setting keeps: versions, batches, artifacts and Data Docs beyond `MOVIEREC_KEEP_NIGHTS`,
   metrics of viewers and batches after `MOVIEREC_KEEP_METRICS` days, logs of tasks after `MOVIEREC_KEEP_LOGS` days.
3. **clean_airflow** runs `airflow db clean`: runs, XCom, events and audit log older than `MOVIEREC_KEEP_LOGS` days go,
   the last run of every DAG stays. Skipped where Airflow's database is not of this installation.
4. **vacuum** runs `vacuum (analyze)` on the tables with dead or changed rows.
5. **measure_sizes** logs the largest tables, databases and folders, and keeps all sizes in `ops.size`.
6. **maintained** does nothing; the run is red where one of the others failed, although those after it went on.

#### When it stops
Nothing that is served depends on it. Each task can be cleared and repeated.

* *back_up*: the disk is full, or a night pruned an artifact while it was copied. Clear it. Nothing is left of a backup
  that failed; one that was killed has a name that begins with a dot and is removed by the next one.
* *clean_airflow* shows the end of what Airflow's own command printed.
"""

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import CronTriggerTimetable, TriggerRule, dag, task
from airflow.sdk.exceptions import AirflowSkipException

from movierec_connections import application_conninfo, open_connection, plain_errors, settings
from movierec_dag import DAG_DEFAULTS

SCHEDULE = CronTriggerTimetable("30 4 * * 0", timezone="UTC")  # between the nights


@dag(
    **DAG_DEFAULTS,
    description="Backup, retention, vacuum and sizes, once a week",
    doc_md=__doc__,
    schedule=SCHEDULE,
    tags=["movierec", "weekly"],
)
def movierec_maintenance():
    @task
    def back_up() -> str:
        from movierec.maintenance.backup import make_backup

        with open_connection() as conn:
            return str(make_backup(conn, settings(), application_conninfo()))

    @task(trigger_rule=TriggerRule.ALL_DONE)  # a full disk is a reason to go on
    def prune() -> dict[str, int]:
        from movierec.maintenance.retention import prune

        with open_connection() as conn:
            return prune(conn, settings())

    @task
    def clean_airflow() -> None:
        from movierec.maintenance.airflow_database import clean_airflow

        with plain_errors():
            if not clean_airflow(settings()):
                raise AirflowSkipException("Airflow's database is not of this installation")

    @task
    def vacuum() -> list[str]:
        from movierec.maintenance.vacuum import vacuum

        with open_connection() as conn:
            return vacuum(conn)

    @task(trigger_rule=TriggerRule.ALL_DONE)
    def measure_sizes() -> int:
        from movierec.maintenance.sizes import measure_sizes

        with open_connection() as conn:
            return sum(measure_sizes(conn, settings()).values())

    backed_up, pruned, cleaned, vacuumed, measured = back_up(), prune(), clean_airflow(), vacuum(), measure_sizes()
    backed_up >> pruned >> [cleaned, vacuumed] >> measured
    # A run is as its last tasks are, and each of these goes on after a failure.
    maintained = EmptyOperator(task_id="maintained", trigger_rule=TriggerRule.NONE_FAILED)
    [backed_up, pruned, cleaned, vacuumed, measured] >> maintained


movierec_maintenance()
