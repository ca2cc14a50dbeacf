"""How a container starts, and how it is asked whether it works."""

import json
import os
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from movierec.config import ROOT
from movierec.errors import ConfigError
from movierec.local.container_entrypoint import container_environment
from movierec.local.container_health import problem
from movierec.local.environment import DEFAULTS
from tests.http_servers import serving

HEALTH = {
    "metadatabase": {"status": "healthy"},
    "scheduler": {"status": "healthy"},
    "triggerer": {"status": "unhealthy"},
}
NOBODY = "http://127.0.0.1:9/"


@pytest.fixture
def health_url():
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(HEALTH).encode())

        def log_message(self, *_):
            pass

    with serving(HTTPServer(("127.0.0.1", 0), Handler)) as server:
        yield f"http://127.0.0.1:{server.server_port}/"


def test_a_service_runs_with_the_defaults_of_every_installation_under_those_of_its_container(tmp_path):
    given = {"MOVIEREC_HOME": str(tmp_path), "AIRFLOW__CORE__PARALLELISM": "9", "MOVIEREC_TOP_N": ""}
    environment = container_environment(given)
    assert environment["AIRFLOW__CORE__PARALLELISM"] == "9"
    assert "MOVIEREC_TOP_N" not in environment
    name = "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT"
    assert environment[name] == DEFAULTS[name]
    assert environment["MOVIEREC_DATASET"] == str(tmp_path / "cache" / "ml-100k")


def test_opentelemetry_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="OpenTelemetry is on"):
        container_environment({"AIRFLOW_HOME": str(tmp_path), "AIRFLOW__METRICS__OTEL_ON": "True"})


@pytest.mark.parametrize(
    ("command", "printed"),
    [
        ([sys.executable, "-c", "import os; print(os.environ['OMP_WAIT_POLICY'])"], "passive"),
        (["no-such-program"], "movierec: 'no-such-program' is not a program of this image"),
        ([], "movierec: no command; allowed is one such as airflow scheduler"),
    ],
)
def test_the_command_takes_the_place_of_the_start(command, printed, tmp_path):
    start = [sys.executable, "-m", "movierec.local.container_entrypoint", *command]
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "include"), "MOVIEREC_HOME": str(tmp_path)}
    done = subprocess.run(start, env=env, capture_output=True, text=True, check=False)
    assert (done.stdout + done.stderr).strip() == printed
    assert (done.returncode == 0) == (printed == "passive")


def test_a_component_is_well_while_airflow_says_so(health_url):
    assert problem("scheduler", {}, health_url) == ""
    assert problem("metadatabase", {}, health_url) == ""
    assert problem("triggerer", {}, health_url) == "triggerer is unhealthy"
    assert problem("dag_processor", {}, health_url) == "dag_processor is not running"


def test_the_web_application_is_well_while_it_answers(health_url):
    assert problem("web", {}, NOBODY, health_url) == ""
    assert problem("web", {}, health_url, NOBODY).startswith("no answer: ")


def test_nobody_answers():
    assert problem("scheduler", {}, NOBODY).startswith("no answer: ")


def test_a_worker_without_a_broker_is_not_well():
    env = {"AIRFLOW__CELERY__BROKER_URL": "memory://"}
    assert "does not answer" in problem("worker", env)


def test_an_unknown_part_is_named():
    assert problem("scheduller", {}).startswith("'scheduller' is not a part of the containers; allowed is ")
