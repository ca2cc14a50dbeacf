"""Rejected rows: list them, group them by broken rule, decide what becomes of them.

A decision waits in `quarantine.decision` until the next batch's stage carries it out (`quarantine.replay`), so that a
row arrives exactly once.
"""

import json
import logging
from collections.abc import Mapping
from typing import Any

from movierec import text_table
from movierec.data.columns import USER
from movierec.db import Connection, fetch, lock_step, run_sql
from movierec.errors import ConfigError
from movierec.ingestion.quarantine_actions import ACTIONS, EXAMPLE_ROWS, MAX_ROWS, OPEN_STATUSES
from movierec.ingestion.quarantine_filters import Filters, require_allowed, select_rows
from movierec.ingestion.stage import STEP
from movierec.sources.table_contracts import CONTRACTS

log = logging.getLogger(__name__)

_STATEMENTS = {"dismiss": "quarantine/dismiss", "undo": "quarantine/undo"}


def overview(conn: Connection, filters: Filters) -> list[dict[str, Any]]:
    """Return the rows by batch, source, table, status and broken rules: their count, the first one, what is allowed."""
    select_rows(conn, filters, OPEN_STATUSES)
    return fetch(conn, "quarantine/overview")


def rows(conn: Connection, filters: Filters, limit: int = EXAMPLE_ROWS) -> list[dict[str, Any]]:
    """Return up to `limit` of the rows, one by one."""
    select_rows(conn, filters, OPEN_STATUSES)
    return fetch(conn, "quarantine/list_rows", {"row_limit": limit})


def log_overview(conn: Connection, filters: Filters) -> dict[str, int]:
    """Log the groups and some example rows as tables, and return how many rows there are per table."""
    groups = overview(conn, filters)
    examples = rows(conn, filters)
    conn.rollback()
    # Line by line, because a log viewer need not show a line feed inside a message as one.
    for line in ("quarantine, groups:", *text_table.table(groups).splitlines()):
        log.info("%s", line)
    for line in ("quarantine, first rows:", *text_table.table(examples).splitlines()):
        log.info("%s", line)
    counts: dict[str, int] = {}
    for group in groups:
        counts[group["table_name"]] = counts.get(group["table_name"], 0) + group["rows"]
    return counts


def decide(
    conn: Connection,
    filters: Filters,
    action: str,
    changes: Mapping[str, object] | None = None,
    by: str = "",
    *,
    limit: int = MAX_ROWS,
) -> dict[str, int]:
    """Decide about every row that the filters select, in one transaction; return how many rows that was per table.

    Args:
        conn: the warehouse.
        filters: which rows; at least one filter must be set.
        action: replay (as it came), edit, accept (waive the broken rules), dismiss, or undo one of these.
        changes: for edit, new values by column; `extra` without a value drops the notes about a ragged line.
        by: who decides.
        limit: the most rows that one decision may apply to.

    Raises:
        ConfigError: the action, a filter or a column does not exist, a rule may not be waived, the filters select no
            row or more than `limit`, or a row would become one of somebody who was forgotten.
    """
    changes = changes or {}
    _require_request(filters, action, changes, by)
    try:
        # Wait for a batch that is being staged: it carries out decisions, and may apply the rules to the same rows.
        lock_step(conn, STEP)
        select_rows(conn, filters, ACTIONS[action].statuses)
        counts = {row["table_name"]: int(row["rows"]) for row in fetch(conn, "quarantine/count_selected")}
        _require_count(filters, action, sum(counts.values()), limit)
        if action == "accept":
            _require_waivable(conn)
        decision = {"action": action, "decided_by": by.strip(), **_checked_values(changes, tuple(counts))}
        _require_welcome(conn, changes)
        run_sql(conn, _STATEMENTS.get(action, "quarantine/decide"), decision)
        conn.commit()
    except BaseException:
        conn.rollback()
        raise
    log.info("quarantine %s: %s, by %s", action, text_table.row_counts(counts), by.strip())
    return counts


def decide_from_form(conn: Connection, form: Mapping[str, Any], user: str | None) -> dict[str, int]:
    """Carry out what a form says, in the name that it gives or else the user's; `list` decides nothing."""
    if form["action"] == "list":
        return {}
    by = (form["who"] or "").strip() or user or "somebody"
    return decide(conn, Filters.from_form(form), form["action"], form["changes"], by, limit=form["limit"])


def _require_request(filters: Filters, action: str, changes: Mapping[str, object], by: str) -> None:
    require_allowed("action", action or "empty", tuple(ACTIONS))
    statuses = ACTIONS[action].statuses
    if filters.status and filters.status not in statuses:
        raise ConfigError(f"{action} is about rows that are {' or '.join(statuses)}, not {filters.status}")
    if filters.is_empty:
        raise ConfigError(f"{action} needs to know which rows: name a batch, source, table, rule or rows")
    if action == "edit" and not changes:
        raise ConfigError("edit needs changes: columns and their new values")
    if action != "edit" and changes:
        raise ConfigError(f"{action} changes nothing, but changes are given: {', '.join(changes)}; edit takes them")
    if not by.strip():
        raise ConfigError(f"{action} needs the name of who decides")


def _require_count(filters: Filters, action: str, count: int, limit: int) -> None:
    if not count:
        raise ConfigError(f"no row of the quarantine is there to {action} ({filters}); list shows what waits")
    if count > limit:
        raise ConfigError(
            f"{count:,} rows are meant ({filters}); allowed are {limit:,} unless you state a higher limit"
        )


def _require_waivable(conn: Connection) -> None:
    blocked = [
        f"{rule['table_name']}.{rule['rule']} ({rule['sentence']}), which {rule['rows']:,} of the rows break"
        for rule in fetch(conn, "quarantine/unwaivable_rules")
    ]
    if blocked:
        raise ConfigError(f"accept may not waive {'; '.join(blocked)}; edit these rows, or dismiss them")


def _require_welcome(conn: Connection, changes: Mapping[str, object]) -> None:
    """Decided rows do not come by COPY, which drops those of forgotten viewers: the gate would stop every night."""
    viewer = changes.get(USER)
    if viewer is not None and fetch(conn, "quarantine/is_refused", {"user_id": str(viewer)})[0]["is_refused"]:
        raise ConfigError(
            f"{USER} is of somebody who has been forgotten; allowed is another viewer, or to dismiss the rows"
        )


def _checked_values(changes: Mapping[str, object], tables: tuple[str, ...]) -> dict[str, object]:
    """Check new values against the tables' contracts, and return the parameters that carry them."""
    for table in tables:
        names = (*CONTRACTS[table].names, "extra")
        unknown = [column for column in changes if column not in names]
        if unknown:
            raise ConfigError(f"{table} has no column {', '.join(unknown)}; allowed is {', '.join(names)}")
    if changes.get("extra"):
        raise ConfigError("extra may only be emptied, which drops the notes about a ragged line")
    for column, value in changes.items():
        if isinstance(value, (dict, list, bool)) or "\0" in str(value):
            raise ConfigError(f"{column} is {value!r}; allowed is text without NUL, a number or nothing")
    texts = {column: None if value is None else str(value) for column, value in changes.items() if column != "extra"}
    return {"changes": json.dumps(texts), "is_complete": "extra" in changes}
