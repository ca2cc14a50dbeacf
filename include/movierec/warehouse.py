"""The warehouse's structure: schemas, tables, views and comments, applied when they changed."""

import hashlib
import logging

from psycopg import sql

from movierec.config import SQL
from movierec.db import CORE, PAST, STRUCTURE_LOCK, Connection, connect, run_sql
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
    "ddl/serving_feedback",
    "ddl/serving_opinion",
    "ddl/serving_recommend",
    "ddl/serving_similar",
    "ddl/serving_shelf",
    "ddl/serving_search",
    "ddl/serving_newcomer",
    "ddl/serving_version",
    "ddl/night",
    "ddl/slices",
    "ddl/latest_rows",
    "ddl/rule_views",
    "rules/row_rules",
    "ops/build_rule_views",
    "rules/metric_rules",
    "ddl/gates",
    "ddl/prune",
    "ddl/maintenance",
    "ddl/lineage",
    "ddl/funnel",
    "ddl/serving_web_role",
    "ddl/reader_role",
)
OLDEST_SERVER = 170_000


def migrate(conninfo: str) -> bool:
    """Apply the structure files of this checkout where they changed; return whether there was anything to do.

    Files add and replace; a column that has to go or to change its type needs a statement of its own in them.

    Raises:
        ConfigError: the server is older than PostgreSQL 17 (`merge … when not matched by source`).
    """
    with connect(conninfo) as conn:
        _require_server(conn)
        # A dashboard that idles in a transaction must not make every other reader wait behind us.
        conn.execute("set local lock_timeout = '5s'")
        conn.execute("select pg_advisory_xact_lock(%s)", [STRUCTURE_LOCK])
        if _is_current(conn):
            return False
        for name in STRUCTURE:
            _apply(conn, name)
        run_sql(conn, "ops/record_structure", {"checksum": _checksum()})
    log.info("warehouse: applied structure %s", _checksum()[:12])
    return True


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


def _is_current(conn: Connection) -> bool:
    (exists,) = conn.execute("select to_regclass('ops.structure') is not null").fetchone() or (False,)
    if not exists:
        return False
    latest = conn.execute("select checksum from ops.structure order by applied_at desc limit 1").fetchone()
    return latest == (_checksum(),)


def _checksum() -> str:
    texts = [(SQL / f"{name}.sql").read_bytes() for name in STRUCTURE]
    return hashlib.sha256(b"\0".join(texts)).hexdigest()
