"""What a person marks in Airflow: notices and red runs where it is marked as failed, and what is left undone.

Where a task or a run is marked, nothing of ours runs: the process of the task is ended, and its callbacks are not
called. Airflow's API server, which does what was asked for, tells its listeners; so does the scheduler at the end of a
run.
"""

import inspect
import threading
from typing import TYPE_CHECKING, Any

from airflow.listeners import hookimpl
from airflow.plugins_manager import AirflowPlugin
from airflow.sdk.exceptions import AirflowFailException

from movierec_nights import is_ours

if TYPE_CHECKING:
    from airflow.models.dagrun import DagRun
    from airflow.models.taskinstance import TaskInstance

BY_HAND = "manually set to `failed`"  # in what the API server hands to a listener, and nobody else does
AGAIN_GOOD = "manually set to `success`"  # the same where a person marks a run as successful
MESSAGE = "marked as failed: by somebody in Airflow, or by a make run that found it left behind."
MARKED = "run_marked_as_failed"  # XCom of a run's last task, all of which have succeeded
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
            let_it_end_red(dag_run)
            _tell(dag_run, {"dag": dag_run, "dag_run": dag_run, "run_id": dag_run.run_id})

    @hookimpl
    def on_dag_run_success(self, dag_run: "DagRun", msg: str) -> None:
        """Let a run be red that was marked as failed when all but its teardown had succeeded."""
        if is_ours(dag_run):
            keep_red(dag_run, is_good_again=AGAIN_GOOD in msg)


def require_results(context: Any) -> None:
    """End a task at once that was handed no id where it needs one: whoever should have left it has done nothing.

    Raises:
        AirflowFailException: so it is; names the tasks before this one.
    """
    task = context["task"]
    if not hasattr(task, "python_callable"):
        return
    wanted = inspect.signature(task.python_callable)
    handed = wanted.bind_partial(*task.op_args, **task.op_kwargs).arguments
    missing = [name for name, value in handed.items() if value is None and wanted.parameters[name].annotation is int]
    if missing:
        raise AirflowFailException(
            f"{missing[0]} is missing, which {' or '.join(sorted(task.upstream_task_ids))} should have left: a task "
            "that failed, or was marked as successful by hand, has done nothing. Clear it"
        )


def let_it_end_red(dag_run: "DagRun") -> None:
    """See to it that a run that was marked as failed is red once its teardown has ended, for which Airflow waits.

    Airflow then looks at the tasks before the teardown: where all of them were skipped, or had succeeded, the run would
    be green. Those that were skipped count as failed. Where they have succeeded, which stays true, the mark is kept.
    """
    from airflow.models.xcom import XComModel
    from airflow.utils.state import DagRunState, TaskInstanceState
    from sqlalchemy.orm import object_session

    dag, session = dag_run.dag, object_session(dag_run)
    if not dag or not session or not is_ours(dag_run) or dag_run.state == DagRunState.FAILED:
        return
    last = {task.task_id for task in dag.tasks if not task.is_teardown and _only_teardowns_follow(dag, task)}
    for instance in dag_run.get_task_instances(session=session):
        if instance.task_id not in last:
            continue
        if instance.state == TaskInstanceState.SKIPPED:
            instance.set_state(TaskInstanceState.UPSTREAM_FAILED, session=session)
        elif instance.state == TaskInstanceState.SUCCESS:
            XComModel.set(MARKED, True, **_key(instance), session=session)


def keep_red(dag_run: "DagRun", is_good_again: bool) -> None:
    """Let a run that was marked as failed be failed, although all of its tasks have succeeded.

    Args:
        dag_run: the run, in the session that is about to make it green.
        is_good_again: a person has marked it as successful since: the mark goes.
    """
    from airflow.models.xcom import XComModel
    from airflow.utils.state import DagRunState
    from sqlalchemy import delete, select
    from sqlalchemy.orm import object_session

    session = object_session(dag_run)
    if not session:
        return
    of_run = {"dag_id": dag_run.dag_id, "run_id": dag_run.run_id, "key": MARKED}
    if is_good_again:
        session.execute(delete(XComModel).filter_by(**of_run))
    elif session.scalars(select(XComModel.key).filter_by(**of_run)).first():
        dag_run.set_state(DagRunState.FAILED)


def _key(instance: "TaskInstance") -> dict[str, Any]:
    return {name: getattr(instance, name) for name in ("dag_id", "task_id", "run_id", "map_index")}


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
