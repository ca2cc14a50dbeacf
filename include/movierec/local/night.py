"""Run one night on this machine and follow it to its end: what `make run` does."""

from movierec.config import Settings
from movierec.errors import MovierecError
from movierec.local import credentials, postgres, state
from movierec.local.airflow import chain, group
from movierec.local.airflow.api import AirflowClient, UnreachableError
from movierec.local.airflow.failure import describe_failure
from movierec.local.airflow.progress import Progress
from movierec.local.environment import airflow_url, task_log_folder


def run(settings: Settings) -> None:
    """Start everything, run one night and print its summary; it returns only if a new version is live.

    Raises:
        MovierecError: another night is under way, a task failed, or no new version went live.
    """
    from movierec.local import summary  # noqa: PLC0415 (pandas takes a second)

    state.prepare(settings.home)
    with state.lock(settings.home / "run.lock", busy="another `make run` is under way in this state folder"):
        dataset = group.up(settings)
        warehouse = postgres.conninfo(settings, "warehouse")
        previous = summary.live_version(warehouse)
        # Nobody may be there to answer: where the rules are unsure, the champion stays.
        form = {"accept_volume_change": settings.accept_volume_change, "approval": "never"}
        _run_and_follow(settings, {"dataset": str(dataset), **form})
        live = summary.live_version(warehouse)
        if live is None or live == previous:
            raise MovierecError(f"the night ended without a new version: live is {live or 'none'}")
        summary.print_summary(warehouse)
        print(login_line(settings))


def login_line(settings: Settings) -> str:
    """Return the address of Airflow's UI, the user, and the file with the password, on one line."""
    password_file = credentials.password_file(settings)
    return f"Airflow: {airflow_url(settings)}  user: {credentials.ADMIN}  password: in {password_file}"


def _run_and_follow(settings: Settings, conf: dict[str, object]) -> None:
    airflow = AirflowClient(settings, has_given_up=lambda: group.failure_reason(settings.home))
    for interrupted in chain.fail_interrupted(airflow, group.DAGS, group.started_at(settings.home)):
        print(f"marked as failed, because it was interrupted: {interrupted}", flush=True)
    run_id = airflow.trigger(group.DAGS[0], conf)
    print(f"triggered {group.DAGS[0]} {run_id}", flush=True)
    progress = Progress()
    try:
        failed = chain.follow(airflow, group.DAGS, run_id, progress.watch)
    except UnreachableError as error:
        raise MovierecError(
            f"Airflow went away during the night: {group.failure_reason(settings.home) or error}"
        ) from error
    finally:
        progress.close()
    if failed:
        raise MovierecError(describe_failure(airflow.task_instances(*failed), task_log_folder(settings)))
