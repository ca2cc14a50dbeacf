"""Rows of viewers who have been forgotten: COPY drops them on their way in, so that nothing of them is stored."""

from collections.abc import Sequence

from psycopg import sql

from movierec.db import Connection
from movierec.sources.contract import VIEWER


def copy_condition(conn: Connection, columns: Sequence[str]) -> sql.Composable:
    """Return the condition of COPY into these columns: none where nobody was forgotten, or they name no viewer."""
    if VIEWER not in columns:
        return sql.SQL("")
    (buckets,) = conn.execute("select ops.refused_buckets()").fetchone() or (None,)
    if buckets is None:
        return sql.SQL("")
    return sql.SQL(" where ops.is_welcome({}, {}::bytea)").format(sql.Identifier(VIEWER), sql.Literal(buckets))
