"""staging → core: the facts of the latest batch, conformed; only rows that changed are touched."""

import logging
import time

from movierec.batch import require_latest
from movierec.db import Connection, run_sql

log = logging.getLogger(__name__)

# Movies come before the people and countries that are joined to them.
TABLES = ("movies", "movie_genre", "movie_person", "movie_country", "users", "ratings", "events")


def build_core(conn: Connection, batch_id: int) -> dict[str, int]:
    """Merge a batch into core in one transaction and return the rows that changed per table."""
    started = time.monotonic()
    require_latest(conn, batch_id)
    changed = {table: run_sql(conn, f"core/{table}", {"batch_id": batch_id}) for table in TABLES}
    run_sql(conn, "ops/mark_built", {"batch_id": batch_id})
    conn.commit()
    log.info("core: changed %s, %.1f s", changed, time.monotonic() - started)
    return changed
