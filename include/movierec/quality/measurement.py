"""The batch that a gate checks: exposed to the views of the checks, and measured into `ops.metric`."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from urllib.parse import quote

from movierec.db import WORK_MEMORY, Connection, copy_rows, fetch, run_sql, sqlalchemy_url
from movierec.errors import ConfigError
from movierec.ingestion.batch import carry_sources
from movierec.ingestion.core import core_as_of

SCHEMAS_OF_CHECKS = ("ops", "staging")  # where what suites look at is found, beside core; no name stands in two of them


def batch_to_check(conn: Connection, batch_id: int | None) -> int:
    """Return the id of the batch to check, the newest one if none is named; its rows must still be there.

    Raises:
        ConfigError: there is no such batch, or its rows have been pruned.
    """
    batches = fetch(conn, "ops/batch_to_check", {"batch_id": batch_id})
    conn.commit()
    if not batches:
        raise ConfigError("there is no batch yet" if batch_id is None else f"batch {batch_id} does not exist")
    if batches[0]["is_pruned"]:
        raise ConfigError(f"rows of batch {batches[0]['batch_id']} have been pruned; there is nothing left to check")
    return int(batches[0]["batch_id"])


@contextmanager
def exposed_batch(conn: Connection, gate: str, batch_id: int) -> Iterator[str]:
    """Expose a batch to this session and to the URL that is yielded; at the gate `core` its schema stays locked."""
    with core_as_of(conn, batch_id) if gate == "core" else nullcontext("public") as schema:
        run_sql(conn, "ops/expose_batch", {"batch_id": batch_id})
        conn.commit()
        try:
            path = ",".join((schema, *SCHEMAS_OF_CHECKS))
            # The rules are applied once more: with the memory of staging, and so by hashes too.
            options = {"search_path": path, "timezone": "UTC", "work_mem": WORK_MEMORY}
            yield _url(conn, {"movierec.batch": str(batch_id)} | options)
        finally:
            conn.rollback()
            run_sql(conn, "ops/expose_batch", {"batch_id": ""})
            conn.commit()


def _url(conn: Connection, options: dict[str, str]) -> str:
    """Return the URL of the database that sets options on every connection, so that a reconnect keeps them."""
    url = sqlalchemy_url(conn)
    flags = " ".join(f"-c {name}={value}" for name, value in options.items())
    return f"{url}{'&' if '?' in url else '?'}options={quote(flags, safe='')}"


def measure(conn: Connection, gate: str, batch_id: int) -> None:
    """Measure once, in as few scans as possible, what the expectations of a gate are about."""
    if gate == "raw":
        carry_sources(conn, batch_id)
    run_sql(conn, f"ops/measure_{gate}", {"batch_id": batch_id})
    conn.commit()


@contextmanager
def temporary_measurement(conn: Connection, gate: str, batch_id: int) -> Iterator[None]:
    """Measure a batch for the time of the block; afterwards the metrics that its gate measured are back."""
    parameters = {"batch_id": batch_id, "layer": gate}
    saved = fetch(conn, "ops/stored_metrics", parameters)
    try:
        measure(conn, gate, batch_id)
        yield
    finally:
        conn.rollback()
        run_sql(conn, "ops/clear_metrics", parameters)
        columns = ("batch_id", "layer", "subject", "metric", "value")
        copy_rows(conn, "ops.metric", columns, ([row[column] for column in columns] for row in saved))
        conn.commit()
