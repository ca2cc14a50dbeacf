"""`python -m movierec.local.container_health PART`: whether a service of docker-compose.yaml works, as its exit status.

Scheduler, DAG processor and triggerer are asked about at Airflow's API, which knows when each last sent a heartbeat.
This costs a twentieth of a CPU second; Airflow's own `jobs check` costs five. On the standard library alone.
"""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Mapping

from movierec.local.opener import WITHOUT_PROXY

AIRFLOW = "http://api-server:8080/api/v2/monitor/health"
WEB = "http://localhost:8090/health"
OF_AIRFLOW = ("metadatabase", "scheduler", "triggerer", "dag_processor")
PARTS = (*OF_AIRFLOW, "web", "worker")
PATIENCE_SECONDS = 8.0


def problem(part: str, env: Mapping[str, str], airflow: str = AIRFLOW, web: str = WEB) -> str:
    """Return what is wrong with a part, and nothing where it works.

    Args:
        part: one of `PARTS`.
        env: with the broker's address, for a worker.
        airflow: where Airflow's API tells the health of its components.
        web: where the web application tells its own.
    """
    if part not in PARTS:
        return f"'{part}' is not a part of the containers; allowed is {', '.join(PARTS)}"
    if part == "worker":
        return _problem_of_worker(env["AIRFLOW__CELERY__BROKER_URL"])
    try:
        content = _answer(web if part == "web" else airflow)
    except (OSError, ValueError) as error:
        return f"no answer: {error}"
    if part == "web":
        return ""  # it also answers while no version is live yet
    status = (content.get(part) or {}).get("status")
    return "" if status == "healthy" else f"{part} is {status or 'not running'}"


def _answer(url: str) -> dict[str, dict[str, str]]:
    with WITHOUT_PROXY.open(url, timeout=PATIENCE_SECONDS) as answer:
        content: dict[str, dict[str, str]] = json.load(answer)
        return content


def _problem_of_worker(broker: str) -> str:
    name = f"celery@{socket.gethostname()}"
    # not with Airflow's application, whose import takes five CPU seconds
    ping = (sys.executable, "-m", "celery", "inspect", "ping", "--destination", name, "--timeout", "5")
    # the address holds a password, so it goes by the environment
    completed = subprocess.run(
        ping, capture_output=True, text=True, env={**os.environ, "CELERY_BROKER_URL": broker}, check=False
    )
    output = (completed.stderr or completed.stdout).strip()
    return "" if completed.returncode == 0 else f"{name} does not answer: {output[-300:]}"


if __name__ == "__main__":
    sys.exit(problem(sys.argv[1] if len(sys.argv) > 1 else "", os.environ) or 0)
