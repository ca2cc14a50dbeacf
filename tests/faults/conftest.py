"""A server of its own for tests that kill it: it keeps what it has confirmed, as a real one does."""

import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import psycopg
import pytest

from movierec import warehouse as structure
from movierec.config import Settings
from movierec.db import connect, run_sql
from movierec.local.postgres import embedded_server
from movierec.local.postgres.postmaster import find_postmaster
from tests import movielens
from tests.faults.chains import publication, training
from tests.faults.stages import take
from tests.night import ingest

# With the default strategy, a crash would set sequences of the copy back to where the original's were.
COPIED = "strategy file_copy"
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
    parameters: dict[str, str] = field(default_factory=dict)

    def start(self) -> None:
        """Start the server, unless it runs, with these parameters of its own."""
        embedded_server.start(self.settings, self.parameters)

    def conninfo(self, database: str) -> str:
        """Return how to reach a database."""
        return embedded_server.conninfo(self.settings, database)

    def crash(self) -> None:
        """Stop at once, as if the power went, and start again."""
        postmaster = find_postmaster(embedded_server.data_directory(self.settings))
        assert postmaster is not None
        postmaster.send_signal(signal.SIGQUIT)  # itself: a program that does it would start after what it has to meet
        postmaster.wait(60)
        self.start()

    def renew(self, template: str = "warehouse_empty") -> str:
        """Make the warehouse empty again, or as another database is, and return how to reach it."""
        with psycopg.connect(self.conninfo("postgres"), autocommit=True) as conn:
            conn.execute("drop database if exists warehouse with (force)")
            conn.execute(f"create database warehouse template {template} owner movierec_etl {COPIED}")
        return self.conninfo("warehouse")

    def keep(self, name: str) -> None:
        """Keep the warehouse under another name, for `renew`."""
        with psycopg.connect(self.conninfo("postgres"), autocommit=True) as conn:
            conn.execute(f"create database {name} template warehouse owner movierec_etl {COPIED}")


@contextmanager
def running(home: Path, **options: str) -> Iterator[DurableServer]:
    """Run a server with fsync on, an empty application, and an empty warehouse to copy."""
    settings = replace(Settings(), home=home)
    server = DurableServer(settings, {"shared_buffers": "64MB", "track_commit_timestamp": "on", **options})
    server.start()
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
        embedded_server.stop(settings)


@pytest.fixture(scope="package")
def durable_server(quick_folder: Path) -> Iterator[DurableServer]:
    """Start a server that keeps what it has confirmed."""
    with running(quick_folder / "durable") as server:
        yield server


@pytest.fixture
def durable(durable_server: DurableServer) -> DurableServer:
    """Return the server with an empty warehouse."""
    durable_server.renew()
    return durable_server


@dataclass(frozen=True)
class ServedNight:
    """A night that is served: database and artifacts, to be copied by whoever disturbs them."""

    server: DurableServer
    artifacts: Path

    def copy(self, home: Path) -> tuple[str, Settings]:
        """Make the warehouse as it is after the night, with artifacts of its own; return how to reach it, and settings.

        Args:
            home: a folder that may exist already; artifacts in it are replaced.
        """
        artifacts = home / "artifacts"
        shutil.rmtree(artifacts, ignore_errors=True)
        shutil.copytree(self.artifacts, artifacts)
        return self.server.renew("served"), replace(Settings(), home=home, artifacts=str(artifacts))


def serve_a_night(server: DurableServer, home: Path) -> ServedNight:
    """Take a generated night as far as live lists."""
    settings = replace(Settings(), home=home, artifacts=str(home / "artifacts"))
    warehouse = server.renew()
    with connect(warehouse) as conn:
        ingest(conn, server.conninfo("app"), movielens.generate(home / "data"))
    take(warehouse, training(warehouse, settings, "night"))
    take(warehouse, publication(warehouse, settings, "night"))
    server.keep("served")
    return ServedNight(server, home / "artifacts")


@pytest.fixture(scope="package")
def served_night(durable_server: DurableServer, tmp_path_factory: pytest.TempPathFactory) -> ServedNight:
    """Return a night that is served."""
    return serve_a_night(durable_server, tmp_path_factory.mktemp("served"))


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
