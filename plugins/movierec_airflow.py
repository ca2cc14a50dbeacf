"""What the DAGs share: defaults, assets, and the warehouse over an Airflow connection.

Errors of movierec that trying again cannot mend (bad input, a failed gate) end a task at once, with their one
sentence; everything else, such as a lost connection, is retried.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import Asset
from airflow.sdk.exceptions import AirflowFailException

if TYPE_CHECKING:
    from upath import UPath

    from movierec.config import Settings
    from movierec.db import Connection

WAREHOUSE = "movierec_warehouse"

CORE = Asset("movierec_core", uri="movierec://warehouse/core", group="movierec")
CHAMPION = Asset("movierec_champion", uri="movierec://warehouse/champion", group="movierec")
SERVING = Asset("movierec_serving", uri="movierec://warehouse/serving", group="movierec")

DEFAULTS: dict[str, Any] = {
    "owner": "movierec",
    "retries": 2,
    "retry_delay": timedelta(seconds=20),
    "retry_exponential_backoff": True,
    "max_retry_delay": timedelta(minutes=5),
    "execution_timeout": timedelta(minutes=30),
}

DAG_DEFAULTS: dict[str, Any] = {
    "default_args": DEFAULTS,
    "catchup": False,
    "max_active_runs": 1,
    "dagrun_timeout": timedelta(hours=3),
    "is_paused_upon_creation": False,
}


def conninfo(conn_id: str = WAREHOUSE) -> str:
    """Return the libpq connection string of an Airflow connection of type postgres."""
    from airflow.providers.postgres.hooks.postgres import PostgresHook
    from psycopg.conninfo import make_conninfo

    found = PostgresHook.get_connection(conn_id)
    return make_conninfo(
        host=found.host,
        port=found.port,
        user=found.login,
        password=found.password,
        dbname=found.schema,
        **{key: value for key, value in found.extra_dejson.items() if key.startswith("ssl")},
    )


def settings() -> "Settings":
    """Return the settings of this installation."""
    from movierec.config import Settings

    with plain_errors():
        return Settings.from_env()


def artifacts(training_id: int) -> "UPath":
    """Return the folder of a training in the artifact store."""
    from movierec.artifacts import training_folder

    return training_folder(settings(), training_id)


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turn an error that trying again cannot mend into a failure without retries and without a traceback."""
    from movierec.errors import MovierecError

    try:
        yield
    except MovierecError as error:
        raise AirflowFailException(str(error)) from None


@contextmanager
def connected(conn_id: str = WAREHOUSE) -> "Iterator[Connection]":
    """Open a connection for one task, the warehouse's unless another is named."""
    from movierec.db import connect

    with plain_errors(), connect(conninfo(conn_id)) as conn:
        yield conn
