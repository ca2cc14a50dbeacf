"""The pointer to the version that readers see: every night moves it forward, a person to any version that is kept.

Readers see one whole audited version and never wait. Who moved the pointer, and why, stands in `ops.pointer_move`.
"""

import logging
from typing import Any

import psycopg

from movierec.dag_ids import PUBLISH
from movierec.db import Connection, fetch, run_sql
from movierec.errors import PublishError
from movierec.evaluation.protocols import CUTOFF

log = logging.getLogger(__name__)

HELD_SECONDS = 10  # after which whoever holds the pointer does not move it any more, but hangs
COMPARED_VIEWERS = 5_000  # of whom churn is measured, which is a mean: more would not change it


def live_version(conn: Connection) -> int | None:
    """Return the version that readers see, or None before the first publication."""
    rows = fetch(conn, "serving/live_version")
    return int(rows[0]["version_id"]) if rows else None


def go_live(conn: Connection, version_id: int) -> int:
    """Publish an audited version, point to it in the same transaction, and return the version that is live.

    A version of an earlier batch than the live one's, such as a backfill makes, is kept beside it.

    Raises:
        PublishError: the version has not passed its audit, a newer one of the same batch is live, or a person has
            taken back a version by the same ranker.
    """
    live = lock_live(conn)
    batch = _batch_of_version(conn, version_id)
    if live is not None and batch["status"] == "audited" and batch["is_earlier"]:
        conn.rollback()
        log.info("version %d shows an earlier night, as of %s; live stays %d", version_id, batch["as_of"], live)
        return live
    if batch["status"] == "audited":
        _require_not_taken_back(conn, version_id)
    sign_move(conn, PUBLISH, f"{batch['ranker']} is the champion of training {batch['training_id']}")
    if fetch(conn, "serving/is_next", {"version_id": version_id})[0]["is_next"]:
        point_to(conn, version_id, takes_audited=True)
    conn.commit()
    live = live_version(conn)
    if live == version_id:
        log.info("live: version %d", version_id)
        return version_id
    cause = "has not passed its audit" if live is None or live < version_id else "is older than the live one"
    raise PublishError(f"version {version_id} {cause}; live stays {live or 'none'}")


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
        PublishError: as `go_live` says; with a reason, as `move_pointer` says.
    """
    if not (reason or "").strip():
        return go_live(conn, version_id)
    if live_version(conn) != version_id:
        move_pointer(conn, version_id, moved_by, str(reason))
    return version_id


def move_pointer(
    conn: Connection, version_id: int, moved_by: str, reason: str, instead_of: int | None = None
) -> int | None:
    """Make a kept version live, forward or back, and return the one that was; readers see either, whole.

    Who and why stand in `ops.pointer_move`, in the same transaction.

    Args:
        conn: the warehouse.
        version_id: which one.
        moved_by: who.
        reason: why.
        instead_of: which version was live when the decision was made; None: whatever is live.

    Raises:
        PublishError: no reason is given, or the version does not exist, is live already or has not passed its audit, or
            another one has gone live since the decision, or another move does not end.
    """
    require_reason(reason)
    previous = _lock_live_soon(conn)
    try:
        _require_choosable(conn, version_id, previous)
        if instead_of not in (None, previous):
            raise PublishError(
                f"version {previous} has gone live since the versions were listed, when version {instead_of} was, and "
                "would be taken back unseen; look at its lists, then clear list_versions to be asked again"
            )
        sign_move(conn, moved_by, reason.strip())
        point_to(conn, version_id, takes_audited=False)
    except PublishError:
        conn.rollback()
        raise
    except psycopg.errors.ForeignKeyViolation:  # it was being pruned while it was looked for
        conn.rollback()
        _require_choosable(conn, version_id, previous)
        raise
    conn.commit()
    log.info("live: version %d instead of %s, by %s: %s", version_id, previous or "none", moved_by, reason)
    return previous


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


def lock_live(conn: Connection) -> int | None:
    """Return the version that readers see, None before the first; nobody else moves the pointer in the meantime."""
    rows = fetch(conn, "serving/lock_live")
    return int(rows[0]["version_id"]) if rows else None


def _lock_live_soon(conn: Connection) -> int | None:
    """Lock the pointer as `lock_live` does, for a person, who is not left waiting without a word.

    Raises:
        PublishError: another transaction holds it for longer than a move takes.
    """
    conn.execute("select set_config('lock_timeout', %s, true)", [f"{HELD_SECONDS}s"])
    try:
        return lock_live(conn)
    except psycopg.errors.LockNotAvailable:
        conn.rollback()
        holder = fetch(conn, "serving/pointer_holder")
        conn.rollback()
        who = f"process {holder[0]['pid']} of the database server has held it" if holder else "it has been held"
        raise PublishError(
            f"the pointer cannot be moved: {who} for more than {HELD_SECONDS} s, and a move takes milliseconds; live "
            f"stays {live_version(conn) or 'none'}; end that process, or try again"
        ) from None


def point_to(conn: Connection, version_id: int, takes_audited: bool) -> None:
    """Move the pointer in one statement of the open transaction, unless the version has not passed its audit.

    Args:
        conn: the warehouse.
        version_id: to point to; published if it was not.
        takes_audited: its newest delta goes live with it even if it was never live and the version was.
    """
    run_sql(conn, "serving/move_pointer", {"version_id": version_id, "takes_audited": takes_audited})


def sign_move(conn: Connection, moved_by: str, reason: str) -> None:
    """Say who moves the pointer in the open transaction, and why: `ops.pointer_move` keeps it with the move."""
    fetch(conn, "serving/sign_move", {"moved_by": moved_by, "reason": reason})


def _batch_of_version(conn: Connection, version_id: int) -> dict[str, Any]:
    rows = fetch(conn, "serving/batch_of_version", {"version_id": version_id})
    if not rows:
        raise PublishError(f"version {version_id} does not exist")
    return rows[0]


def _require_not_taken_back(conn: Connection, version_id: int) -> None:
    """Refuse to publish the work of a ranker whose last version a person has taken back."""
    for move in fetch(conn, "serving/taken_back", {"version_id": version_id}):
        conn.rollback()
        raise PublishError(
            f"version {version_id} is by {move['from_ranker']}, whose version {move['from_version_id']} "
            f"{move['moved_by']} took back on {move['moved_at']:%Y-%m-%d %H:%M} UTC ({move['reason']}), so it stays "
            f"beside the live version {live_version(conn)}; movierec_rollback shows it and brings it live"
        )
