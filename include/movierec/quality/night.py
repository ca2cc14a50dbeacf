"""The night that a gate looks at: shown to the views, measured into `ops.metric`."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from urllib.parse import quote

from movierec.db import Connection, copy_rows, fetch, run_sql, sqlalchemy_url
from movierec.errors import ConfigError
from movierec.ingestion.core import layer_as_of

GATES = ("raw", "staging", "core")


def find_night(conn: Connection, batch_id: int | None) -> int:
    """Return the batch, or the newest one; its rows must still be there.

    Raises:
        ConfigError: there is no such batch, or its rows have been pruned.
    """
    found = fetch(conn, "ops/metric_night", {"batch_id": batch_id})
    conn.commit()
    if not found:
        raise ConfigError("there is no batch yet" if batch_id is None else f"batch {batch_id} does not exist")
    if found[0]["is_pruned"]:
        raise ConfigError(f"rows of batch {found[0]['batch_id']} have been pruned; there is nothing left to judge")
    return int(found[0]["batch_id"])


@contextmanager
def shown(conn: Connection, gate: str, batch_id: int) -> Iterator[str]:
    """Let this session, and the URL that is yielded, see a night; at the gate `core` its layer is held meanwhile."""
    with layer_as_of(conn, batch_id) if gate == "core" else nullcontext("public") as layer:
        run_sql(conn, "ops/metric_session", {"batch_id": batch_id})
        conn.commit()
        try:
            yield _url(conn, {"movierec.batch": str(batch_id), "search_path": layer, "timezone": "UTC"})
        finally:
            conn.rollback()
            run_sql(conn, "ops/metric_session", {"batch_id": ""})
            conn.commit()


def _url(conn: Connection, options: dict[str, str]) -> str:
    """Return the URL of the database that sets options on every connection, so that a reconnect keeps them."""
    url = sqlalchemy_url(conn)
    words = " ".join(f"-c {name}={value}" for name, value in options.items())
    return f"{url}{'&' if '?' in url else '?'}options={quote(words, safe='')}"


def measure(conn: Connection, gate: str, batch_id: int) -> None:
    """Measure what a gate judges, once, in as few scans as there can be."""
    if gate == "raw":
        # what stage would do: sources that did not deliver stand with what they brought last
        run_sql(conn, "extract/carry_sources", {"batch_id": batch_id})
    run_sql(conn, f"ops/measure_{gate}", {"batch_id": batch_id})
    conn.commit()


@contextmanager
def measured_for_now(conn: Connection, gate: str, batch_id: int) -> Iterator[None]:
    """Measure a night for the time of a look at it; what its gate had measured stands again afterwards."""
    parameters = {"batch_id": batch_id, "layer": gate}
    kept = fetch(conn, "ops/metric_kept", parameters)
    try:
        measure(conn, gate, batch_id)
        yield
    finally:
        conn.rollback()
        run_sql(conn, "ops/metric_clear", parameters)
        columns = ("batch_id", "layer", "subject", "metric", "value")
        copy_rows(conn, "ops.metric", columns, ([row[column] for column in columns] for row in kept))
        conn.commit()
