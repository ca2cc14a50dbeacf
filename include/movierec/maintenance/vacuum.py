"""`vacuum (analyze)` where rows have died or changed since."""

import logging

from psycopg import sql

from movierec.db import Connection, fetch

log = logging.getLogger(__name__)


def vacuum(conn: Connection) -> list[str]:
    """Vacuum and analyze the tables that need it, outside any transaction; return their names."""
    tables = fetch(conn, "maintenance/tables_to_vacuum")
    conn.commit()
    conn.autocommit = True
    try:
        for table in tables:
            name = sql.Identifier(table["schema_name"], table["table_name"])
            conn.execute(sql.SQL("vacuum (analyze) {}").format(name))
            log.info(
                "vacuum %s.%s: %d dead rows, %d changed",
                *(table[part] for part in ("schema_name", "table_name", "dead_rows", "changed_rows")),
            )
    finally:
        conn.autocommit = False
    return [f"{table['schema_name']}.{table['table_name']}" for table in tables]
