"""One night on this machine, watched from start to end: what `make run` does."""

from movierec.config import Settings
from movierec.errors import MovierecError
from movierec.local import credentials, postgres, state
from movierec.local.airflow import chain, group
from movierec.local.airflow.api import Airflow, UnreachableError
from movierec.local.airflow.failure import describe
from movierec.local.airflow.progress import Progress
from movierec.local.environment import address, task_logs


def run(settings: Settings) -> None:
    """Bring everything up, run one night, show it, and return only if a new version is live.

    Raises:
        MovierecError: another night is being run, a task failed, or no new version came of it.
    """
    from movierec.local import summary  # noqa: PLC0415 (pandas and all, after the first words are on the screen)

    state.prepare(settings.home)
    with state.lock(settings.home / "run.lock", busy="another `make run` is under way in this state folder"):
        dataset = group.up(settings)
        warehouse = postgres.conninfo(settings, "warehouse")
        before = summary.live_version(warehouse)
        # Nobody may be there to answer: what the rules are unsure about stays as it is.
        choices = {"accept_volume_change": settings.accept_volume_change, "approval": "never"}
        _follow(settings, {"dataset": str(dataset), **choices})
        after = summary.live_version(warehouse)
        if after is None or after == before:
            raise MovierecError(f"the night ended without a new version: live is {after or 'none'}")
        summary.print_summary(warehouse)
        print(where_to_look(settings))


def where_to_look(settings: Settings) -> str:
    """Return where a person finds the UI and how to log in."""
    file = credentials.password_file(settings)
    return f"Airflow: {address(settings)}  user: {credentials.USER}  password: in {file}"


def _follow(settings: Settings, conf: dict[str, object]) -> None:
    airflow = Airflow(settings, is_hopeless=lambda: group.trouble(settings.home))
    for interrupted in chain.fail_interrupted(airflow, group.DAGS, group.started_at(settings.home)):
        print(f"marked as failed, because it was interrupted: {interrupted}", flush=True)
    run_id = airflow.trigger(group.DAGS[0], conf)
    print(f"triggered {group.DAGS[0]} {run_id}", flush=True)
    progress = Progress()
    try:
        failed = chain.follow(airflow, group.DAGS, run_id, progress.watch)
    except UnreachableError as error:
        raise MovierecError(f"Airflow went away during the night: {group.trouble(settings.home) or error}") from error
    finally:
        progress.close()
    if failed:
        raise MovierecError(describe(airflow.tasks(*failed), task_logs(settings)))
