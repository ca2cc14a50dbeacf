"""What the assets' events carry: ids, counts and versions, so that who waits for one need not ask the warehouse."""

from datetime import datetime
from typing import Any

from movierec.db import Connection, fetch


def batch_event(conn: Connection, batch_id: int) -> dict[str, Any]:
    """Return `batch_id`, `as_of`, `rows_in`, `rows_kept` and `rows_quarantined` of an accepted batch."""
    return _extra(conn, "report/accepted_batch", {"batch_id": batch_id})


def champion_event(conn: Connection, training_id: int) -> dict[str, Any]:
    """Return `training_id`, `batch_id`, `as_of`, `ranker`, `verdict` and `decided_by` of a training."""
    return _extra(conn, "report/chosen_champion", {"training_id": training_id})


def version_event(conn: Connection, version_id: int) -> dict[str, Any]:
    """Return `version_id`, `training_id`, `batch_id`, `as_of`, `ranker`, `viewers` and `entries` of a version."""
    return _extra(conn, "report/published_version", {"version_id": version_id})


def _extra(conn: Connection, query: str, key: dict[str, int]) -> dict[str, Any]:
    (row,) = fetch(conn, query, key)
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in row.items()}
