"""What Airflow itself would keep of a forgotten person: the form's values, in the run and in the audit log.

A listener removes them when a run of `movierec_forget` ends. It runs in the scheduler, which then writes the run as the
listener leaves it.
"""

import sys
from typing import TYPE_CHECKING

from airflow.listeners import hookimpl
from airflow.plugins_manager import AirflowPlugin

from movierec.dag_ids import FORGET

if TYPE_CHECKING:
    from airflow.models.dagrun import DagRun


@hookimpl
def on_dag_run_success(dag_run: "DagRun", msg: str) -> None:
    """Forget the form of a run that has succeeded."""
    forget_form(dag_run)


@hookimpl
def on_dag_run_failed(dag_run: "DagRun", msg: str) -> None:
    """Forget the form of a run that has failed."""
    forget_form(dag_run)


def forget_form(dag_run: "DagRun") -> None:
    """Remove the values of a run's form from the run and from the audit log."""
    if dag_run.dag_id != FORGET:
        return
    from airflow.models.log import Log
    from airflow.utils.session import create_session
    from sqlalchemy import update

    # The id may stand in a misspelt field as well.
    dag_run.conf = {key: value for key, value in (dag_run.conf or {}).items() if key in ("action", "who")}
    with create_session(scoped=False) as session:  # the scheduler's own may not be committed here
        session.execute(update(Log).where(Log.dag_id == FORGET).values(extra=None))


class Forgetting(AirflowPlugin):
    """What Airflow finds in this file."""

    name = "movierec_forget"
    listeners = [sys.modules[__name__]]  # noqa: RUF012
