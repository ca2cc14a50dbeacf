"""A private MariaDB server for the tests: own folder, own port, gone at the end; nothing of the host is touched."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

import pymysql
import pytest

from movierec.sources.source import Endpoint

PASSWORD = "s3cret-of-the-shop"  # noqa: S105 -- of a server that lives as long as the tests
PATIENCE = 30  # seconds until the server must answer
_numbers = count(1)


@pytest.fixture(scope="session")
def mariadb() -> Iterator[Endpoint]:
    """Start a MariaDB server; without the Debian package mariadb-server the test is skipped."""
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"
    programs = [shutil.which(name, path=path) for name in ("mariadbd", "mariadb-install-db")]
    if None in programs:
        pytest.skip("mariadbd is not installed (Debian package mariadb-server)")
    with tempfile.TemporaryDirectory(prefix="mariadb-") as folder, running(Path(folder), *map(str, programs)) as port:
        yield Endpoint("mysql", "127.0.0.1", port, "shop", PASSWORD)


@pytest.fixture
def shop(mariadb: Endpoint) -> Iterator[Endpoint]:
    """Create an empty database of the test's own."""
    endpoint = Endpoint("mysql", mariadb.host, mariadb.port, mariadb.login, PASSWORD, f"shop_{next(_numbers)}")
    run(mariadb, f"create database {endpoint.database} character set utf8mb4")
    yield endpoint
    run(mariadb, f"drop database {endpoint.database}")


def run(endpoint: Endpoint, *statements: str | tuple[str, Any]) -> list[tuple[Any, ...]]:
    """Run statements (or pairs of one and its parameters), commit, and return the rows of the last."""
    place = {"host": endpoint.host, "port": endpoint.port, "database": endpoint.database or None}
    with pymysql.connect(user=endpoint.login, password=endpoint.password, charset="utf8mb4", **place) as connection:
        cursor = connection.cursor()
        cursor.execute("set sql_mode = '', time_zone = '+00:00'")  # as lax as the servers that hold zero dates
        for statement in statements:
            text, parameters = statement if isinstance(statement, tuple) else (statement, None)
            cursor.executemany(text, parameters) if isinstance(parameters, list) else cursor.execute(text, parameters)
        connection.commit()
        return list(cursor.fetchall())


@contextmanager
def running(folder: Path, server: str, installer: str) -> Iterator[int]:
    """Lay out an empty server in a folder, run it on a free port of the loopback, and stop it by its process."""
    owner = ["--user=root"] if os.geteuid() == 0 else []
    _install(folder, [installer, "--no-defaults", f"--datadir={folder / 'data'}", *owner])
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    paths = [f"--datadir={folder / 'data'}", f"--socket={folder / 's'}", f"--pid-file={folder / 'pid'}"]
    place = [*paths, f"--init-file={folder / 'init.sql'}", "--bind-address=127.0.0.1", f"--port={port}"]
    hasty = ["--innodb-flush-log-at-trx-commit=0", "--skip-log-bin", "--skip-name-resolve"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([server, "--no-defaults", *owner, *place, *hasty], stdout=log, stderr=log)
    try:
        _wait(process, port, folder / "log")
        yield port
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(PATIENCE)
        process.kill()
        process.wait()


def _install(folder: Path, command: list[str]) -> None:
    """Create the system tables, and the account that the tests use."""
    quick = ["--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve"]
    subprocess.run([*command, *quick], check=True, capture_output=True, timeout=120)
    account = f"create or replace user 'shop'@'127.0.0.1' identified by '{PASSWORD}';\n"
    (folder / "init.sql").write_text(account + "grant all on *.* to 'shop'@'127.0.0.1';\n", encoding="utf-8")


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(pymysql.err.OperationalError):
            pymysql.connect(host="127.0.0.1", port=port, user="shop", password=PASSWORD).close()
            return
        time.sleep(0.1)
    pytest.fail(f"MariaDB did not start:\n{log.read_text(encoding='utf-8', errors='replace')[-2000:]}")
