"""PostgreSQL: connect, run a file of SQL, copy rows in, read rows out."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pandas as pd
import psycopg
from psycopg import sql

from movierec.config import SQL

Connection = psycopg.Connection[tuple[Any, ...]]
Parameters = Mapping[str, object]

WORK_MEMORY = "256MB"  # for statements that sort or hash a whole layer

CORE, PAST = "core", "past"  # the schemas of conformed facts: as of the newest batch, and as of an earlier one

# Advisory locks of the warehouse: its structure, the steps of ingestion (with a name each), the two schemas, and the
# artifacts while a viewer is removed from them.
STRUCTURE_LOCK, STEP_LOCK = 7_305_001, 7_305_002
SCHEMA_LOCKS = {CORE: 7_305_003, PAST: 7_305_004}
ARTIFACTS_LOCK = 7_305_005


def connect(conninfo: str) -> Connection:
    """Open a connection whose statements bind on the client, so that a file may hold several of them."""
    connection = psycopg.connect(conninfo, cursor_factory=psycopg.ClientCursor, application_name="movierec")
    connection.execute("set timezone to 'UTC'")
    connection.commit()
    return connection


@contextmanager
def session_lock(conn: Connection, lock: int) -> Iterator[None]:
    """Hold an advisory lock of the session, over the transactions of the block; what one leaves open is undone."""
    conn.execute("select pg_advisory_lock(%s)", [lock])
    conn.commit()
    try:
        yield
    finally:
        if not conn.closed:
            conn.rollback()
            conn.execute("select pg_advisory_unlock(%s)", [lock])
            conn.commit()


def lock_step(conn: Connection, step: str) -> None:
    """Wait until no other transaction runs a step, and keep others from it until the open transaction ends."""
    run_sql(conn, "ops/lock_step", {"lock_id": STEP_LOCK, "step": step})


def grant_memory(conn: Connection, *settings: str) -> None:
    """Let each of these settings be `WORK_MEMORY` in the open transaction."""
    for setting in settings:
        conn.execute("select set_config(%s, %s, true)", [setting, WORK_MEMORY])


def analyze(conn: Connection, schema: str, table: str) -> None:
    """Tell the planner, in the open transaction, what a table holds now."""
    conn.execute(sql.SQL("analyze {}").format(sql.Identifier(schema, table)))


def read_sql(name: str) -> str:
    """Return the text of `include/sql/<name>.sql`."""
    return (SQL / f"{name}.sql").read_text(encoding="utf-8")


def run_sql(conn: Connection, name: str, parameters: Parameters | None = None) -> int:
    """Run `include/sql/<name>.sql` in the open transaction and return how many rows its last statement touched."""
    cursor = conn.execute(_trusted(read_sql(name)), parameters)
    while cursor.nextset():  # a cursor starts with the result of the first statement
        pass
    return cursor.rowcount


def fetch(conn: Connection, name: str, parameters: Parameters | None = None) -> list[dict[str, Any]]:
    """Run a query file and return its rows as dictionaries."""
    cursor = conn.execute(_trusted(read_sql(name)), parameters)
    columns = [column.name for column in cursor.description or ()]
    return [dict(zip(columns, row, strict=True)) for row in cursor]


def fetch_frame(conn: Connection, name: str, parameters: Parameters | None = None) -> pd.DataFrame:
    """Run a query file and return its rows as a frame."""
    cursor = conn.execute(_trusted(read_sql(name)), parameters)
    return pd.DataFrame(cursor.fetchall(), columns=[column.name for column in cursor.description or ()])


def clear(conn: Connection, table: str, batch_id: int) -> None:
    """Delete the rows of a batch from `schema.table` in the open transaction."""
    name = sql.Identifier(*table.split("."))
    conn.execute(sql.SQL("delete from {} where batch_id = %(batch_id)s").format(name), {"batch_id": batch_id})


def copy_rows(conn: Connection, table: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> int:
    """COPY rows into `schema.table` in the open transaction and return how many went in."""
    statement = sql.SQL("copy {} ({}) from stdin").format(
        sql.Identifier(*table.split(".")), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    count = 0
    with conn.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)
            count += 1
    return count


def sqlalchemy_url(conn: Connection) -> str:
    """Return the SQLAlchemy URL (psycopg2) of an open connection; a socket folder becomes a parameter."""
    info = conn.info
    login = quote(info.user, safe="") + (f":{quote(info.password, safe='')}" if info.password else "")
    if Path(info.host).is_absolute():
        query = urlencode({"host": info.host, "port": info.port})
        return f"postgresql+psycopg2://{login}@localhost/{quote(info.dbname)}?{query}"
    ssl = {key: value for key, value in info.get_parameters().items() if key.startswith("ssl")}
    query = f"?{urlencode(ssl)}" if ssl else ""
    return f"postgresql+psycopg2://{login}@{info.host}:{info.port}/{quote(info.dbname)}{query}"


def _trusted(text: str) -> Any:
    # psycopg wants a literal string; files under include/sql are part of the program, never of its input.
    return text
