"""The settings of this installation, its web server, and the warehouse and other servers over Airflow connections.

Errors of movierec that trying again cannot mend (bad input, a failed gate) end a task at once, with their one
sentence; everything else, such as a lost connection, is retried.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from airflow.sdk.exceptions import AirflowFailException

from movierec.sources.connections import WAREHOUSE

if TYPE_CHECKING:
    from movierec.config import Settings
    from movierec.db import Connection
    from movierec.sources.source import Endpoint
    from movierec.training.folder import TrainingFolder


def conninfo(conn_id: str = WAREHOUSE) -> str:
    """Return the libpq connection string of an Airflow connection of type postgres."""
    from airflow.sdk import Connection
    from psycopg.conninfo import make_conninfo

    connection = Connection.get(conn_id)  # and not PostgresHook's, which every task would import for it
    return make_conninfo(
        host=connection.host,
        port=connection.port,
        user=connection.login,
        password=connection.password,
        dbname=connection.schema,
        **{key: value for key, value in connection.extra_dejson.items() if key.startswith("ssl")},
    )


def application_conninfo() -> str | None:
    """Return the connection string of the application's database, None where there is none, or no PostgreSQL."""
    from airflow.sdk import Connection
    from airflow.sdk.exceptions import AirflowNotFoundException

    conn_id = settings().connections.get("app")
    try:
        connection = Connection.get(conn_id) if conn_id else None
    except AirflowNotFoundException:
        return None
    return conninfo(connection.conn_id) if connection and connection.conn_type.startswith("postgres") else None


def endpoint(conn_id: str) -> "Endpoint":
    """Return the server behind an Airflow connection of type postgres, mysql or http.

    Raises:
        ConfigError: there is no such connection.
    """
    from airflow.sdk import Connection
    from airflow.sdk.exceptions import AirflowNotFoundException

    from movierec.errors import ConfigError
    from movierec.sources.source import Endpoint

    try:
        connection = Connection.get(conn_id)
    except AirflowNotFoundException as error:
        raise ConfigError(f"Airflow has no connection '{conn_id}', which MOVIEREC_CONNECTIONS names") from error
    return Endpoint(
        # of an HTTP connection the schema is the protocol and the path stands in its extra
        kind=(connection.schema or "http") if connection.conn_type == "http" else connection.conn_type,
        host=connection.host or "localhost",
        port=connection.port,
        login=connection.login or "",
        password=connection.password or "",
        database=str(connection.extra_dejson.get("path", ""))
        if connection.conn_type == "http"
        else connection.schema or "",
        extra=connection.extra_dejson,
    )


def base_url() -> str:
    """Return the address of Airflow's web server, without a slash at its end."""
    from airflow.configuration import conf

    return str(conf.get("api", "base_url", fallback="")).rstrip("/")


def settings() -> "Settings":
    """Return the settings of this installation."""
    from movierec.config import Settings

    with plain_errors():
        return Settings.from_env()


def training_folder(training_id: int) -> "TrainingFolder":
    """Return the folder of a training in the artifact store."""
    from movierec.training.folder import TrainingFolder

    return TrainingFolder.of(settings(), training_id)


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turn an error that trying again cannot mend into a failure without retries and without a traceback."""
    from psycopg import DataError

    from movierec.errors import MovierecError

    try:
        yield
    except MovierecError as error:
        raise AirflowFailException(str(error)) from None
    except DataError as error:
        raise AirflowFailException(f"the database refuses a value: {str(error).strip()}") from None


@contextmanager
def open_connection(conn_id: str = WAREHOUSE) -> "Iterator[Connection]":
    """Open a connection for one task, the warehouse's unless another is named."""
    from movierec.db import connect

    with plain_errors(), connect(conninfo(conn_id)) as conn:
        yield conn
