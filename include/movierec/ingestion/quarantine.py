"""Rejected rows in a data engineer's hands: listed, grouped, decided about.

A decision waits in `quarantine.decision`; the next night's stage carries it out (`quarantine.replay`), so that a row
arrives exactly once.
"""

import json
import logging
from collections.abc import Mapping
from typing import Any

from movierec import text_table
from movierec.db import Connection, fetch, run_sql
from movierec.errors import ConfigError
from movierec.ingestion.quarantine_filters import WAITING, Filters, choose, require
from movierec.sources.contract import CONTRACTS

log = logging.getLogger(__name__)

LIMIT = 10_000
EXAMPLES = 20
# Which rows an action may be about; what has been replayed is beyond all of them.
ACTIONS = {
    "replay": WAITING,
    "edit": WAITING,
    "accept": WAITING,
    "dismiss": WAITING,
    "undo": ("pending", "dismissed"),
}
_FILES = {"dismiss": "quarantine/dismiss", "undo": "quarantine/undo"}


def overview(conn: Connection, filters: Filters) -> list[dict[str, Any]]:
    """Return the rows in groups of batch, source, table, state and broken rules: count, first example, sentence."""
    choose(conn, filters, WAITING)
    return fetch(conn, "quarantine/overview")


def rows(conn: Connection, filters: Filters, limit: int = EXAMPLES) -> list[dict[str, Any]]:
    """Return up to `limit` of the rows, one by one."""
    choose(conn, filters, WAITING)
    return fetch(conn, "quarantine/rows", {"row_limit": limit})


def look(conn: Connection, filters: Filters) -> dict[str, int]:
    """Log groups and examples as a person reads them, and return the rows per table."""
    groups = overview(conn, filters)
    examples = rows(conn, filters)
    conn.rollback()
    # Line by line: a log viewer may show a line feed inside a message as anything.
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
    limit: int = LIMIT,
) -> dict[str, int]:
    """Decide about every row that is meant, in one transaction, and return how many there were per table.

    Args:
        conn: the warehouse.
        filters: which rows; something has to narrow the choice.
        action: replay (as it came), edit, accept (waive the broken rules), dismiss, or undo one of these.
        changes: for edit, new values by column; `extra` without a value drops the notes about a ragged line.
        by: who decides.
        limit: how many rows may be meant at most.

    Raises:
        ConfigError: the action, a filter or a column does not exist, a rule may not be waived, or nothing or too much
            is meant.
    """
    changes = changes or {}
    _require_request(filters, action, changes, by)
    try:
        # A night that is being staged goes first: it replays, and may judge the same rows.
        run_sql(conn, "extract/lock_source", {"source": "stage"})
        choose(conn, filters, ACTIONS[action])
        counts = {row["table_name"]: int(row["rows"]) for row in fetch(conn, "quarantine/chosen_count")}
        _require_choice(filters, action, sum(counts.values()), limit)
        if action == "accept":
            _require_waivable(conn)
        asked = {"action": action, "decided_by": by.strip(), **_values(changes, tuple(counts))}
        run_sql(conn, _FILES.get(action, "quarantine/decide"), asked)
        conn.commit()
    except BaseException:
        conn.rollback()
        raise
    log.info("quarantine %s: %s, by %s", action, text_table.row_counts(counts), by.strip())
    return counts


def decide_as_asked(conn: Connection, form: Mapping[str, Any], user: str | None) -> dict[str, int]:
    """Decide what a form says, in the name that it gives or the user's; `list` decides nothing."""
    if form["action"] == "list":
        return {}
    by = (form["who"] or "").strip() or user or "somebody"
    return decide(conn, Filters.of(form), form["action"], form["changes"], by, limit=form["limit"])


def _require_request(filters: Filters, action: str, changes: Mapping[str, object], by: str) -> None:
    require("action", action or "empty", tuple(ACTIONS))
    if filters.status and filters.status not in ACTIONS[action]:
        raise ConfigError(f"{action} is about rows that are {' or '.join(ACTIONS[action])}, not {filters.status}")
    if filters.is_empty:
        raise ConfigError(f"{action} needs to know which rows: name a batch, source, table, rule or rows")
    if action == "edit" and not changes:
        raise ConfigError("edit needs changes: columns and their new values")
    if action != "edit" and changes:
        raise ConfigError(f"{action} changes nothing, but changes are given: {', '.join(changes)}; edit takes them")
    if not by.strip():
        raise ConfigError(f"{action} needs the name of who decides")


def _require_choice(filters: Filters, action: str, found: int, limit: int) -> None:
    if not found:
        raise ConfigError(f"no row of the quarantine is there to {action} ({filters}); list shows what waits")
    if found > limit:
        raise ConfigError(
            f"{found:,} rows are meant ({filters}); allowed are {limit:,} unless you state a higher limit"
        )


def _require_waivable(conn: Connection) -> None:
    blocked = [
        f"{rule['table_name']}.{rule['rule']} ({rule['sentence']}), which {rule['rows']:,} of the rows break"
        for rule in fetch(conn, "quarantine/unwaivable")
    ]
    if blocked:
        raise ConfigError(f"accept may not waive {'; '.join(blocked)}; edit these rows, or dismiss them")


def _values(changes: Mapping[str, object], tables: tuple[str, ...]) -> dict[str, object]:
    """Check the new values against the tables' contracts and return them for the statement."""
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
