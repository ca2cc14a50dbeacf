"""Undo and redo: which versions are kept, and the pointer moved to one of them by a person.

`versions.go_live` moves the pointer every night, and only forward; here somebody decides, and says why.
"""

import logging
from typing import Any

import psycopg

from movierec.db import Connection, fetch
from movierec.errors import PublishError
from movierec.evaluation.protocols import CUTOFF
from movierec.publishing.versions import go_live, live_version, lock_live, point_to, sign_move

log = logging.getLogger(__name__)

COMPARED_VIEWERS = 5_000  # of whom churn is measured, which is a mean: more would not change it


def kept_versions(conn: Connection) -> list[dict[str, Any]]:
    """Return the versions that can be live, the newest first, the live one among them.

    `version`, `status` (live, published or audited: complete and never live), `ranker`, `training`, `as_of` and
    `published` (UTC), `ndcg` and `coverage` at 10 as its training measured them, `churn`: which share of the first ten
    movies of the live lists the version does not show, and `taken_back`: by whom it was, and why.
    """
    return fetch(conn, "serving/kept_versions", {"k": CUTOFF, "viewers": COMPARED_VIEWERS})


def bring_live(conn: Connection, version_id: int, moved_by: str, reason: str | None) -> int | None:
    """Make a version live, as every night does, or as a person wants it who gives a reason; return what is live then.

    Raises:
        PublishError: as `versions.go_live` says; with a reason, as `move_pointer` says.
    """
    if not (reason or "").strip():
        return go_live(conn, version_id)
    if live_version(conn) != version_id:
        move_pointer(conn, version_id, moved_by, str(reason))
    return version_id


def move_pointer(conn: Connection, version_id: int, moved_by: str, reason: str) -> int | None:
    """Make a kept version live, forward or back, and return the one that was; readers see either, whole.

    Who and why stand in `ops.pointer_move`, in the same transaction.

    Raises:
        PublishError: no reason is given, or the version does not exist, is live already or has not passed its audit.
    """
    require_reason(reason)
    before = lock_live(conn)
    try:
        _require_choosable(conn, version_id, before)
        sign_move(conn, moved_by, reason.strip())
        point_to(conn, version_id, takes_audited=False)
    except PublishError:
        conn.rollback()
        raise
    except psycopg.errors.ForeignKeyViolation:  # it was being pruned while it was looked for
        conn.rollback()
        _require_choosable(conn, version_id, before)
        raise
    conn.commit()
    log.info("live: version %d instead of %s, by %s: %s", version_id, before or "none", moved_by, reason)
    return before


def require_reason(reason: str) -> None:
    """Refuse to move the pointer by hand without a word.

    Raises:
        PublishError: there is no reason.
    """
    if not reason.strip():
        raise PublishError("moving the pointer by hand needs a reason, which is kept with the move")


def _require_choosable(conn: Connection, version_id: int, live: int | None) -> None:
    rows = fetch(conn, "serving/batch_of_version", {"version_id": version_id})
    status = rows[0]["status"] if rows else None
    if status in ("audited", "published") and version_id != live:
        return
    cause = "does not exist" if status is None else "is live already" if version_id == live else f"is {status}"
    choices = [row["version"] for row in kept_versions(conn) if row["status"] != "live"]
    allowed = ", ".join(map(str, choices)) or "none: no other version is kept"
    raise PublishError(f"version {version_id} {cause}; allowed are {allowed}")
