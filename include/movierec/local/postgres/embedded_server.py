"""The embedded PostgreSQL 18: one server per state folder, reachable through a private Unix socket only."""

import os
import time
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from movierec import locks
from movierec.config import Settings
from movierec.errors import MovierecError
from movierec.local import state
from movierec.local.postgres import cluster, postmaster, roles
from movierec.local.postgres.account import server_account
from movierec.local.postgres.programs import last_lines, run_program, start_server
from movierec.local.postgres.sockets import make_socket_directory, remove_socket_directory, socket_directory

if TYPE_CHECKING:
    import psycopg

MAINTENANCE = "postgres"  # the database from which the administrator works; nothing is kept there
START_TIMEOUT_SECONDS = 120
ANSWER_SECONDS = 5  # within which a server that runs says something, if only that it has no room for more connections
LONG_ANSWER_SECONDS = 30  # the same where a command has to go on with it, on a machine that does much else
SERVER_PARAMETERS = {
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
    "jit": "off",  # where the planner overrates a query's cost, compiling it would take seconds
    "log_checkpoints": "off",
    # Statements and details hold values, such as the id of a viewer who is forgotten then; who asked is told them.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}


def start(settings: Settings, parameters: Mapping[str, str] | None = None) -> None:
    """Start the server unless it runs; at the first start, create its data directory.

    One that nobody can reach any more, because its socket has been removed, is stopped first.

    Args:
        settings: the installation.
        parameters: what `postgresql.conf` shall say beside `SERVER_PARAMETERS`, or otherwise.

    Raises:
        MovierecError: it does not start; the message ends with the last lines of its log. Or it runs and does not
            answer, or its databases are gone, or a restore has not filled them.
    """
    if reason := cluster.why_unfinished(settings.home):
        raise MovierecError(reason)
    _start_unless_running(settings, parameters)


def start_for_restore(settings: Settings) -> None:
    """Start the server as `start` does, though its databases are gone: new ones are made, marked as unfinished.

    Nothing else starts the server on them until `finish_restore` says that they are filled.

    Raises:
        MovierecError: as `start` says, or something is left in the folder of those that are gone.
    """
    data = data_directory(settings)
    if cluster.why_gone(settings.home) and data.exists():
        if any(data.iterdir()):
            raise MovierecError(f"{data} holds no databases, but other files; move them away, then try again")
        data.rmdir()
    _start_unless_running(settings, is_for_restore=True)


def finish_restore(settings: Settings) -> None:
    """Note that databases which a restore has made are filled; nothing happens to others."""
    (data_directory(settings) / cluster.UNFINISHED).unlink(missing_ok=True)


def _start_unless_running(
    settings: Settings, parameters: Mapping[str, str] | None = None, is_for_restore: bool = False
) -> None:
    data = data_directory(settings)
    if is_running(settings):
        if reason := _why_silent(settings, LONG_ANSWER_SECONDS):
            raise MovierecError(f"PostgreSQL does not answer: {reason}")
        return
    state.prepare(settings.home)
    with locks.lock(settings.state_folder.lock("postgres")):
        if postmaster.is_ready(data) and not is_running(settings):
            _stop(data)
        if postmaster.find_postmaster(data) is None:
            _start(settings, {**SERVER_PARAMETERS, **(parameters or {})}, is_for_restore)
        _await_ready(settings)


def restart(settings: Settings) -> None:
    """Start the server again that has ended. Nothing is made that is gone, not even the state folder.

    Raises:
        MovierecError: it does not start, or the state folder or the databases are gone.
    """
    if not state.is_ours(settings.home):
        raise MovierecError(f"the state folder {settings.home} is gone; put it back, or make down ends what still runs")
    start(settings)


def why_gone(settings: Settings) -> str:
    """Return why there is nothing to work with where databases were made, and how to get it back; empty: there is.

    They are gone, or new ones are there which a restore has not filled.
    """
    return cluster.why_gone(settings.home) or cluster.why_unfinished(settings.home)


def stop(settings: Settings) -> None:
    """Stop the server if it runs, and remove the folder of its socket from the temporary folder, where it lies there.

    Clients are disconnected. A server that was halted (SIGSTOP) goes on first, else it would hear of nothing. One whose
    data directory was deleted or moved away meanwhile is stopped as well.

    Raises:
        MovierecError: it does not stop.
    """
    data = data_directory(settings)
    if postmaster.find_postmaster(data) is not None:
        _stop(data)
    for process in postmaster.find_displaced(data):
        postmaster.end_displaced(process)
    directory = socket_directory(settings)
    if directory != settings.state_folder.socket and directory.is_dir():
        # where the state folder is gone as well, nobody starts anything in it
        held = locks.lock(settings.state_folder.lock("postgres")) if settings.home.exists() else nullcontext()
        with held:
            if postmaster.find_postmaster(data) is None:  # else somebody has started it meanwhile
                remove_socket_directory(settings, server_account(data))


def _stop(data: Path) -> None:
    account = server_account(data)
    postmaster.resume(data)
    result = run_program(account, "pg_ctl", "stop", "-D", str(data), "-m", "fast", "-w", "-t", "60")
    if result.returncode:
        result = run_program(account, "pg_ctl", "stop", "-D", str(data), "-m", "immediate", "-w", "-t", "30")
    if result.returncode and postmaster.find_postmaster(data):
        raise MovierecError(f"PostgreSQL on {data} did not stop: {result.stdout.strip()}")


def is_running(settings: Settings) -> bool:
    """Tell whether the server accepts connections: it has started, and its socket is there."""
    data = data_directory(settings)
    return postmaster.is_ready(data) and postmaster.has_socket(data)


def why_stuck(settings: Settings) -> str:
    """Return what keeps a server that runs from answering everybody, as far as can be seen; empty where it answers.

    A process of it that is halted may hold what all others wait for, such as the log of changes, or nothing at all.
    """
    return postmaster.why_halted(data_directory(settings)) or _why_silent(settings, ANSWER_SECONDS)


def _why_silent(settings: Settings, seconds: int) -> str:
    import psycopg  # noqa: PLC0415 (half a second, needed here only)

    data = data_directory(settings)
    if postmaster.is_halted(data):
        return postmaster.why_halted(data)
    try:
        psycopg.connect(conninfo(settings, MAINTENANCE), connect_timeout=seconds).close()
    except psycopg.errors.ConnectionTimeout:
        return postmaster.why_halted(data) or f"it lets nobody in within {seconds} s, as where its disk does not answer"
    except psycopg.OperationalError:  # it refuses, or has just ended
        return ""
    return ""


def data_directory(settings: Settings) -> Path:
    """Return the server's data directory, spelled as the server itself spells it."""
    return settings.state_folder.postgres_data.resolve()


def log_file(settings: Settings) -> Path:
    """Return the path of the server's log."""
    return settings.state_folder.postgres_log


def conninfo(settings: Settings, database: str, user: str | None = None) -> str:
    """Return libpq's connection string for one of our databases, for its owner unless another role is named."""
    directory = str(socket_directory(settings)).replace("\\", "\\\\").replace("'", "\\'")
    return f"host='{directory}' port=5432 user={user or _owner(database)} dbname={database}"


def url(settings: Settings, database: str, driver: str) -> str:
    """Return SQLAlchemy's URL; some libraries insist on a host, which the socket's directory then overrides."""
    login = _owner(database)
    return f"postgresql+{driver}://{login}@localhost/{database}?host={quote(str(socket_directory(settings)))}"


def ensure_databases(settings: Settings) -> None:
    """Create those of our roles and databases that are missing; the server must run."""
    with locks.lock(settings.state_folder.lock("postgres")):
        roles.prepare(conninfo(settings, MAINTENANCE), settings)


def as_administrator(settings: Settings) -> "psycopg.Connection[Any]":
    """Connect to the server as its administrator; each statement is a transaction of its own."""
    import psycopg  # noqa: PLC0415 (half a second, needed here only)

    return psycopg.connect(conninfo(settings, MAINTENANCE), autocommit=True)


def _owner(database: str) -> str:
    return roles.ADMINISTRATOR if database == MAINTENANCE else roles.OWNER


def _start(settings: Settings, parameters: Mapping[str, str], is_for_restore: bool) -> None:
    data = data_directory(settings)
    account = server_account(data)
    cluster.prepare(settings.home, account, is_for_restore)
    postmaster.clean_up_after_kill(data)
    directory = make_socket_directory(settings, account)
    lines = (f"{name} = '{value}'\n" for name, value in {**parameters, "unix_socket_directories": directory}.items())
    (data / "movierec.conf").write_text("".join(lines), encoding="utf-8")
    os.chown(data / "movierec.conf", account.uid, account.gid)  # whatever our umask, the server has to read it
    started = start_server(account, data, log_file(settings), START_TIMEOUT_SECONDS)
    if started.returncode and postmaster.find_postmaster(data) is None:
        raise MovierecError(f"PostgreSQL did not start; {_end_of_log(settings)}")


def _await_ready(settings: Settings) -> None:
    data = data_directory(settings)
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while not postmaster.is_ready(data):
        if postmaster.find_postmaster(data) is None:
            raise MovierecError(f"PostgreSQL did not start; {_end_of_log(settings)}")
        if time.monotonic() > deadline:
            raise MovierecError(f"PostgreSQL is not ready after {START_TIMEOUT_SECONDS} s; {_end_of_log(settings)}")
        time.sleep(0.1)


def _end_of_log(settings: Settings) -> str:
    log = log_file(settings)
    text = log.read_text(encoding="utf-8", errors="replace") if log.exists() else "empty"
    return f"the end of its log {log}:\n{last_lines(text)}"
