"""Embedded PostgreSQL 18: one server per state folder, reachable through a private socket only."""

import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from movierec.config import Settings
from movierec.errors import MovierecError
from movierec.local import state
from movierec.local.postgres import cluster, postmaster
from movierec.local.postgres.account import server_account
from movierec.local.postgres.cluster import last_lines
from movierec.local.postgres.programs import run
from movierec.local.postgres.sockets import make_socket_folder, socket_folder

DATABASES = ("airflow", "warehouse", "app")
START_SECONDS = 120
OPTIONS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "port": "5432",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "1GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "jit": "off",  # costs that a plan overrates would compile for seconds
    "log_checkpoints": "off",
}


def start(settings: Settings, options: Mapping[str, str] | None = None) -> None:
    """Start the server unless it runs; the first time, create its data folder.

    Raises:
        MovierecError: it does not start; the message ends with the last lines of its log.
    """
    data = data_folder(settings)
    if postmaster.is_ready(data):
        return
    state.prepare(settings.home)
    with state.lock(settings.home / "postgres.lock"):
        if postmaster.running(data) is None:
            _start(settings, {**OPTIONS, **(options or {})})
        _await_ready(settings)


def stop(settings: Settings) -> None:
    """Stop the server if it runs; clients are disconnected."""
    data = data_folder(settings)
    if postmaster.running(data) is None:
        return
    account = server_account(data)
    stopped = run(account, "pg_ctl", "stop", "-D", str(data), "-m", "fast", "-w", "-t", "60")
    if stopped.returncode:
        stopped = run(account, "pg_ctl", "stop", "-D", str(data), "-m", "immediate", "-w", "-t", "30")
    if stopped.returncode and postmaster.running(data):
        raise MovierecError(f"PostgreSQL on {data} did not stop: {stopped.stdout.strip()}")


def is_running(settings: Settings) -> bool:
    """Tell whether the server accepts connections."""
    return postmaster.is_ready(data_folder(settings))


def data_folder(settings: Settings) -> Path:
    """Return the server's data folder, spelled as the server itself spells it."""
    return (settings.home / "postgres" / "data").resolve()


def log_file(settings: Settings) -> Path:
    """Return the server's log."""
    return settings.home / "postgres" / "server.log"


def conninfo(settings: Settings, database: str) -> str:
    """Return libpq's connection string for one of our databases."""
    folder = str(socket_folder(settings)).replace("\\", "\\\\").replace("'", "\\'")
    return f"host='{folder}' port=5432 user=postgres dbname={database}"


def url(settings: Settings, database: str, driver: str) -> str:
    """Return SQLAlchemy's URL; the host that some libraries insist on is overruled by the socket's folder."""
    return f"postgresql+{driver}://postgres@localhost/{database}?host={quote(str(socket_folder(settings)))}"


def ensure_databases(settings: Settings) -> None:
    """Create the databases that are missing; the server must run."""
    with state.lock(settings.home / "postgres.lock"):
        create_missing(conninfo(settings, "postgres"))


def create_missing(server: str) -> None:
    """Create the databases that a server lacks, reached by a connection string."""
    import psycopg  # noqa: PLC0415 (half a second, needed here only)
    from psycopg import sql  # noqa: PLC0415

    with psycopg.connect(server, autocommit=True) as connection:
        known = {name for (name,) in connection.execute("select datname from pg_database")}
        for name in DATABASES:
            if name not in known:
                connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))


def _start(settings: Settings, options: Mapping[str, str]) -> None:
    data = data_folder(settings)
    account = server_account(data)
    cluster.prepare(settings.home, account)
    postmaster.clear_leftovers(data)
    folder = make_socket_folder(settings, account)
    lines = (f"{name} = '{value}'\n" for name, value in {**options, "unix_socket_directories": folder}.items())
    (data / "movierec.conf").write_text("".join(lines), encoding="utf-8")
    command = ("start", "-D", str(data), "-w", "-t", str(START_SECONDS), "-l", str(log_file(settings)))
    if run(account, "pg_ctl", *command).returncode and postmaster.running(data) is None:
        raise MovierecError(f"PostgreSQL did not start; the end of its log {_log(settings)}")


def _await_ready(settings: Settings) -> None:
    data = data_folder(settings)
    deadline = time.monotonic() + START_SECONDS
    while not postmaster.is_ready(data):
        if postmaster.running(data) is None:
            raise MovierecError(f"PostgreSQL did not start; the end of its log {_log(settings)}")
        if time.monotonic() > deadline:
            raise MovierecError(f"PostgreSQL is not ready after {START_SECONDS} s; the end of its log {_log(settings)}")
        time.sleep(0.1)


def _log(settings: Settings) -> str:
    path = log_file(settings)
    return f"{path}:\n{last_lines(path.read_text(encoding='utf-8', errors='replace')) if path.exists() else 'empty'}"
