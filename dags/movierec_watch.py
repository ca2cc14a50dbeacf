"""
### Watch: are the lists of the night live in time?

Starts with every night and ends as soon as its lists are live. It changes nothing.

1. **await_lists** looks every five minutes whether the live version is of this night, or of a later one.

#### The deadline
If the lists are not live at the time that `MOVIEREC_LISTS_BY` says (06:00 UTC unless set, `none` for never), there is a
notice: whatever the reason, a night that failed, one that is slow, or one that never started.

#### Notices
A failed task, a question that waits for a person, a missed deadline and a night that is unusual are told at once: one
line in the log where it happened and a row of `ops.notice`. The setting `MOVIEREC_NOTIFY` names an Airflow connection
through which they are sent as well. `select noted_at, kind, message, sending_error from ops.notice order by notice_id
desc` shows them.

#### When it stops
No lists went live for 22 hours. The notices of the other DAGs say what stopped the night; the next night is watched
again. It can be repeated.
"""

from datetime import timedelta

from airflow.sdk import DeadlineAlert, DeadlineReference, SyncCallback, dag, get_current_context, task

from movierec.deadline import time_for_a_night
from movierec_connections import open_connection
from movierec_dag import DAG_DEFAULTS, NIGHTLY, lists_by
from movierec_notices import announce_missed_deadline


def deadline() -> DeadlineAlert | None:
    by = lists_by()
    if by is None:
        return None
    return DeadlineAlert(
        reference=DeadlineReference.DAGRUN_LOGICAL_DATE,
        interval=time_for_a_night(by),
        callback=SyncCallback(announce_missed_deadline),
        name=f"lists live by {by:%H:%M} UTC",
    )


@dag(
    **DAG_DEFAULTS | {"dagrun_timeout": timedelta(hours=23)},
    description="Waits for the lists of the night, and tells where they are late",
    doc_md=__doc__,
    schedule=NIGHTLY,
    deadline=deadline(),
    tags=["movierec", "nightly"],
)
def movierec_watch():
    @task.sensor(poke_interval=300, timeout=timedelta(hours=22).total_seconds(), mode="reschedule")
    def await_lists() -> bool:
        from movierec.deadline import night_before
        from movierec.monitoring.notices import lateness

        run = get_current_context()["dag_run"]
        with open_connection() as conn:
            return lateness(conn, night_before(run.logical_date or run.run_after)) is None

    await_lists()


movierec_watch()
