"""A batch is one run of ingestion: opened by the run, accepted once every gate has passed, pruned when it is old."""

import logging
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from movierec.code_version import code_version
from movierec.db import Connection, fetch, run_sql
from movierec.errors import ConfigError
from movierec.sources.http.addresses import without_secrets

log = logging.getLogger(__name__)

STATUSES = ("open", "built", "refused", "accepted")


def open_batch(
    conn: Connection,
    run_id: str,
    dataset: str,
    as_of: datetime | None = None,
    *,
    sources: Sequence[str] | None = None,
    accept_volume_change: bool = False,
    is_full: bool = False,
) -> int:
    """Return the id of a run's batch, which is created the first time; a run that starts over keeps its batch.

    Batches that a clock which was ahead has dated in the future are dated back first.

    Args:
        conn: the warehouse.
        run_id: the Airflow run; it has one batch.
        dataset: folder, zip or URL of the rating files; a URL is kept without its query, which may be secret.
        as_of: the batch ignores what happened after this time, which needs a time zone; None means now.
        sources: the sources that settings name; the batch has no other one. None means all that ever delivered.
        accept_volume_change: counts and distributions may differ from the batches before.
        is_full: read databases from the start, apply the rules to every row again, rebuild core.

    Raises:
        ConfigError: `as_of` lies in the future or has no time zone, or the dataset's URL holds a password.
    """
    if "://" in dataset and "@" in dataset.partition("://")[2].partition("/")[0]:
        raise ConfigError("the dataset's URL holds a password, which would be kept; allowed is a URL without one")
    dataset = without_secrets(dataset)
    now = datetime.now(UTC)
    as_of = as_of or now
    if as_of.tzinfo is None or as_of > now:
        raise ConfigError(f"as_of is {as_of.isoformat()}; allowed is a moment of the past, with its time zone")
    options = {"accept_volume_change": accept_volume_change, "is_full": is_full}
    named = None if sources is None else list(sources)
    parameters = {"run_id": run_id, "dataset": dataset, "sources": named, "as_of": as_of, **options}
    for ahead in fetch(conn, "ops/date_back", {"right_now": now}):
        log.warning(
            "batch %d is dated %s, which is still to come, by a clock that was ahead; it counts as of %s from now on",
            *(ahead["batch_id"], ahead["dated"].isoformat(), ahead["as_of"].isoformat()),
        )
    batch_id = int(fetch(conn, "ops/open_batch", parameters | {"code_version": code_version()})[0]["batch_id"])
    conn.commit()
    log.info("batch %d: %s as of %s from %s", batch_id, run_id, as_of.isoformat(), dataset)
    return batch_id


def carry_sources(conn: Connection, batch_id: int) -> None:
    """Let each source that did not deliver stand in a batch, in the open transaction, with what it delivered last.

    One that no setting names any more has no part in it, which is said once.
    """
    run_sql(conn, "ops/carry_sources", {"batch_id": batch_id})
    for left in fetch(conn, "ops/remark_left_sources", {"batch_id": batch_id}):
        log.warning("batch %d: %s: %s", batch_id, left["source"], left["sentence"])


def accept_batch(conn: Connection, batch_id: int, keep_nights: int) -> int:
    """Accept a batch, prune the slices that none of the last `keep_nights` batches contains, and return its id."""
    run_sql(conn, "ops/accept_batch", {"batch_id": batch_id})
    run_sql(conn, "ops/prune_slices", {"batch_id": batch_id, "keep_nights": keep_nights})
    conn.commit()
    run_sql(conn, "ops/summarize_slices")
    conn.commit()
    log.info("batch %d: accepted", batch_id)
    return batch_id


def reopen_batch(conn: Connection, batch_id: int, statuses: Iterable[str] = STATUSES) -> None:
    """Note that a batch in one of these statuses is on its way again, so that nothing is learned from it meanwhile."""
    run_sql(conn, "ops/reopen_batch", {"batch_id": batch_id, "statuses": list(statuses)})
    conn.commit()


def find_batch(conn: Connection, batch_id: int) -> dict[str, Any]:
    """Return a batch's row: `batch_id`, `run_id`, `dataset`, `as_of`, `status` and the options of its form.

    Raises:
        ConfigError: there is no batch of that id.
    """
    rows = fetch(conn, "ops/batch", {"batch_id": batch_id})
    if not rows:
        raise ConfigError(f"batch {batch_id} does not exist")
    return rows[0]
