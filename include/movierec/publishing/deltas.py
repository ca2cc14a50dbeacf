"""Feedback within the hour: new lists for those who gave some, as a delta of a version that is live or about to be.

The champion that made the version folds these viewers in; nothing is learned anew, and nobody else's lists are touched.
A delta has the life of a version: opened, written, audited, live by moving the pointer.
"""

import logging
import time
from dataclasses import fields
from typing import Any

import numpy as np
import pandas as pd

from movierec.artifacts import load_frame
from movierec.config import Settings
from movierec.data.arrays import Ints
from movierec.data.columns import LIKED_WEIGHT, MOVIE, RELEVANT_FROM
from movierec.data.dataset import MOVIE_TABLES, SCHEMA, Dataset
from movierec.db import Connection, copy_rows, fetch, fetch_frame, run_sql
from movierec.errors import PublishError
from movierec.features.content import MovieFeatures
from movierec.publishing.lists import rank_for
from movierec.publishing.pointer import live_version
from movierec.publishing.version_writing import rows_of
from movierec.publishing.versions import Version, describe_failures
from movierec.rankers import registry
from movierec.training.folder import TrainingFolder

log = logging.getLogger(__name__)

MARGIN_MINUTES = 10  # before a batch's moment, from which on it may have missed what was committed late


def open_delta(conn: Connection, run_id: str, version_id: int | None = None) -> int | None:
    """Return the delta that a run writes for a version, the live one unless another is named.

    None where there is no live version, or one that was written before versions kept a catalogue: its viewers wait for
    the next night.
    """
    version_id = version_id or live_version(conn)
    rows = fetch(conn, "serving/open_delta", {"version_id": version_id, "run_id": run_id}) if version_id else []
    conn.commit()
    log.info("delta %s of version %s", rows[0]["delta_id"] if rows else "none", version_id or "none")
    return int(rows[0]["delta_id"]) if rows else None


def cover_feedback(conn: Connection, run_id: str, version_id: int, settings: Settings) -> int:
    """Give an audited version a delta, with which it goes live: what was said since its snapshot is not lost.

    Returns how many viewers have new lists.

    Raises:
        PublishError: the delta failed its audit.
    """
    delta_id = open_delta(conn, run_id, version_id)
    if delta_id is None:
        return 0
    viewers = write_delta(conn, delta_id, settings)
    audit_delta(conn, delta_id)
    return viewers


def write_delta(conn: Connection, delta_id: int, settings: Settings) -> int:
    """Write new lists for the viewers whose feedback the version does not know yet, and return how many viewers.

    Raises:
        PublishError: the delta does not exist or is published.
    """
    started = time.monotonic()
    conn.execute("set transaction isolation level repeatable read")
    version = _lock(conn, delta_id)
    (seen,) = conn.execute("select pg_current_snapshot()::text").fetchone() or (None,)
    viewers = _viewers(conn, delta_id)
    folder = TrainingFolder.of(settings, version.training_id)
    dataset = _facts(conn, folder, viewers) if len(viewers) else None
    conn.rollback()  # nobody is kept waiting while lists are made
    lists, candidates = _rank(folder, dataset, viewers, version) if dataset else (pd.DataFrame(), {})
    _lock(conn, delta_id)
    run_sql(conn, "serving/set_delta_status", {"delta_id": delta_id, "status": "building", "seen": seen})
    run_sql(conn, "serving/clear_delta", {"delta_id": delta_id})
    columns = ("delta_id", *lists.columns)
    copy_rows(conn, "serving.delta_recommendation", columns, ((delta_id, *row) for row in rows_of(lists)))
    viewer_rows = ((version.version_id, user, delta_id, movies) for user, movies in candidates.items())
    copy_rows(conn, "serving.delta_viewer", ("version_id", "user_id", "delta_id", "candidate_ids"), viewer_rows)
    conn.commit()
    seconds = time.monotonic() - started
    log.info("delta %d: %d viewers, %d rows, %.1f s", delta_id, len(viewers), len(lists), seconds)
    return len(viewers)


def audit_delta(conn: Connection, delta_id: int) -> None:
    """Check a written delta against what its viewers have said; only then may it go live.

    What its viewers have said since it was written is not held against it: the next delta is theirs.

    Raises:
        PublishError: a check failed: the delta is rejected, and readers see the earlier lists.
    """
    run_sql(conn, "serving/analyze_delta")
    conn.commit()
    version = _lock(conn, delta_id)
    failed = failed_checks(conn, delta_id)
    status = "rejected" if failed else "audited"
    run_sql(conn, "serving/set_delta_status", {"delta_id": delta_id, "status": status, "seen": None})
    conn.commit()
    log.info("audit: delta %d of version %d %s", delta_id, version.version_id, status)
    if failed:
        raise PublishError(f"delta {delta_id} is rejected and the earlier lists stay. {describe_failures(failed)}")


def failed_checks(conn: Connection, delta_id: int) -> dict[str, int]:
    """Return the checks that a delta fails, and how often it fails each."""
    parameters = {"delta_id": delta_id, "relevant_from": RELEVANT_FROM, "liked_weight": LIKED_WEIGHT}
    return {row["failed_check"]: int(row["failures"]) for row in fetch(conn, "serving/audit_delta", parameters)}


def delta_go_live(conn: Connection, delta_id: int) -> bool:
    """Publish an audited delta and point to it; return whether readers see it.

    False where another version has gone live meanwhile: it has a delta of its own.

    Raises:
        PublishError: the delta has not passed its audit.
    """
    fetch(conn, "serving/lock_live")
    run_sql(conn, "serving/delta_go_live", {"delta_id": delta_id})
    (row,) = fetch(conn, "serving/lock_delta", {"delta_id": delta_id}) or [{}]
    conn.commit()
    if row.get("delta_status") == "audited" and row["version_id"] != live_version(conn):
        log.info("delta %d: version %d is not live any more", delta_id, row["version_id"])
        return False
    if row.get("delta_status") != "published":
        raise PublishError(f"delta {delta_id} has not passed its audit; the earlier lists stay")
    log.info("live: delta %d of version %d", delta_id, row["version_id"])
    return True


def _viewers(conn: Connection, delta_id: int) -> Ints:
    rows = fetch(conn, "serving/delta_viewers", {"delta_id": delta_id, "margin_minutes": MARGIN_MINUTES})
    return np.array([row["user_id"] for row in rows], np.int64)


def _facts(conn: Connection, folder: TrainingFolder, viewers: Ints) -> Dataset:
    """Return the movies as the version's training saw them, and what these viewers say about them now."""
    frames = {name: load_frame(folder.snapshot / f"{name}.parquet") for name in MOVIE_TABLES}
    opinions = fetch_frame(conn, "serving/opinion", {"viewers": viewers.tolist()})
    profiles = fetch_frame(conn, "serving/viewer_profile", {"viewers": viewers.tolist()})
    known = opinions[opinions[MOVIE].isin(frames["movies"][MOVIE])]
    frames |= {"ratings": known.astype(SCHEMA["ratings"]), "users": profiles.astype(SCHEMA["users"])}
    return Dataset.of(frames)


def _rank(
    folder: TrainingFolder, dataset: Dataset, viewers: Ints, version: Version
) -> tuple[pd.DataFrame, dict[int, list[int]]]:
    ranker = registry.load(folder.final_model(version.ranker), version.ranker).fold_in(dataset)
    return rank_for(ranker, dataset, MovieFeatures.load(folder.final_features), viewers, version)


def _lock(conn: Connection, delta_id: int) -> Version:
    """Lock a delta that may still be written until the transaction ends, and return its version."""
    rows: list[dict[str, Any]] = fetch(conn, "serving/lock_delta", {"delta_id": delta_id})
    if not rows:
        raise PublishError(f"delta {delta_id} does not exist")
    if rows[0]["delta_status"] == "published":
        raise PublishError(f"delta {delta_id} is published and never changes; run movierec_feedback again")
    return Version(**{field.name: rows[0][field.name] for field in fields(Version)})
