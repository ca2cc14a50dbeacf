"""The ids of the DAGs, by which runs are named in tables, notices and Airflow's API.

A DAG's id is the name of its file in `dags/`, which cannot be imported from here. Without imports, so that DAG files
can have it.
"""

INGEST = "movierec_ingest"
TRAIN = "movierec_train"
PUBLISH = "movierec_publish"
FEEDBACK = "movierec_feedback"
REPLAY = "movierec_replay"
ROLLBACK = "movierec_rollback"
WATCH = "movierec_watch"
FORGET = "movierec_forget"
MAINTENANCE = "movierec_maintenance"

NIGHT = (INGEST, TRAIN, PUBLISH)  # the DAGs that make up a night, in the order in which each starts the next
ALL = (*NIGHT, FEEDBACK, REPLAY, ROLLBACK, WATCH, FORGET, MAINTENANCE)
