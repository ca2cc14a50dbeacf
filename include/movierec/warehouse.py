"""The warehouse's structure: schemas, tables, views and comments, applied when they changed."""

import hashlib
import logging
import time
from collections.abc import Mapping, Sequence
from itertools import takewhile
from typing import Any

import psycopg
from psycopg import sql

from movierec.config import SQL
from movierec.db import CORE, PAST, STRUCTURE_LOCK, Connection, connect, fetch, run_sql
from movierec.errors import ConfigError

log = logging.getLogger(__name__)

# The order matters: views read the tables of earlier files.
STRUCTURE = (
    "ddl/roles",
    "ddl/reset_layers",
    "ddl/drop_replaced",
    "ddl/ops",
    "ddl/casts",
    "ddl/text",
    "ddl/rating_scale",
    "ddl/conform",
    "ddl/precedence",
    "ddl/raw",
    "ddl/quarantine",
    "ddl/staging",
    *sorted(f"staging/{path.stem}" for path in (SQL / "staging").glob("*.sql")),
    "ddl/ml",
    "ddl/forgetting",
    "ddl/core",
    "ddl/serving",
    "ddl/serving_pointer",
    "ddl/serving_catalogue",
    "ddl/serving_genre",
    "ddl/serving_renamed",
    "ddl/serving_feedback",
    "ddl/serving_opinion",
    "ddl/serving_recommend",
    "ddl/serving_similar",
    "ddl/serving_shelf",
    "ddl/serving_search",
    "ddl/serving_newcomer",
    "ddl/serving_etag",
    "ddl/night",
    "ddl/slices",
    "ddl/stage_again",
    "ddl/latest_rows",
    "ddl/rule_views",
    "rules/row_rules",
    "ops/build_rule_views",
    "rules/metric_rules",
    "ddl/gates",
    "ddl/prune",
    "ddl/maintenance",
    "ddl/lineage",
    "ddl/why",
    "ddl/serving_web_role",
    "ddl/reader_role",
)
OLDEST_SERVER = 170_000
# Counts up with every change that earlier code cannot work on: what it reads, writes or calls gets another name, type,
# meaning or other parameters, or goes. Code refuses a structure whose version is above its own.
STRUCTURE_VERSION = 3

# Whoever waits for a lock makes all later readers wait behind: so we wait briefly, let them pass, and try again.
LOCK_TIMEOUT = "100ms"
PAUSE_SECONDS = 0.4
PATIENCE_SECONDS = 30.0


def migrate(conninfo: str, patience: float = PATIENCE_SECONDS) -> bool:
    """Apply the structure files of this checkout from the first changed one on; return whether there was any.

    Files add and replace; a column that has to go or to change its type needs a statement of its own in them. A reader
    that idles in a transaction holds up nobody but us.

    Args:
        conninfo: the warehouse.
        patience: for how many seconds to try again while somebody uses what has to change.

    Raises:
        ConfigError: the server is older than PostgreSQL 17 (`merge … when not matched by source`), or newer code has
            changed the structure in a way that this code does not know.
        LockNotAvailable: somebody still uses it; the message says who.
    """
    deadline = time.monotonic() + patience
    while True:
        try:
            return _migrate_at_once(conninfo)
        except psycopg.errors.LockNotAvailable as error:
            users = _users(conninfo)
            if time.monotonic() > deadline:
                raise psycopg.errors.LockNotAvailable(
                    f"the warehouse's structure has to change, but for {patience:.0f} s these have been using it: "
                    f"{users}; end their transactions (pg_terminate_backend), then try again"
                ) from error
            log.warning("warehouse: a new structure waits for %s; readers go first", users)
            time.sleep(PAUSE_SECONDS)


def _migrate_at_once(conninfo: str) -> bool:
    with connect(conninfo) as conn:
        _require_server(conn)
        conn.execute("select set_config('lock_timeout', %s, true)", [LOCK_TIMEOUT])
        conn.execute("select pg_advisory_xact_lock(%s)", [STRUCTURE_LOCK])
        latest = _latest(conn)
        _require_no_newer(conn, latest)
        applied, current = _applied_checksums(latest), _file_checksums()
        if applied == current:
            return False
        first = _first_to_apply(applied, current)
        for name in STRUCTURE[first:]:
            _apply(conn, name)
        run_sql(
            conn,
            "ops/record_structure",
            {"checksum": _checksum(current), "file_checksums": current, "version": STRUCTURE_VERSION},
        )
    log.info("warehouse: applied structure %s from %s on", _checksum(current)[:12], STRUCTURE[first])
    return True


def _first_to_apply(applied: Sequence[str], wanted: Sequence[str]) -> int:
    """Return the first changed file; before the views of staging are made anew, what drops the old ones."""
    unchanged = len(list(takewhile(lambda pair: pair[0] == pair[1], zip(applied, wanted, strict=False))))
    last_view = max(number for number, name in enumerate(STRUCTURE) if name.startswith("staging/"))
    return min(unchanged, STRUCTURE.index("ddl/drop_replaced")) if unchanged <= last_view else unchanged


def _users(conninfo: str) -> str:
    """Say which other connections have locks on what the structure files make."""
    with connect(conninfo) as conn:
        rows = fetch(conn, "ops/structure_users", {"lock_id": STRUCTURE_LOCK})
    return "; ".join(f"pid {row['pid']} ({row['who']}) with {row['relations']}" for row in rows) or "nobody any more"


def _apply(conn: Connection, name: str) -> None:
    if name != "ddl/core":
        run_sql(conn, name)
        return
    for schema in (CORE, PAST):  # one file describes both
        conn.execute(sql.SQL("create schema if not exists {}").format(sql.Identifier(schema)))
        conn.execute(sql.SQL("set local search_path to {}").format(sql.Identifier(schema)))
        run_sql(conn, name)
        conn.execute("set local search_path to default")


def _require_server(conn: Connection) -> None:
    version = conn.info.server_version
    if version < OLDEST_SERVER:
        raise ConfigError(f"the warehouse runs PostgreSQL {version // 10_000}; allowed is 17 or newer")


def require_known_structure(conninfo: str) -> None:
    """Make sure that this code knows the structure of a warehouse, which may be empty.

    Raises:
        ConfigError: newer code has changed it.
    """
    with connect(conninfo) as conn:
        _require_no_newer(conn, _latest(conn))


def structure_version(conn: Connection) -> int:
    """Return the version of the structure that a warehouse has; 0 where it has none, or one from before versions."""
    return int(_latest(conn).get("version", 0))


def _require_no_newer(conn: Connection, latest: Mapping[str, Any]) -> None:
    version = latest.get("version", 0)
    if version > STRUCTURE_VERSION:
        raise ConfigError(
            f"newer code has upgraded the database {conn.info.dbname} to structure {version}; this code knows "
            f"structures up to {STRUCTURE_VERSION}: start the newer code, or put back the copy from before the upgrade "
            "(docs/operations.md, Going back)"
        )


def _latest(conn: Connection) -> dict[str, Any]:
    """Return the row of the structure that was applied last, of an old one without all columns; else nothing."""
    (exists,) = conn.execute("select to_regclass('ops.structure') is not null").fetchone() or (False,)
    if not exists:
        return {}
    newest = "select to_jsonb(structure) from ops.structure order by applied_at desc limit 1"
    row: tuple[dict[str, Any]] = conn.execute(newest).fetchone() or ({},)
    return row[0]


def _applied_checksums(latest: Mapping[str, Any]) -> list[str]:
    """Return the checksums of the files that were applied last; none where those do not make up the row's own."""
    applied: list[str] = latest.get("file_checksums") or []
    return applied if latest.get("checksum") == _checksum(applied) else []


def _file_checksums() -> list[str]:
    return [
        hashlib.sha256(name.encode() + b"\0" + (SQL / f"{name}.sql").read_bytes()).hexdigest() for name in STRUCTURE
    ]


def _checksum(file_checksums: Sequence[str]) -> str:
    return hashlib.sha256("".join(file_checksums).encode()).hexdigest()
