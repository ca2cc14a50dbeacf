"""What each run leaves behind of its night: a row in ops.night, a notice where it is unusual, the note of the run.

Every task of a night that succeeds notes when it ran and the memory it took. The last task of a run, `record_night`,
writes the night's row and returns what is to be known: warnings of the gates, and what is out of bounds. A task cannot
write the note of its own run, which Airflow keeps beside the run for its readers; a listener in the scheduler, where
the run ends, takes it over from that task's XCom.
"""

import resource
import sys
from typing import TYPE_CHECKING, Any

from airflow.listeners import hookimpl
from airflow.plugins_manager import AirflowPlugin
from airflow.sdk import get_current_context, task

from movierec import dag_ids
from movierec_connections import open_connection

if TYPE_CHECKING:
    from airflow.models.dagrun import DagRun

MAX_NOTICE = 5  # unusual measures that a notice names


def is_ours(dag_run: "DagRun") -> bool:
    """Tell whether a run is of one of our DAGs: a listener hears of those of all, whatever they are called."""
    return dag_run.dag_id in dag_ids.ALL


def record_stage(context: Any) -> None:
    """Note when a task ran that has succeeded, and the memory it took."""
    from movierec.monitoring.nights import record_stage
    from movierec_notices import map_index_of

    ti = context["ti"]
    stage = {
        **{"dag_id": ti.dag_id, "run_id": ti.run_id, "task_id": ti.task_id},
        "map_index": map_index_of(ti),
        **{"started_at": ti.start_date, "ended_at": ti.end_date, "peak_memory_mb": _peak_memory_mb()},
    }
    with open_connection() as conn:
        record_stage(conn, stage)


@task
def record_night() -> list[str]:
    """Record the night as this run leaves it, make a notice of what is unusual, and return all that is to be known."""
    from movierec.monitoring.nights import record_night
    from movierec_notices import announce, notice_of

    context = get_current_context()
    ti = context["ti"]
    with open_connection() as conn:
        report = record_night(conn, ti.dag_id, ti.run_id)
    if report.unusual:
        more = len(report.unusual) - MAX_NOTICE
        parts = [*report.unusual[:MAX_NOTICE], *([f"and {more} more in ops.night_bound"] if more > 0 else [])]
        announce(notice_of("drift", context, message="; ".join(parts)))
    return report.sentences


def record_ended_night(context: Any) -> None:
    """Record the night of a run that took longer than its DAG allows, or could not go on: its last task never runs."""
    from movierec.monitoring import nights

    if context.get("reason") in ("timed_out", "all_tasks_deadlocked"):
        with open_connection() as conn:
            nights.record_night(conn, context["dag"].dag_id, context["run_id"])


def _peak_memory_mb() -> float:
    """Return the memory of this process, or of the largest that it waited for."""
    unit = 2**20 if sys.platform == "darwin" else 2**10  # ru_maxrss is in bytes there, in kilobytes on Linux
    return max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / unit


class RunNote:
    """Writes the note of a run that has ended; one that a person has written stays."""

    @hookimpl
    def on_dag_run_success(self, dag_run: "DagRun") -> None:
        """Take over what the last task said."""
        self._note(dag_run)

    @hookimpl
    def on_dag_run_failed(self, dag_run: "DagRun") -> None:
        """Take over what the last task said: it runs after a failure, too."""
        self._note(dag_run)

    def _note(self, dag_run: "DagRun") -> None:
        from airflow.models.dagrun import DagRun
        from airflow.utils.session import create_session
        from sqlalchemy.orm import object_session

        if not is_ours(dag_run):
            return
        if session := object_session(dag_run):  # the scheduler's, which has locked the run and commits it
            write_note(session, dag_run)
            return
        with create_session(scoped=False) as session:
            write_note(session, session.get(DagRun, dag_run.id))


def write_note(session: Any, dag_run: Any) -> None:
    """Make what the last task of a run has returned the run's note, unless a person has written one."""
    from airflow.models.xcom import XCOM_RETURN_KEY, XComModel

    from movierec.monitoring.run_note import HEADING, note_text

    returned = XComModel.get_many(
        dag_ids=dag_run.dag_id, run_id=dag_run.run_id, task_ids="record_night", key=XCOM_RETURN_KEY
    )
    xcom = session.scalars(returned.limit(1)).first()
    sentences = XComModel.deserialize_value(xcom) if xcom else None
    if sentences and (not dag_run.note or dag_run.note.startswith(HEADING)):
        dag_run.note = note_text(sentences)


class Nights(AirflowPlugin):
    """What Airflow finds in this file."""

    name = "movierec_nights"
    listeners = [RunNote()]  # noqa: RUF012
