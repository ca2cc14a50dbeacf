"""Follow one night on this machine to its end, and start it where none is under way: what `make run` does."""

from pathlib import Path

from movierec import locks
from movierec.config import Settings
from movierec.dag_ids import INGEST, NIGHT
from movierec.errors import MovierecError
from movierec.local import credentials, halt
from movierec.local.airflow import chain, group, under_way
from movierec.local.airflow.api import AirflowClient, Run, UnreachableError
from movierec.local.airflow.failure import describe_failure
from movierec.local.airflow.progress import Progress
from movierec.local.environment import airflow_url, task_log_folder
from movierec.local.postgres import embedded_server
from movierec.local.web import web_line

MAX_NIGHT_SECONDS = 4 * 3600.0  # a run may take three hours
MAX_AWAY_SECONDS = 600.0  # the API server has died and is started again, which takes a busy machine minutes


def run(settings: Settings, last_halt: str = "") -> None:
    """Start everything, follow one night to its end and print its summary; it returns only if its version went live.

    A night that is under way or due is joined where it stands; otherwise one is triggered.

    Args:
        settings: the installation.
        last_halt: what `halt.begin` returned when this began; empty: it begins now.

    Raises:
        MovierecError: a task failed, no new version went live, or `make down` was called since this began.
    """
    from movierec.local import summary  # noqa: PLC0415 (pandas takes a second)

    last_halt = last_halt or halt.begin(settings.home)
    dataset = group.up(settings, last_halt=last_halt)
    published = _follow_one_night(settings, dataset, last_halt)
    warehouse = embedded_server.conninfo(settings, "warehouse")
    if not summary.went_live(warehouse, published.run_id):
        live = summary.live_version(warehouse)
        raise MovierecError(f"the night ended without a new version: live is {live or 'none'}")
    summary.print_summary(warehouse)
    print(login_line(settings))
    print(web_line(settings))


def login_line(settings: Settings) -> str:
    """Return the address of Airflow's UI, the user, and the file with the password, on one line."""
    password_file = credentials.password_file(settings)
    return f"Airflow: {airflow_url(settings)}  user: {credentials.ADMIN}  password: in {password_file}"


def _follow_one_night(settings: Settings, dataset: Path, last_halt: str) -> Run:
    progress = Progress()

    def has_given_up() -> str:
        progress.wait("waits for Airflow's API server, which does not answer")
        return group.failure_reason(settings.home)

    airflow = AirflowClient(settings, MAX_AWAY_SECONDS, has_given_up)
    try:
        run = _join_or_trigger(settings, airflow, dataset, progress)
        ended = chain.follow(airflow, NIGHT, run, progress)
        _note_warnings(settings, airflow)
    except UnreachableError as error:
        halt.require_going(settings.home, last_halt)
        raise MovierecError(
            f"Airflow went away during the night: {group.failure_reason(settings.home) or error}"
        ) from error
    finally:
        progress.close()
    if not ended.is_success:
        tasks = airflow.task_instances(*ended.run)
        raise MovierecError(describe_failure(tasks, task_log_folder(settings), airflow.obstacles))
    return ended.run


def _note_warnings(settings: Settings, airflow: AirflowClient) -> None:
    """Put what is to be known of the newest batch beside the run that loaded it, where its readers look."""
    from movierec.local import summary  # noqa: PLC0415 (pandas takes a second)

    if found := summary.note_of_newest_batch(embedded_server.conninfo(settings, "warehouse")):
        airflow.set_note(INGEST, *found)


def _join_or_trigger(settings: Settings, airflow: AirflowClient, dataset: Path, progress: Progress) -> Run:
    """Return a run of the night that is under way or due; where there is none, trigger one."""
    lock = settings.state_folder.lock("run")  # two would each trigger a night
    with locks.lock(lock, timeout_seconds=MAX_NIGHT_SECONDS):
        given_up: list[Run] = []
        for interrupted in chain.fail_interrupted(airflow, NIGHT, group.started_at(settings.home)):
            print(f"marked as failed, because it was interrupted: {' '.join(interrupted)}", flush=True)
            given_up.append(interrupted)
        if run := under_way.await_night(airflow, NIGHT, progress, given_up):
            progress.close()
            unused = "; its form decides, not MOVIEREC_ACCEPT_VOLUME_CHANGE" if settings.accept_volume_change else ""
            print(f"joined the night that is under way: {run.dag_id} {run.run_id}{unused}", flush=True)
            return run
        # Nobody may be there to answer: where the rules are unsure, the champion stays.
        form = {"accept_volume_change": settings.accept_volume_change, "approval": "never"}
        run = Run(INGEST, airflow.trigger(INGEST, {"dataset": str(dataset), **form}))
        print(f"triggered {run.dag_id} {run.run_id}", flush=True)
        return run
