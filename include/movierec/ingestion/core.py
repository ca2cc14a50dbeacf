"""staging → core: conform the facts of a batch, touching only the rows that differ from the batch before.

Core is a function of one batch: of its slices, as they were known at its `as_of`. The schema `core` shows the newest
batch. When a backfill or a training needs an earlier one, the schema `past`, which has the same tables, shows that.
Moving a schema from one batch to another, forwards or back, touches the facts on which the two differ; a rebuild gives
the same rows.
"""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

from movierec.db import CORE, Connection, fetch, grant_memory, run_sql
from movierec.errors import ConfigError
from movierec.ingestion.batch import find_batch, reopen_batch
from movierec.ingestion.core_schemas import locked_schema, set_search_path
from movierec.ingestion.stage import stage_again

log = logging.getLogger(__name__)

# The staging tables that each step reads; a step is skipped when both batches have the same slices of all of them.
_TITLE_TABLES = ("movies", "links", "credits", "imdb_title", "imdb_rating")
_CREDIT_TABLES = ("imdb_crew", "imdb_principal", "imdb_name", "graph", "movie_link")
_PEOPLE_TABLES = (*_TITLE_TABLES, *_CREDIT_TABLES)
CATALOGUE_STEPS = {
    "latest_rows": _PEOPLE_TABLES,
    "movie_alias": _TITLE_TABLES,
    "claim": _TITLE_TABLES,
    "movies": _TITLE_TABLES,
    "movie_claim": _TITLE_TABLES,
    "movie_genre": _TITLE_TABLES,
    "credit": _PEOPLE_TABLES,
    "person": _PEOPLE_TABLES,
    "movie_person": _PEOPLE_TABLES,
    "movie_country": _PEOPLE_TABLES,
    "genome": (*_TITLE_TABLES, "genome"),
}
TABLES = (
    *("movies", "movie_alias", "movie_claim", "movie_genre", "person", "movie_person", "movie_country", "genome"),
    *("users", "ratings", "tags", "events"),
)


def build_core(conn: Connection, batch_id: int) -> dict[str, int]:
    """Move the schema that shows the batch to it, and return how many rows were touched per table.

    The batch has to pass its gate afterwards, even if it was accepted before.
    """
    batch = find_batch(conn, batch_id)
    with locked_schema(conn, batch_id) as schema:
        reopen_batch(conn, batch_id)
        return move_core(conn, schema, batch_id, is_rebuild=bool(batch["is_full"]))


@contextmanager
def core_as_of(conn: Connection, batch_id: int) -> Iterator[str]:
    """Yield the name of the schema that shows a batch, moved to it if necessary and locked until the block ends.

    Slices of the batch that an upgrade has marked because newer rules stage them otherwise are staged again before. The
    search path is set, so that statements inside name its tables by themselves.

    Raises:
        ConfigError: rows of the batch have been pruned, or it has not been staged.
    """
    if any(batch["waits_again"] for batch in fetch(conn, "core/batch_readiness", {"batch_id": batch_id})):
        stage_again(conn, batch_id)
    conn.commit()
    with locked_schema(conn, batch_id) as schema:
        shown = fetch(conn, "core/schema_state", {"schema_name": schema})
        if not shown or shown[0]["batch_id"] != batch_id or not shown[0]["is_current"]:
            move_core(conn, schema, batch_id)
        set_search_path(conn, schema)
        conn.commit()
        try:
            yield schema
        finally:
            conn.rollback()
            conn.execute("reset search_path")
            conn.commit()


def refuse_batch(conn: Connection, batch_id: int) -> None:
    """Note that a gate stopped a batch; if core shows it, core goes back to the newest accepted batch."""
    run_sql(conn, "ops/refuse_batch", {"batch_id": batch_id})
    conn.commit()
    shown = fetch(conn, "core/schema_state", {"schema_name": CORE})
    accepted = fetch(conn, "ops/newest_accepted")
    conn.commit()
    if accepted and shown and shown[0]["batch_id"] == batch_id:
        with core_as_of(conn, accepted[0]["batch_id"]):
            log.info("core: shows batch %d again", accepted[0]["batch_id"])


def move_core(conn: Connection, schema: str, batch_id: int, is_rebuild: bool = False) -> dict[str, int]:
    """Move a schema to a batch in one transaction, and return how many rows were touched per table."""
    started = time.monotonic()
    _require_staged(conn, batch_id)
    set_search_path(conn, schema, is_local=True)
    grant_memory(conn, "work_mem", "maintenance_work_mem")
    is_rebuild = is_rebuild or not fetch(conn, "core/schema_state", {"schema_name": schema})
    key = {"schema_name": schema, "batch_id": batch_id}
    run_sql(conn, "core/manifest", key)
    changed = {row["table_name"] for row in fetch(conn, "core/changed_tables")}
    touched = _update_catalogue(conn, changed, is_rebuild) | _update_facts(conn, is_rebuild)
    run_sql(conn, "core/record_schema", key)
    if schema == CORE:
        run_sql(conn, "ops/mark_built", {"batch_id": batch_id})
    conn.commit()
    seconds = time.monotonic() - started
    log.info("%s: batch %d, touched %s, %.1f s", schema, batch_id, touched, seconds)
    return touched


def _update_catalogue(conn: Connection, changed: set[str], is_rebuild: bool) -> dict[str, int]:
    run_sql(conn, "core/catalogue_state", {"is_after": False})
    touched = {
        step: run_sql(conn, f"core/{step}")
        for step, inputs in CATALOGUE_STEPS.items()
        if is_rebuild or not changed.isdisjoint(inputs)
    }
    run_sql(conn, "core/catalogue_state", {"is_after": True})
    run_sql(conn, "core/moved_movie")
    return {table: touched.get(table, 0) for table in TABLES if table in CATALOGUE_STEPS}


def _update_facts(conn: Connection, is_rebuild: bool) -> dict[str, int]:
    run_sql(conn, "core/affected_rating_of_rebuild" if is_rebuild else "core/affected_rating")
    run_sql(conn, "core/winning_rating", {"is_rebuild": is_rebuild})
    deleted = run_sql(conn, "core/delete_stale_ratings")
    touched = {"ratings": deleted + run_sql(conn, "core/ratings")}
    return touched | {table: run_sql(conn, f"core/{table}") for table in ("tags", "events", "users")}


def _require_staged(conn: Connection, batch_id: int) -> None:
    (batch,) = fetch(conn, "core/batch_readiness", {"batch_id": batch_id})
    if batch["is_pruned"]:
        raise ConfigError(f"rows of batch {batch_id} have been pruned; run movierec_ingest as of its moment again")
    if batch["unstaged"]:
        raise ConfigError(f"batch {batch_id} holds {batch['unstaged']} slices that are not staged; run stage first")
