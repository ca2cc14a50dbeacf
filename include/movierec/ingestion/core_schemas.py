"""The two schemas of conformed facts: which of them shows a batch, and the lock that keeps others from moving it."""

from collections.abc import Iterator
from contextlib import contextmanager

from psycopg import sql

from movierec.db import SCHEMA_LOCKS, Connection, fetch, session_lock
from movierec.errors import ConfigError


@contextmanager
def locked_schema(conn: Connection, batch_id: int) -> Iterator[str]:
    """Lock the schema that shows a batch for this session, and yield its name.

    Which schema that is can change while another session holds the lock, so it is looked up again once we hold it.

    Raises:
        ConfigError: there is no such batch.
    """
    while True:
        schema = _schema_of(conn, batch_id)
        with session_lock(conn, SCHEMA_LOCKS[schema]):
            if schema == _schema_of(conn, batch_id):
                yield schema
                return


def _schema_of(conn: Connection, batch_id: int) -> str:
    rows = fetch(conn, "core/schema_of_batch", {"batch_id": batch_id})
    conn.commit()
    if not rows:
        raise ConfigError(f"batch {batch_id} does not exist")
    return str(rows[0]["schema_name"])


def set_search_path(conn: Connection, schema: str, is_local: bool = False) -> None:
    """Let statements name a schema's tables by themselves, for the session or for the open transaction only."""
    scope = sql.SQL("local ") if is_local else sql.SQL("")
    conn.execute(sql.SQL("set {}search_path to {}").format(scope, sql.Identifier(schema)))
