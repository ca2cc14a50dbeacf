"""Airflow's REST API, as much of it as a night needs."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from movierec.config import Settings
from movierec.errors import MovierecError
from movierec.local import credentials
from movierec.local.environment import airflow_url
from movierec.local.opener import WITHOUT_PROXY

JsonObject = dict[str, Any]
RETRY_SECONDS = 30.0
OF_ANY_TASK_LEFT = ("Dagrun Running", "Task Instance State")  # what Airflow says of every task of a run that has ended
REFUSED = (401, 403)
SERVER_ERROR = 500  # and above: the server may be overloaded or restarting


class Run(NamedTuple):
    """Which run of which DAG."""

    dag_id: str
    run_id: str


class RefusedError(MovierecError):
    """The server does not take the token, or the login."""


class UnreachableError(MovierecError):
    """The server does not answer, or not yet."""


class AirflowClient:
    """A client that logs in as the installation's administrator at its first request."""

    def __init__(
        self,
        settings: Settings,
        retry_seconds: float = RETRY_SECONDS,
        has_given_up: Callable[[], object] = lambda: False,
    ) -> None:
        """Store the server's address and how long to retry.

        Args:
            settings: the installation.
            retry_seconds: how long a request is repeated while the server does not answer.
            has_given_up: called before each retry; true ends them, as no server will answer any more.
        """
        self.settings = settings
        self.retry_seconds = retry_seconds
        self.has_given_up = has_given_up
        self._token = ""

    def health(self) -> JsonObject:
        """Return the state that each component reports of itself; without login, and asked only once."""
        return _send(f"{airflow_url(self.settings)}/api/v2/monitor/health")

    def dag(self, dag_id: str) -> JsonObject | None:
        """Return one DAG, or None while Airflow does not know it."""
        dags = self.get("/dags", {"dag_id_pattern": dag_id, "limit": 100})["dags"]
        return next((dag for dag in dags if dag["dag_id"] == dag_id), None)

    def import_errors(self) -> list[JsonObject]:
        """Return the errors met while parsing DAG files."""
        return list(self.get("/importErrors", {"limit": 100})["import_errors"])

    def trigger(self, dag_id: str, conf: Mapping[str, object]) -> str:
        """Trigger a run and return its id."""
        body = {"logical_date": None, "conf": dict(conf)}
        return str(self._call("POST", f"/dags/{dag_id}/dagRuns", body)["dag_run_id"])

    def run(self, dag_id: str, run_id: str) -> JsonObject:
        """Return one DAG run."""
        return self.get(_run_path(dag_id, run_id))

    def runs(self, dag_id: str, states: Sequence[str]) -> list[JsonObject]:
        """Return a DAG's latest runs in the given states."""
        query = {"state": states, "order_by": "-run_after", "limit": 100}
        return list(self.get(f"/dags/{dag_id}/dagRuns", query)["dag_runs"])

    def mark_failed(self, dag_id: str, run_id: str) -> None:
        """Mark a run and its unfinished tasks as failed."""
        self._call("PATCH", _run_path(dag_id, run_id), {"state": "failed"})

    def set_note(self, dag_id: str, run_id: str, note: str) -> None:
        """Put a note beside a run, for whoever looks at it in the user interface; Airflow takes 1,000 letters."""
        self._call("PATCH", _run_path(dag_id, run_id), {"note": note})

    def task_instances(self, dag_id: str, run_id: str) -> list[JsonObject]:
        """Return all task instances of a run."""
        path = f"{_run_path(dag_id, run_id)}/taskInstances"
        instances: list[JsonObject] = []
        while page := self.get(path, {"limit": 100, "offset": len(instances)})["task_instances"]:
            instances += page
        return instances

    def obstacles(self, task: JsonObject) -> list[str]:
        """Return why the scheduler cannot start a task instance; nothing of one that is running or has ended."""
        mapped = f"/{task['map_index']}" if task["map_index"] >= 0 else ""
        path = f"{_run_path(task['dag_id'], task['dag_run_id'])}/taskInstances/{task['task_id']}{mapped}/dependencies"
        found = self.get(path)["dependencies"]
        return [each["reason"] for each in found if each["name"] not in OF_ANY_TASK_LEFT]

    def running_tasks(self) -> list[JsonObject]:
        """Return the task instances that are running now, of whatever DAG."""
        return list(self.get("/dags/~/dagRuns/~/taskInstances", {"state": "running", "limit": 100})["task_instances"])

    def has_queued_events(self, dag_id: str) -> bool:
        """Tell whether an asset was updated for which the DAG has not been started yet."""
        return bool(self.get(f"/dags/{dag_id}/assets/queuedEvents")["queued_events"])

    def latest_event(self, dag_id: str) -> JsonObject | None:
        """Return the latest asset event that the DAG's runs made, or None if they made none."""
        query = {"source_dag_id": dag_id, "order_by": "-timestamp", "limit": 1}
        return next(iter(self.get("/assets/events", query)["asset_events"]), None)

    def triggering_events(self, dag_id: str, run_id: str) -> list[JsonObject]:
        """Return the asset events that triggered a run; none where it was triggered otherwise."""
        return list(self.get(f"{_run_path(dag_id, run_id)}/upstreamAssetEvents")["asset_events"])

    def triggered_runs(self, dag_id: str, run_id: str) -> list[JsonObject]:
        """Return the runs that were triggered by the assets this run updated, as far as Airflow has noted which."""
        return [run for event in self._events(dag_id, run_id) for run in event["created_dagruns"]]

    def runs_since_event(self, dag_id: str, source: Run) -> list[JsonObject]:
        """Return the runs of a DAG that assets triggered once a run had updated its own, the earliest first.

        Airflow notes no event for a run where the machine's clock was set back in between.
        """
        events = [event["timestamp"] for event in self._events(*source)]
        query = {"run_type": "asset_triggered", "run_after_gte": min(events, default=""), "order_by": "run_after"}
        return list(self.get(f"/dags/{dag_id}/dagRuns", query)["dag_runs"]) if events else []

    def _events(self, dag_id: str, run_id: str) -> list[JsonObject]:
        query = {"source_dag_id": dag_id, "source_run_id": run_id}
        return list(self.get("/assets/events", query)["asset_events"])

    def get(self, path: str, query: Mapping[str, object] | None = None) -> JsonObject:
        """Return the answer to a GET under /api/v2."""
        return self._call("GET", f"{path}?{urlencode(query or {}, doseq=True)}")

    def _call(self, method: str, path: str, body: JsonObject | None = None) -> JsonObject:
        deadline = time.monotonic() + self.retry_seconds
        is_new_token = not self._token
        while True:
            try:
                token = self.token()
                return _send(f"{airflow_url(self.settings)}/api/v2{path}", method, body, token)
            except RefusedError:  # it has expired, or is not valid yet, as where the clock was set
                if is_new_token:
                    raise
                self._token, is_new_token = "", True
            except UnreachableError:
                if time.monotonic() > deadline or method == "POST" or self.has_given_up():
                    raise
                time.sleep(1)

    def token(self) -> str:
        """Return the access token of the administrator, logged in at the first call."""
        if not self._token:
            self._token = self._login()
        return self._token

    def _login(self) -> str:
        password = credentials.load_secrets(self.settings)["password"]
        body = {"username": credentials.ADMIN, "password": password}
        return str(_send(f"{airflow_url(self.settings)}/auth/token", "POST", body)["access_token"])


def _run_path(dag_id: str, run_id: str) -> str:
    return f"/dags/{dag_id}/dagRuns/{quote(run_id, safe='')}"


def _send(url: str, method: str = "GET", body: JsonObject | None = None, token: str = "") -> JsonObject:
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, headers, method=method)  # noqa: S310 (our own server)
    try:
        with WITHOUT_PROXY.open(request, timeout=30) as answer:
            content: JsonObject = json.load(answer)
            return content
    except urllib.error.HTTPError as error:
        with error:
            detail = error.read().decode("utf-8", "replace")[:300]
        kind = UnreachableError if error.code >= SERVER_ERROR else MovierecError
        kind = RefusedError if error.code in REFUSED else kind
        raise kind(f"Airflow answered {error.code} to {method} {url}: {detail}") from error
    except (OSError, ValueError) as error:
        raise UnreachableError(f"Airflow at {url} does not answer: {error}") from error
