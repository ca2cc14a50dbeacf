"""Wait until Airflow really works: every component has sent a heartbeat since the start, every DAG has been parsed."""

import json
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from http import HTTPStatus
from http.client import HTTPException

from movierec.config import Settings
from movierec.errors import MovierecError
from movierec.local.airflow.api import AirflowClient, JsonObject, UnreachableError
from movierec.local.environment import airflow_url
from movierec.local.opener import WITHOUT_PROXY

ANSWER_SECONDS = 2.0
SILENT_SECONDS = 60.0  # Airflow itself calls a scheduler healthy for much longer
LONG_ANSWER_SECONDS = 5.0  # of a busy server that is asked seldom
MAX_WAIT_SECONDS = 600.0  # a busy machine takes minutes; where the group gives up, that is said at once
HEARTBEAT_KEYS = {
    "scheduler": "latest_scheduler_heartbeat",
    "triggerer": "latest_triggerer_heartbeat",
    "dag_processor": "latest_dag_processor_heartbeat",
}


def await_healthy(
    settings: Settings, dags: Sequence[str], started_at: float, failure_reason: Callable[[], str]
) -> None:
    """Return once all components are healthy and all `dags` have been parsed since the start.

    Args:
        settings: the installation.
        dags: ids of the DAGs to wait for.
        started_at: when the group was started, in seconds since the epoch.
        failure_reason: returns why the group gave up, or an empty string while it runs.

    Raises:
        MovierecError: the group gave up, a DAG file has an error, or it takes too long.
    """
    airflow = AirflowClient(settings)
    deadline = time.monotonic() + MAX_WAIT_SECONDS
    while waiting := unhealthy_components(airflow, started_at) or _unparsed_dags(airflow, dags, started_at):
        if reason := failure_reason():
            raise MovierecError(f"Airflow did not come up: {reason}")
        if time.monotonic() > deadline:
            raise MovierecError(
                f"Airflow is not ready after {MAX_WAIT_SECONDS:.0f} s: still waiting for {', '.join(waiting)}; "
                f"logs: {settings.state_folder.logs}"
            )
        time.sleep(0.5)


def api_answers(settings: Settings) -> bool:
    """Tell whether the API that tasks report to answers now; asked often, so it does not wait for long."""
    try:
        with WITHOUT_PROXY.open(f"{airflow_url(settings)}/execution/health", timeout=ANSWER_SECONDS) as answer:
            return bool(answer.status == HTTPStatus.OK)
    except (OSError, HTTPException):
        return False


def heartbeats(settings: Settings) -> dict[str, object] | None:
    """Return the last heartbeat of each component that sends some, by the supervisor's names; None if nobody answers.

    Nothing is known of any while Airflow's database does not answer.
    """
    url = f"{airflow_url(settings)}/api/v2/monitor/health"
    try:
        with WITHOUT_PROXY.open(url, timeout=LONG_ANSWER_SECONDS) as answer:
            health = json.load(answer)
    except (OSError, HTTPException, ValueError):
        return None
    if health["metadatabase"]["status"] != "healthy":
        return {}
    return {name.replace("_", "-"): (health.get(name) or {}).get(key) for name, key in HEARTBEAT_KEYS.items()}


def unhealthy_components(airflow: AirflowClient, started_at: float) -> list[str]:
    """Return the components that are unhealthy, or have sent no heartbeat lately or since `started_at` (epoch seconds).

    That Airflow calls one healthy is not enough: see `SILENT_SECONDS`.
    """
    try:
        health = airflow.health()
    except UnreachableError:
        return ["api-server"]
    return [name for name, key in HEARTBEAT_KEYS.items() if not _is_healthy(health.get(name) or {}, key, started_at)]


def _is_healthy(component: JsonObject, key: str, started_at: float) -> bool:
    last = epoch_seconds(component.get(key))
    return component.get("status") == "healthy" and last >= max(started_at, time.time() - SILENT_SECONDS)


def _unparsed_dags(airflow: AirflowClient, dags: Sequence[str], started_at: float) -> list[str]:
    broken = [error for error in airflow.import_errors() if epoch_seconds(error["timestamp"]) >= started_at]
    if broken:
        errors = "\n".join(f"{error['filename']}: {_last_line(error['stack_trace'])}" for error in broken)
        raise MovierecError(f"Airflow cannot read every DAG file:\n{errors}")
    return [dag_id for dag_id in dags if _parsed_at(airflow.dag(dag_id)) < started_at]


def _parsed_at(dag: JsonObject | None) -> float:
    return 0 if dag is None or dag["is_stale"] else epoch_seconds(dag["last_parsed_time"])


def _last_line(text: str) -> str:
    return text.strip().splitlines()[-1] if text.strip() else "unknown error"


def epoch_seconds(timestamp: str | None) -> float:
    """Return one of Airflow's timestamps (ISO 8601) in seconds since the epoch, and 0 for none."""
    return datetime.fromisoformat(timestamp).timestamp() if timestamp else 0
