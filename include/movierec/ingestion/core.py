"""staging → core: the facts of a night, conformed; only what differs from the night before is touched.

A layer is a function of a night: of the slices that it consists of and of the moment as which it sees them. `core`
shows the newest night. An earlier one, asked for by a backfill or a training of its own, is shown by the layer `past`,
which has the same tables. Moving a layer from one night to another touches the facts on which the two differ, in
either direction; building it anew gives the same rows.
"""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

from psycopg import sql

from movierec.db import CORE, PAST, Connection, fetch, grant_memory, run_sql
from movierec.errors import ConfigError
from movierec.ingestion.batch import find_batch

log = logging.getLogger(__name__)

_LOCKS = {CORE: 7_305_003, PAST: 7_305_004}

# What each step reads from staging. It is left out where the night sees the same slices of all of them.
_CATALOGUE = ("movies", "links", "credits", "imdb_title", "imdb_rating")
_CREDITS = ("imdb_crew", "imdb_principal", "imdb_name", "graph", "movie_link")
_PEOPLE = (*_CATALOGUE, *_CREDITS)
STEPS = {
    "versions": _PEOPLE,
    "movie_alias": _CATALOGUE,
    "claims": _CATALOGUE,
    "movies": _CATALOGUE,
    "movie_claim": _CATALOGUE,
    "movie_genre": _CATALOGUE,
    "credit": _PEOPLE,
    "person": _PEOPLE,
    "movie_person": _PEOPLE,
    "movie_country": _PEOPLE,
}
TABLES = (
    *("movies", "movie_alias", "movie_claim", "movie_genre", "person", "movie_person", "movie_country"),
    *("users", "ratings", "tags", "events"),
)


def build_core(conn: Connection, batch_id: int) -> dict[str, int]:
    """Bring the layer of a night to it and return the rows that were touched per table."""
    night = find_batch(conn, batch_id)
    with _locked(conn, batch_id) as layer:
        return move(conn, layer, batch_id, is_rebuild=bool(night["is_full"]))


@contextmanager
def hold(conn: Connection, batch_id: int) -> Iterator[str]:
    """Show a night, bring its layer to it where that is needed, keep others from moving it, and yield the layer.

    Inside, tables of the layer are found by their bare names.

    Raises:
        ConfigError: rows of the night have been pruned, or it has not been staged.
    """
    with _locked(conn, batch_id) as layer:
        held = fetch(conn, "core/layer_state", {"layer": layer})
        if not held or held[0]["batch_id"] != batch_id or not held[0]["is_current"]:
            move(conn, layer, batch_id)
        _search(conn, layer)
        conn.commit()
        try:
            yield layer
        finally:
            conn.rollback()
            conn.execute("reset search_path")
            conn.commit()


def refuse(conn: Connection, batch_id: int) -> None:
    """Take a night that the gate stopped out of core, which goes back to the newest good one if there is any."""
    run_sql(conn, "ops/refuse_batch", {"batch_id": batch_id})
    conn.commit()
    good = fetch(conn, "ops/newest_accepted")
    conn.commit()
    if good:
        with hold(conn, good[0]["batch_id"]):
            log.info("core: shows batch %d again", good[0]["batch_id"])


def move(conn: Connection, layer: str, batch_id: int, is_rebuild: bool = False) -> dict[str, int]:
    """Bring a layer to a night in one transaction and return the rows that were touched per table."""
    started = time.monotonic()
    _require_staged(conn, batch_id)
    _search(conn, layer, is_local=True)
    grant_memory(conn, "work_mem", "maintenance_work_mem")
    is_rebuild = is_rebuild or not fetch(conn, "core/layer_state", {"layer": layer})
    place = {"layer": layer, "batch_id": batch_id}
    run_sql(conn, "core/manifest", place)
    changed = {row["table_name"] for row in fetch(conn, "core/changed_tables")}
    touched = _catalogue(conn, changed, is_rebuild) | _facts(conn, is_rebuild)
    run_sql(conn, "core/record_layer", place)
    if layer == CORE:
        run_sql(conn, "ops/mark_built", {"batch_id": batch_id})
    conn.commit()
    seconds = time.monotonic() - started
    log.info("%s: batch %d, touched %s, %.1f s", layer, batch_id, touched, seconds)
    return touched


def _catalogue(conn: Connection, changed: set[str], is_rebuild: bool) -> dict[str, int]:
    run_sql(conn, "core/catalogue_before")
    touched = {
        step: run_sql(conn, f"core/{step}")
        for step, inputs in STEPS.items()
        if is_rebuild or not changed.isdisjoint(inputs)
    }
    run_sql(conn, "core/moved_movie")
    return {table: touched.get(table, 0) for table in TABLES if table in STEPS}


def _facts(conn: Connection, is_rebuild: bool) -> dict[str, int]:
    run_sql(conn, "core/all_ratings" if is_rebuild else "core/affected_rating")
    run_sql(conn, "core/winning_rating", {"is_rebuild": is_rebuild})
    gone = run_sql(conn, "core/delete_stale_ratings")
    touched = {"ratings": gone + run_sql(conn, "core/ratings")}
    return touched | {table: run_sql(conn, f"core/{table}") for table in ("tags", "events", "users")}


@contextmanager
def _locked(conn: Connection, batch_id: int) -> Iterator[str]:
    """Lock the layer of a night for this session; which layer that is can change while we wait."""
    while True:
        layer = _layer(conn, batch_id)
        conn.execute("select pg_advisory_lock(%s)", [_LOCKS[layer]])
        conn.commit()
        if layer == _layer(conn, batch_id):
            break
        conn.execute("select pg_advisory_unlock(%s)", [_LOCKS[layer]])
    try:
        yield layer
    finally:
        if not conn.closed:
            conn.rollback()
            conn.execute("select pg_advisory_unlock(%s)", [_LOCKS[layer]])
            conn.commit()


def _layer(conn: Connection, batch_id: int) -> str:
    found = fetch(conn, "core/layer_of_batch", {"batch_id": batch_id})
    conn.commit()
    if not found:
        raise ConfigError(f"batch {batch_id} does not exist")
    return str(found[0]["layer"])


def _search(conn: Connection, layer: str, is_local: bool = False) -> None:
    scope = sql.SQL("local ") if is_local else sql.SQL("")
    conn.execute(sql.SQL("set {}search_path to {}").format(scope, sql.Identifier(layer)))


def _require_staged(conn: Connection, batch_id: int) -> None:
    (found,) = fetch(conn, "core/batch_readiness", {"batch_id": batch_id})
    if found["is_pruned"]:
        raise ConfigError(f"rows of batch {batch_id} have been pruned; run movierec_ingest as of its moment again")
    if found["unstaged"]:
        raise ConfigError(f"batch {batch_id} holds {found['unstaged']} slices that are not staged; run stage first")
