"""The stack of docker-compose.yaml as a person uses it: up, a night, looked at, down."""

import json
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from movierec.config import ROOT
from movierec.dag_ids import NIGHT
from tests.compose.engine import Engine, EngineError

PROJECT = "movierec-test"
HEALTH_SECONDS = 600
NIGHT_SECONDS = 3600
ONE_SHOT = "init"
FETCH = """
import sys, urllib.request
url, *header = sys.argv[1:]
print(urllib.request.urlopen(urllib.request.Request(url, headers=dict([header]))).read().decode())
"""


@dataclass(frozen=True)
class Stack:
    """One project of Compose.

    Attributes:
        engine: on which it runs.
        env_file: with its settings, as `make env` makes it.
        profiles: of docker-compose.yaml.
    """

    engine: Engine
    env_file: Path
    profiles: Sequence[str] = ()

    def compose(self, *words: str) -> list[str]:
        """Return a command of Compose on this project."""
        profiles = [word for profile in self.profiles for word in ("--profile", profile)]
        options = ["--project-name", PROJECT, "--project-directory", str(ROOT), "--env-file", str(self.env_file)]
        return [*self.engine.compose(), *options, "--file", str(ROOT / "docker-compose.yaml"), *profiles, *words]

    def up(self) -> None:
        """Start everything, and wait until every service is healthy."""
        self.engine.run(*self.compose("up", "--detach", "--no-build", "--remove-orphans"))
        deadline = time.monotonic() + HEALTH_SECONDS
        while waiting := [name for name, state in self.states().items() if not _is_well(name, state)]:
            if time.monotonic() > deadline:
                raise EngineError(f"not healthy after {HEALTH_SECONDS} s: {', '.join(waiting)}")
            time.sleep(3)

    def down(self) -> None:
        """Take everything away, volumes too."""
        every = Stack(self.engine, self.env_file, ("celery", "mysql"))
        self.engine.run(*every.compose("down", "--volumes", "--remove-orphans"))

    def states(self) -> dict[str, str]:
        """Return the state of each service: its health where it has a check, else its status."""
        ids = self.engine.output(*self.compose("ps", "--quiet", *self._all_option())).split()
        found = json.loads(self.engine.output("docker", "inspect", *ids))
        return {
            each["Config"]["Labels"]["com.docker.compose.service"]: each["State"]["Health"]["Status"]
            if "Health" in each["State"]
            else f"{each['State']['Status']} {each['State']['ExitCode']}"
            for each in found
        }

    def execute(self, service: str, *command: str) -> str:
        """Run a command in a service's container, and return what it prints."""
        return self.engine.output(*self.compose("exec", "-T", service, *command))

    def query(self, role: str, password: str, database: str, statement: str) -> list[str]:
        """Ask the database as one of its roles, over the network, and return the lines of the answer."""
        conninfo = f"host=postgres user={role} password={password} dbname={database}"
        return self.execute("postgres", "psql", "-X", "-A", "-t", "-c", statement, conninfo).splitlines()

    def fetch(self, url: str, header: Sequence[str] = ("Accept", "*/*")) -> str:
        """Ask a port that is published on loopback."""
        command = [*self.engine.inside, sys.executable, "-c", FETCH, url, *header]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    def run_night(self, settings: Mapping[str, str]) -> None:
        """Trigger a night, and wait until the runs that it consists of have ended."""
        self._await_dags(settings)
        (started,) = self._ask_airflow(settings, "select now()")
        form = json.dumps({"approval": "never"})
        self.execute("scheduler", "airflow", "dags", "trigger", NIGHT[0], "--conf", form)
        deadline = time.monotonic() + NIGHT_SECONDS
        said: list[str] = []
        while True:
            runs = self._runs(settings, started)
            if runs != said:
                print(time.strftime("%H:%M:%S"), "; ".join(runs), flush=True)
            said = runs
            states = dict(run.split("|") for run in runs)
            if "failed" in states.values():
                raise EngineError(f"the night failed: {runs}\n{self._failed_tasks(settings, started)}")
            if states.get(NIGHT[-1]) == "success":
                return
            if time.monotonic() > deadline:
                raise EngineError(f"the night has not ended after {NIGHT_SECONDS} s: {runs}")
            time.sleep(5)

    def _all_option(self) -> list[str]:
        return ["--all"] if self.engine.compose() == ["docker", "compose"] else []  # Debian's shows them anyway

    def _await_dags(self, settings: Mapping[str, str]) -> None:
        """Wait until the files of all DAGs have been read."""
        deadline = time.monotonic() + HEALTH_SECONDS
        statement = f"select count(*) from dag where dag_id in {NIGHT} and not is_stale"
        while self._ask_airflow(settings, statement) != [str(len(NIGHT))]:
            if time.monotonic() > deadline:
                raise EngineError(f"not all of {', '.join(NIGHT)} have been read after {HEALTH_SECONDS} s")
            time.sleep(3)

    def _runs(self, settings: Mapping[str, str], started: str) -> list[str]:
        statement = (
            f"select dag_id, state from dag_run where dag_id in {NIGHT} and queued_at >= '{started}' order by id"
        )
        return self._ask_airflow(settings, statement)

    def _failed_tasks(self, settings: Mapping[str, str], started: str) -> str:
        return "\n".join(
            self._ask_airflow(
                settings,
                "select dag_id, task_id, state, try_number from task_instance "
                f"where state in ('failed', 'up_for_retry') and start_date >= '{started}'",
            )
        )

    def _ask_airflow(self, settings: Mapping[str, str], statement: str) -> list[str]:
        return self.query("movierec_etl", settings["MOVIEREC_ETL_PASSWORD"], "airflow", statement)


def _is_well(name: str, state: str) -> bool:
    if name == ONE_SHOT and state.startswith("exited") and state != "exited 0":
        raise EngineError(f"the service {ONE_SHOT} failed: see its log")
    return state == ("exited 0" if name == ONE_SHOT else "healthy")
