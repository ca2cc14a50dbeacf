"""Airflow's REST API, as much of it as a night needs."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from movierec.config import Settings
from movierec.errors import MovierecError
from movierec.local import credentials
from movierec.local.environment import address

Document = dict[str, Any]
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
PATIENCE_SECONDS = 30.0
OVERLOADED = 500


class UnreachableError(MovierecError):
    """The server does not answer, or not yet."""


class Airflow:
    """A client that logs in as the installation's own user when first needed."""

    def __init__(
        self,
        settings: Settings,
        patience_seconds: float = PATIENCE_SECONDS,
        is_hopeless: Callable[[], object] = lambda: False,
    ) -> None:
        """Remember whom to talk to, and for how long a silent server may be restarting unless it is hopeless."""
        self.settings = settings
        self.patience_seconds = patience_seconds
        self.is_hopeless = is_hopeless
        self._token = ""

    def health(self) -> Document:
        """Return the components' states as they report them themselves; no login, no patience."""
        return _send(f"{address(self.settings)}/api/v2/monitor/health")

    def dag(self, dag_id: str) -> Document | None:
        """Return one DAG, or None if it is not known yet."""
        found = self.get("/dags", {"dag_id_pattern": dag_id, "limit": 100})["dags"]
        return next((dag for dag in found if dag["dag_id"] == dag_id), None)

    def import_errors(self) -> list[Document]:
        """Return what went wrong while DAG files were read."""
        return list(self.get("/importErrors", {"limit": 100})["import_errors"])

    def trigger(self, dag_id: str, conf: Mapping[str, object]) -> str:
        """Start a run now and return its id."""
        body = {"logical_date": None, "conf": dict(conf)}
        return str(self._call("POST", f"/dags/{dag_id}/dagRuns", body)["dag_run_id"])

    def run(self, dag_id: str, run_id: str) -> Document:
        """Return one run."""
        return self.get(f"/dags/{dag_id}/dagRuns/{quote(run_id, safe='')}")

    def runs(self, dag_id: str, states: Sequence[str]) -> list[Document]:
        """Return a DAG's latest runs in the given states."""
        query = {"state": states, "order_by": "-run_after", "limit": 100}
        return list(self.get(f"/dags/{dag_id}/dagRuns", query)["dag_runs"])

    def fail(self, dag_id: str, run_id: str) -> None:
        """Mark a run and its unfinished tasks as failed."""
        self._call("PATCH", f"/dags/{dag_id}/dagRuns/{quote(run_id, safe='')}", {"state": "failed"})

    def tasks(self, dag_id: str, run_id: str) -> list[Document]:
        """Return all task instances of a run."""
        path = f"/dags/{dag_id}/dagRuns/{quote(run_id, safe='')}/taskInstances"
        found: list[Document] = []
        while page := self.get(path, {"limit": 100, "offset": len(found)})["task_instances"]:
            found += page
        return found

    def followers(self, dag_id: str, run_id: str) -> list[Document]:
        """Return the runs that were started by the assets which this run wrote."""
        events = self.get("/assets/events", {"source_dag_id": dag_id, "source_run_id": run_id})["asset_events"]
        return [run for event in events for run in event["created_dagruns"]]

    def get(self, path: str, query: Mapping[str, object] | None = None) -> Document:
        """Return the answer to a GET under /api/v2."""
        return self._call("GET", f"{path}?{urlencode(query or {}, doseq=True)}")

    def _call(self, method: str, path: str, body: Document | None = None) -> Document:
        deadline = time.monotonic() + self.patience_seconds
        while True:
            try:
                self._token = self._token or self._login()
                return _send(f"{address(self.settings)}/api/v2{path}", method, body, self._token)
            except UnreachableError:
                if time.monotonic() > deadline or method == "POST" or self.is_hopeless():
                    raise
                time.sleep(1)

    def _login(self) -> str:
        password = credentials.secrets_of(self.settings)["password"]
        body = {"username": credentials.USER, "password": password}
        return str(_send(f"{address(self.settings)}/auth/token", "POST", body)["access_token"])


def _send(url: str, method: str = "GET", body: Document | None = None, token: str = "") -> Document:
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, headers, method=method)  # noqa: S310 (our own address)
    try:
        with DIRECT.open(request, timeout=30) as answer:
            content: Document = json.load(answer)
            return content
    except urllib.error.HTTPError as error:
        said = error.read().decode("utf-8", "replace")[:300]
        kind = UnreachableError if error.code >= OVERLOADED else MovierecError
        raise kind(f"Airflow answered {error.code} to {method} {url}: {said}") from error
    except (OSError, ValueError) as error:
        raise UnreachableError(f"Airflow at {url} does not answer: {error}") from error
