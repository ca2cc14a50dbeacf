"""What a person marks as failed in Airflow: a notice of it, and a run that ends red.

Where a task or a run is marked, nothing of ours runs: the process of the task is ended, and its callbacks are not
called. Airflow's API server, which does what was asked for, tells its listeners.
"""

import threading
from typing import TYPE_CHECKING, Any

from airflow.listeners import hookimpl
from airflow.plugins_manager import AirflowPlugin

from movierec_nights import is_ours

if TYPE_CHECKING:
    from airflow.models.dagrun import DagRun
    from airflow.models.taskinstance import TaskInstance

BY_HAND = "manually set to `failed`"  # in what the API server hands to a listener, and nobody else does
MESSAGE = "marked as failed: by somebody in Airflow, or by a make run that found it left behind."
TOLD = "movierec_told"  # in a session of the API server, which lives as long as a request: the runs that were told of


class MarkedAsFailed:
    """Tells of what a person has marked as failed, once for each run and request."""

    @hookimpl
    def on_task_instance_failed(self, task_instance: "TaskInstance", error: object) -> None:
        """Tell of a task."""
        if BY_HAND in str(error):
            run = task_instance.dag_run
            _tell(run, {"ti": task_instance, "dag_run": run})

    @hookimpl
    def on_dag_run_failed(self, dag_run: "DagRun", msg: str) -> None:
        """Tell of a run, and let it end red."""
        if BY_HAND in msg:
            fail_what_was_not_reached(dag_run)
            _tell(dag_run, {"dag": dag_run, "dag_run": dag_run, "run_id": dag_run.run_id})


def fail_what_was_not_reached(dag_run: "DagRun") -> None:
    """Let the last tasks of a run count as failed that were skipped because it was marked, or before.

    Airflow lets the teardown of such a run finish, and then looks at the tasks before it: where all of them are skipped
    the run would be green.
    """
    from airflow.utils.state import DagRunState, TaskInstanceState
    from sqlalchemy.orm import object_session

    dag, session = dag_run.dag, object_session(dag_run)
    if not dag or not session or not is_ours(dag_run) or dag_run.state == DagRunState.FAILED:
        return
    last = {task.task_id for task in dag.tasks if not task.is_teardown and _only_teardowns_follow(dag, task)}
    for instance in dag_run.get_task_instances(session=session):
        if instance.task_id in last and instance.state == TaskInstanceState.SKIPPED:
            instance.set_state(TaskInstanceState.UPSTREAM_FAILED, session=session)


def _only_teardowns_follow(dag: Any, task: Any) -> bool:
    return all(dag.get_task(task_id).is_teardown for task_id in task.downstream_task_ids)


def _tell(dag_run: "DagRun", context: dict[str, Any]) -> None:
    from sqlalchemy.orm import object_session

    from movierec_notices import announce, notice_of

    session = object_session(dag_run)
    told_runs = session.info.setdefault(TOLD, set()) if session else set()
    if not is_ours(dag_run) or dag_run.run_id in told_runs:
        return
    told_runs.add(dag_run.run_id)
    notice = notice_of("failure", context, message=MESSAGE)
    # The request has locked the run; whoever takes the notice may let it wait.
    threading.Thread(target=announce, args=(notice,)).start()


class Marked(AirflowPlugin):
    """What Airflow finds in this file."""

    name = "movierec_marked"
    listeners = [MarkedAsFailed()]  # noqa: RUF012
