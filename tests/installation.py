"""An installation of a test's own: a state folder, a free port, and a database server that is quick to start."""

import socket
from collections.abc import Iterator
from pathlib import Path

from movierec.config import Settings
from movierec.local.airflow import group

QUICK = {"fsync": "off", "full_page_writes": "off", "shared_buffers": "16MB", "max_connections": "20"}


def installed(home: Path) -> Iterator[Settings]:
    """Yield the settings of an installation, and stop what runs there afterwards."""
    settings = Settings(home=home, port=free_port(), web_port=free_port())
    yield settings
    group.down(settings)


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
