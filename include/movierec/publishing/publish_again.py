"""Publish a stored model again, all steps of `movierec_publish` in one call: for the command line, without Airflow."""

from datetime import UTC, datetime

from movierec.config import Settings
from movierec.db import Connection
from movierec.publishing import catalogue, deltas, lists, pointer, versions


def publish_again(conn: Connection, training_id: int, settings: Settings, moved_by: str, reason: str) -> int:
    """Write a version with the champion of a training as it was published, audit it, point to it, and return it.

    Raises:
        PublishError: the training has no champion, the version fails its audit, or there is no reason.
        ConfigError: the rows of its batch have been pruned.
    """
    pointer.require_reason(reason)
    run_id = f"rollback {datetime.now(UTC).isoformat(timespec='seconds')}"
    version_id = versions.open_version(conn, run_id, settings.top_n, [training_id])
    lists.fit_champion(conn, version_id, settings, take_published=True)
    lists.write_lists(conn, version_id, 0, 1, settings)
    lists.write_similar(conn, version_id, settings)
    lists.write_fallback(conn, version_id, settings)
    catalogue.write_catalogue(conn, version_id)
    catalogue.write_item_weights(conn, version_id, settings)
    versions.audit_version(conn, version_id)
    deltas.cover_feedback(conn, run_id, version_id, settings)
    pointer.move_pointer(conn, version_id, moved_by, reason)
    return version_id
