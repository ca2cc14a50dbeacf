"""What PostgreSQL goes through to answer a statement, in rows: a count that needs no clock."""

import re
from collections.abc import Iterator
from typing import Any

from movierec.db import Connection, Parameters, read_sql

READ_AND_DROPPED = ("Rows Removed by Filter", "Rows Removed by Join Filter", "Rows Removed by Index Recheck")


def most_rows(conn: Connection, name: str, parameters: Parameters) -> int:
    """Run `include/sql/<name>.sql` in the open transaction and return the rows that its busiest step went through.

    A step that is run again for each row of another one counts each time, so that what compares every row of a list
    with every row of another has the product of both.
    """
    return max(most_rows_of(conn, statement, parameters) for statement in _statements(name))


def most_rows_of(conn: Connection, statement: str, parameters: Parameters) -> int:
    """Run one statement in the open transaction, and return as `most_rows` does."""
    return max(_rows_of_steps(conn, statement, parameters))


def believe_empty(conn: Connection, *tables: str) -> None:
    """Let the planner believe that `schema.table` has hardly a row, as where statistics are older than what it has."""
    for table in tables:
        schema, name = table.split(".")
        conn.execute(
            "select pg_restore_relation_stats('schemaname', %s::text, 'relname', %s::text,"
            " 'relpages', 1000000, 'reltuples', 1::real)",
            [schema, name],
        )


def _statements(name: str) -> list[str]:
    without_comments = re.sub(r"--.*", "", read_sql(name))
    return [statement for statement in map(str.strip, without_comments.split(";")) if statement]


def _rows_of_steps(conn: Connection, statement: str, parameters: Parameters) -> Iterator[int]:
    (described,) = conn.execute(f"explain (analyze, timing off, format json) {statement}", parameters).fetchone() or ()
    for step in _steps(described[0]["Plan"]):
        rows = step["Actual Rows"] + sum(step.get(reason, 0) for reason in READ_AND_DROPPED)
        yield round(rows * step["Actual Loops"])


def _steps(step: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield step
    for inner in step.get("Plans", ()):
        yield from _steps(inner)
