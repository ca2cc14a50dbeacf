"""Waiting until Airflow really works: every component has reported since the start, every DAG was read."""

import time
from collections.abc import Callable, Sequence
from datetime import datetime

from movierec.config import Settings
from movierec.errors import MovierecError
from movierec.local.airflow.api import Airflow, Document, UnreachableError

WAIT_SECONDS = 240.0
HEARTBEATS = {
    "scheduler": "latest_scheduler_heartbeat",
    "triggerer": "latest_triggerer_heartbeat",
    "dag_processor": "latest_dag_processor_heartbeat",
}


def await_healthy(settings: Settings, dags: Sequence[str], started: float, trouble: Callable[[], str]) -> None:
    """Return once all components are healthy and `dags` were read after `started` (seconds since the epoch).

    Raises:
        MovierecError: the group gave up, a DAG file has an error, or it takes too long.
    """
    airflow = Airflow(settings)
    deadline = time.monotonic() + WAIT_SECONDS
    while waiting := silent(airflow, started) or _unread(airflow, dags, started):
        if why := trouble():
            raise MovierecError(f"Airflow did not come up: {why}")
        if time.monotonic() > deadline:
            raise MovierecError(
                f"Airflow is not ready after {WAIT_SECONDS:.0f} s: still waiting for {', '.join(waiting)}; "
                f"logs: {settings.home / 'logs'}"
            )
        time.sleep(0.5)


def silent(airflow: Airflow, started: float) -> list[str]:
    """Return the components that are not healthy, or have not reported since `started`."""
    try:
        health = airflow.health()
    except UnreachableError:
        return ["api-server"]
    return [name for name, key in HEARTBEATS.items() if not _reports(health.get(name) or {}, key, started)]


def _reports(component: Document, key: str, started: float) -> bool:
    return component.get("status") == "healthy" and epoch(component.get(key)) >= started


def _unread(airflow: Airflow, dags: Sequence[str], started: float) -> list[str]:
    broken = [error for error in airflow.import_errors() if epoch(error["timestamp"]) >= started]
    if broken:
        what = "\n".join(f"{error['filename']}: {_last_line(error['stack_trace'])}" for error in broken)
        raise MovierecError(f"Airflow cannot read every DAG file:\n{what}")
    return [dag_id for dag_id in dags if _read_at(airflow.dag(dag_id)) < started]


def _read_at(dag: Document | None) -> float:
    return 0 if dag is None or dag["is_stale"] else epoch(dag["last_parsed_time"])


def _last_line(text: str) -> str:
    return text.strip().splitlines()[-1] if text.strip() else "unknown error"


def epoch(moment: str | None) -> float:
    """Return one of Airflow's moments in seconds since the epoch; none is the beginning of time."""
    return datetime.fromisoformat(moment).timestamp() if moment else 0
