"""A server of its own for tests that kill it: it keeps what it has confirmed, as a real one does."""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg
import pytest

from movierec import warehouse as structure
from movierec.config import Settings
from movierec.db import connect, run_sql
from movierec.local import postgres
from movierec.local.postgres.postmaster import find_postmaster

STEP = """
import sys
sys.path[:0] = {paths!r}
from tests.faults.steps import take
take(*sys.argv[1:])
"""


@dataclass(frozen=True)
class DurableServer:
    """A PostgreSQL server whose crash loses nothing that was committed."""

    settings: Settings

    def conninfo(self, database: str) -> str:
        """Return how to reach a database."""
        return postgres.conninfo(self.settings, database)

    def crash(self) -> None:
        """Stop at once, as if the power went, and start again."""
        postmaster = find_postmaster(postgres.data_directory(self.settings))
        assert postmaster is not None
        postmaster.send_signal(signal.SIGQUIT)  # itself: a program that does it would start after what it has to meet
        postmaster.wait(60)
        postgres.start(self.settings)

    def renew(self) -> None:
        """Make the warehouse empty again."""
        with psycopg.connect(self.conninfo("postgres"), autocommit=True) as conn:
            conn.execute("drop database if exists warehouse with (force)")
            conn.execute("create database warehouse template warehouse_empty owner movierec_etl")


@pytest.fixture(scope="package")
def durable_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DurableServer]:
    """Start a server with fsync on, an empty application, and an empty warehouse to copy."""
    settings = replace(Settings(), home=tmp_path_factory.mktemp("durable"))
    postgres.start(settings, {"shared_buffers": "64MB"})
    server = DurableServer(settings)
    try:
        with psycopg.connect(server.conninfo("postgres"), autocommit=True) as conn:
            run_sql(conn, "ddl/roles")
            for database in ("warehouse_empty", "app"):
                conn.execute(f"create database {database} owner movierec_etl")
        structure.migrate(server.conninfo("warehouse_empty"))
        with connect(server.conninfo("app")) as conn:
            run_sql(conn, "app/tables")
        yield server
    finally:
        postgres.stop(settings)


@pytest.fixture
def durable(durable_server: DurableServer) -> DurableServer:
    """Return the server with an empty warehouse."""
    durable_server.renew()
    return durable_server


@pytest.fixture
def process() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start a step of the night in a process of its own; what still runs at the end is ended."""
    started: list[subprocess.Popen[str]] = []
    root = Path(__file__).parents[2]
    code = STEP.format(paths=[str(root / "include"), str(root)])

    def start(*arguments: object) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", code, *map(str, arguments)]
        started.append(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True))
        return started[-1]

    yield start
    for one in started:
        if one.poll() is None:
            one.kill()
        one.communicate()
