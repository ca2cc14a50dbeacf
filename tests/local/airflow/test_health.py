import json
import time
from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from movierec.config import Settings
from movierec.local.airflow import health
from movierec.local.airflow.api import AirflowClient
from tests.http_servers import serving


@pytest.fixture
def airflow():
    """A server that tells of each component that it is healthy, and how long ago its last heartbeat was."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            beats = {name: time.time() - seconds for name, seconds in server.ages.items()}
            told = {
                name: {"status": "healthy", health.HEARTBEAT_KEYS[name]: datetime.fromtimestamp(beat, UTC).isoformat()}
                for name, beat in beats.items()
            }
            self.wfile.write(json.dumps(told).encode())

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    with serving(server):
        server.client = AirflowClient(replace(Settings(), port=server.server_port))
        yield server


def test_a_component_that_was_silent_for_a_while_is_not_healthy_whatever_airflow_says(airflow):
    airflow.ages = {"scheduler": 70, "triggerer": 50, "dag_processor": 5}
    assert health.unhealthy_components(airflow.client, started_at=0) == ["scheduler"]
    assert health.unhealthy_components(airflow.client, time.time() - 30) == ["scheduler", "triggerer"]
    airflow.ages["scheduler"] = 1
    assert health.unhealthy_components(airflow.client, started_at=0) == []
