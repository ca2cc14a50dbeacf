"""Forgetting a viewer: rows leave every table and every artifact; what stays is how many there were."""

import logging
from collections.abc import Iterable, Mapping
from typing import Any

from movierec.config import LARGEST_ID, Settings
from movierec.db import ARTIFACTS_LOCK, SCHEMA_LOCKS, Connection, analyze, fetch, lock_step, run_sql, session_lock
from movierec.errors import ConfigError, QualityError
from movierec.forgetting.artifacts import files_with, forget_in_artifacts, viewers_in_artifacts
from movierec.ingestion.stage import STEP
from movierec.training.folder import TrainingFolder

log = logging.getLogger(__name__)

CLEARS_STATISTICS = 180_000  # the version of PostgreSQL; before, those of a table that becomes empty stay


def forget(conn: Connection, settings: Settings, user: int, by: str) -> dict[str, int]:
    """Forget a viewer, and return how many rows left each table.

    From the first moment on no source may send the viewer; what is being loaded is waited for. It can be repeated.

    Raises:
        ConfigError: nobody is named who asks for it, or no viewer can have the id.
        QualityError: something is left; it says where.
    """
    _require(user, by)
    run_sql(conn, "forgetting/refuse_user", {"user_id": user, "asked_by": by})
    conn.commit()
    removed = _forget_rows(conn, user)
    _renew_statistics(conn, removed)
    with session_lock(conn, ARTIFACTS_LOCK):  # else one who is removed meanwhile could be written back
        trained = forget_in_artifacts(settings, user)
        run_sql(conn, "forgetting/mark_for_refit", {"trainings": trained})
        conn.commit()
        _prove(conn, settings, trained, user)
    log.info("forget: %d rows of %d tables, %d trainings", sum(removed.values()), len(removed), len(trained))
    return removed


def forget_in_later_artifacts(conn: Connection, settings: Settings) -> list[int]:
    """Remove forgotten viewers from what tasks had begun before and wrote afterwards; return of which trainings.

    A fit that was under way when a viewer was forgotten had the viewer's ratings in memory. Nothing is looked at where
    nobody was forgotten since the last accepted night.
    """
    if not fetch(conn, "forgetting/is_unproven")[0]["is_unproven"]:
        conn.commit()
        return []
    with session_lock(conn, ARTIFACTS_LOCK):
        viewers = {"user_ids": viewers_in_artifacts(settings).tolist()}
        refused = [int(row["user_id"]) for row in fetch(conn, "forgetting/refused_among", viewers)]
        conn.commit()
        trained = sorted({training for user in refused for training in forget_in_artifacts(settings, user)})
        run_sql(conn, "forgetting/mark_for_refit", {"trainings": trained})
        conn.commit()
    log.info("forget: %d viewers in files that were written since, of trainings %s", len(refused), trained or "none")
    return trained


def forget_from_form(conn: Connection, settings: Settings, form: Mapping[str, Any], triggered_by: str | None) -> int:
    """Do what the form of `movierec_forget` says, and return how many rows left.

    Raises:
        ConfigError: a field is missing or not allowed.
        QualityError: something of the viewer is left.
    """
    if form["viewer"] is None:
        raise ConfigError("the form names no viewer; allowed is the id of one")
    by = form["who"] or triggered_by or ""
    if form["action"] == "allow":
        allow(conn, form["viewer"], by)
        return 0
    return sum(forget(conn, settings, form["viewer"], by).values())


def allow(conn: Connection, user: int, by: str) -> None:
    """Let sources send a forgotten viewer again: they are read anew on the next night.

    Raises:
        ConfigError: the viewer is not refused, or nobody is named who allows it.
    """
    _require(user, by)
    if not run_sql(conn, "forgetting/allow_user", {"user_id": user, "asked_by": by}):
        conn.rollback()
        raise ConfigError(f"viewer {user} is not refused; allowed is one who was forgotten")
    run_sql(conn, "forgetting/read_refused_again")
    conn.commit()


def _forget_rows(conn: Connection, user: int) -> dict[str, int]:
    """Delete the rows while nothing is loaded, staged, built or moved."""
    steps = [row["source"] for row in fetch(conn, "forgetting/known_sources")]
    for step in sorted({*steps, STEP}):
        lock_step(conn, step)
    for lock in SCHEMA_LOCKS.values():
        conn.execute("select pg_advisory_xact_lock(%s)", [lock])
    rows = fetch(conn, "forgetting/forget_user", {"user_id": user})
    conn.commit()
    return {row["table_name"]: int(row["rows"]) for row in rows}


def _renew_statistics(conn: Connection, tables: Iterable[str]) -> None:
    """Let the planner's statistics of tables, which hold values of their rows, be those of the rows that are left."""
    for table in tables:
        schema, name = table.split(".")
        if conn.info.server_version >= CLEARS_STATISTICS:
            fetch(conn, "forgetting/clear_statistics", {"schema_name": schema, "table_name": name})
        analyze(conn, schema, name)
        conn.commit()


def _prove(conn: Connection, settings: Settings, trained: Iterable[int], user: int) -> None:
    rows = fetch(conn, "forgetting/rows_of_viewer", {"user_id": user})
    conn.commit()
    left = [f"{row['table_name']}: {row['rows']} rows" for row in rows]
    left += [path for training in trained for path in files_with(TrainingFolder.of(settings, training), user)]
    if left:
        raise QualityError(f"of viewer {user} something is left: {'; '.join(left)}; forget the viewer again")


def _require(user: int, by: str) -> None:
    if not by.strip():
        raise ConfigError("forgetting needs the name of who asks for it")
    if not 0 <= user <= LARGEST_ID:
        raise ConfigError(f"the viewer is {user}; allowed is an id from 0 to {LARGEST_ID}")
