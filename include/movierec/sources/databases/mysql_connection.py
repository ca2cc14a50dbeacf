"""Connections to MySQL and MariaDB: opened for reading as of now, ended without reading on, refusals in plain words."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pymysql
from pymysql.converters import encoders
from pymysql.cursors import SSCursor

from movierec.errors import SourceError
from movierec.sources.source import Endpoint

CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS = 15, 600
SESSION = (
    # Written values stay readable: a zero date is a value that the night's rules find.
    "set session sql_mode = '', time_zone = '+00:00', net_write_timeout = 600, wait_timeout = 28800",
    "set session transaction isolation level repeatable read",
    "start transaction with consistent snapshot, read only",
)
# No such user, database, permission; a view whose tables are gone.
REFUSED = (1044, 1045, 1049, 1142, 1143, 1356, 1370)


@contextmanager
def open_connection(endpoint: Endpoint) -> Iterator["pymysql.connections.Connection[Any]"]:
    """Open a connection that reads everything as of now; pymysql.OperationalError where nothing answers.

    Raises:
        SourceError: the server refuses the user or does not have the database.
    """
    with plain_refusals(f"database {endpoint.database}"):
        connection = pymysql.connect(**_parameters(endpoint), cursorclass=SSCursor, charset="utf8mb4", conv=encoders)
    try:
        for statement in SESSION:
            with connection.cursor() as cursor:
                cursor.execute(statement)
        yield connection
    finally:
        # Not a polite end: the rest of a result that nobody wants would be read to its last row.
        give_up(connection._result)
        connection._force_close()


def _parameters(endpoint: Endpoint) -> dict[str, Any]:
    options = {name: endpoint.extra[name] for name in ("unix_socket", "ssl") if endpoint.extra.get(name)}
    if isinstance(options.get("ssl"), str):
        options["ssl"] = json.loads(str(options["ssl"]))
    timeouts = {"connect_timeout": CONNECT_TIMEOUT_SECONDS, "read_timeout": READ_TIMEOUT_SECONDS}
    timeouts |= {name: int(str(endpoint.extra[name])) for name in timeouts if name in endpoint.extra}
    address = {"host": endpoint.host or "localhost", "port": endpoint.port or 3306, "database": endpoint.database}
    return address | {"user": endpoint.login, "password": endpoint.password} | timeouts | options


def give_up(result: Any) -> None:
    """Keep the library from reading a result to its end, which it does when the result goes out of scope."""
    if result is not None:
        result.unbuffered_active = False


@contextmanager
def plain_refusals(where: str) -> Iterator[None]:
    """Turn what trying again cannot mend (a wrong password, a missing permission) into a sentence."""
    try:
        yield
    except pymysql.MySQLError as error:
        code, *message = error.args or (0,)
        if code in REFUSED or isinstance(error, (pymysql.ProgrammingError, pymysql.DataError)):
            raise SourceError(f"{where}: {' '.join(map(str, message))}") from error
        raise
