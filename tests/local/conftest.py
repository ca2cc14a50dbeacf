import socket

import pytest

from movierec.config import Settings
from movierec.local import postgres
from movierec.local.airflow import group

QUICK = {"fsync": "off", "full_page_writes": "off", "shared_buffers": "16MB", "max_connections": "20"}


@pytest.fixture
def settings(tmp_path):
    settings = Settings(home=tmp_path / "state folder", port=free_port())
    yield settings
    group.down(settings)


@pytest.fixture
def server(settings):
    postgres.start(settings, QUICK)
    return settings


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
