"""The two layers that can show a batch: which of them does, and the lock that keeps others from moving it."""

from collections.abc import Iterator
from contextlib import contextmanager

from psycopg import sql

from movierec.db import CORE, PAST, Connection, fetch
from movierec.errors import ConfigError

_LOCK_IDS = {CORE: 7_305_003, PAST: 7_305_004}


@contextmanager
def locked_layer(conn: Connection, batch_id: int) -> Iterator[str]:
    """Lock the layer that shows a batch for this session, and yield its name.

    Which layer that is can change while another session holds the lock, so it is looked up again once we hold it.

    Raises:
        ConfigError: there is no such batch.
    """
    while True:
        layer = _layer_of(conn, batch_id)
        conn.execute("select pg_advisory_lock(%s)", [_LOCK_IDS[layer]])
        conn.commit()
        if layer == _layer_of(conn, batch_id):
            break
        conn.execute("select pg_advisory_unlock(%s)", [_LOCK_IDS[layer]])
    try:
        yield layer
    finally:
        if not conn.closed:
            conn.rollback()
            conn.execute("select pg_advisory_unlock(%s)", [_LOCK_IDS[layer]])
            conn.commit()


def _layer_of(conn: Connection, batch_id: int) -> str:
    rows = fetch(conn, "core/schema_of_batch", {"batch_id": batch_id})
    conn.commit()
    if not rows:
        raise ConfigError(f"batch {batch_id} does not exist")
    return str(rows[0]["layer"])


def set_search_path(conn: Connection, layer: str, is_local: bool = False) -> None:
    """Let statements name a layer's tables without a schema, for the session or for the open transaction only."""
    scope = sql.SQL("local ") if is_local else sql.SQL("")
    conn.execute(sql.SQL("set {}search_path to {}").format(scope, sql.Identifier(layer)))
