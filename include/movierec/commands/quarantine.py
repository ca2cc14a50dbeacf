"""`movierec quarantine`: rejected rows, listed and decided about."""

import argparse

from movierec import text_table
from movierec.commands.person import user_of_this_machine
from movierec.commands.warehouse import open_warehouse
from movierec.config import Settings
from movierec.db import Connection
from movierec.errors import ConfigError
from movierec.ingestion.quarantine import decide, overview, rows
from movierec.ingestion.quarantine_actions import ACTIONS, EXAMPLE_ROWS, MAX_ROWS
from movierec.ingestion.quarantine_filters import Filters


def run(settings: Settings, options: argparse.Namespace) -> str:
    """Carry out the action and return what to print.

    Raises:
        ConfigError: a filter, the action or a change is not allowed.
    """
    filters = filters_of(options)
    changes = _changes(options.changes)
    if changes and options.action in {"list", "show"}:
        raise ConfigError(f"{options.action} changes nothing; edit takes --set")
    with open_warehouse(settings) as conn:
        if options.action == "list":
            return _groups(conn, filters)
        if options.action == "show":
            return _rows(conn, filters, options.limit or EXAMPLE_ROWS)
        by = options.by or user_of_this_machine()
        counts = decide(conn, filters, options.action, changes, by, limit=options.limit or MAX_ROWS)
    return f"{options.action}: {text_table.row_counts(counts)}{ACTIONS[options.action].outcome}"


def filters_of(options: argparse.Namespace) -> Filters:
    """Return the filters that the options name."""
    return Filters(
        batch_id=options.batch,
        source=options.source,
        table=options.table,
        rule=options.rule,
        ids=tuple(options.row),
        status=options.status or None,
    )


def _groups(conn: Connection, filters: Filters) -> str:
    groups = overview(conn, filters)
    total = sum(group["rows"] for group in groups)
    return f"{text_table.table(groups)}\n\nrows: {total:,}, groups: {len(groups):,}; show lists rows one by one"


def _rows(conn: Connection, filters: Filters, limit: int) -> str:
    selected = rows(conn, filters, limit)
    more = f"\n\nthe first {limit:,}; --limit shows more" if len(selected) == limit else ""
    return text_table.table(selected) + more


def _changes(pairs: list[str]) -> dict[str, object]:
    changes: dict[str, object] = {}
    for pair in pairs:
        column, equals, value = pair.partition("=")
        if not equals or not column.strip():
            raise ConfigError(f"--set is '{pair}'; allowed is column=value, and column= for no value")
        changes[column.strip()] = value
    return changes
