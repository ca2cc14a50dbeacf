"""The life of a version: opened, written, audited, pruned; `movierec.publishing.pointer` shows it to readers."""

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from movierec.artifacts import remove_unfinished
from movierec.code_version import code_version
from movierec.config import Settings
from movierec.data.columns import LIKED_WEIGHT, RELEVANT_FROM
from movierec.db import Connection, fetch, run_sql
from movierec.errors import PublishError
from movierec.ingestion.core import core_as_of
from movierec.training.fit_store import prune_fits
from movierec.training.folder import TrainingFolder, prune_trainings, trainings
from movierec.training.store_mark import require_own_store

log = logging.getLogger(__name__)

SIMILAR_LENGTH = 20  # similar movies of each movie in a version
CANDIDATES_PER_MOVIE = 3  # movies that are kept to follow each one of a list, from which filters fill a page


@dataclass(frozen=True)
class Version:
    """One version of the lists and what it is made with."""

    version_id: int
    training_id: int
    batch_id: int
    ranker: str
    list_length: int
    candidates: int
    status: str


def open_version(conn: Connection, run_id: str, list_length: int, training_ids: Sequence[int] = ()) -> int:
    """Return the version that a run writes: made the first time, reopened while it is not published.

    Args:
        conn: the warehouse.
        run_id: the Airflow run; it has one unpublished version.
        list_length: movies per list.
        training_ids: whose champion is published, the newest night's where several are named; none: the champion of
            the newest accepted night.

    Raises:
        PublishError: no training, or none of those, has chosen a champion yet.
    """
    champion = _champion(conn, training_ids)
    candidates = CANDIDATES_PER_MOVIE * list_length
    kept = {"list_length": list_length, "candidates": candidates, "code_version": code_version()}
    parameters = {**champion, "run_id": run_id, **kept}
    version_id = int(fetch(conn, "serving/open_version", parameters)[0]["version_id"])
    conn.commit()
    log.info("version %d: %s of training %d", version_id, champion["ranker"], champion["training_id"])
    return version_id


def is_due(conn: Connection) -> bool:
    """Tell whether there is a champion of the newest accepted night that no version has been written of.

    A version that was written and is not live, such as after a rollback, waits for a person and not for the clock.
    """
    champions = fetch(conn, "ml/latest_champion")
    if not champions:
        return False
    return not fetch(conn, "serving/is_written", {"training_id": champions[0]["training_id"]})[0]["is_written"]


def _champion(conn: Connection, training_ids: Sequence[int]) -> dict[str, object]:
    named = {"training_ids": list(training_ids)}
    champions = fetch(conn, "ml/champion_of", named) if training_ids else fetch(conn, "ml/latest_champion")
    if champions:
        return champions[0]
    if training_ids:
        listed = ", ".join(map(str, training_ids))
        raise PublishError(f"training {listed} has chosen no champion; allowed is one that ended with choose_champion")
    raise PublishError("no champion has been chosen yet; run movierec_train first")


def find_version(conn: Connection, version_id: int) -> Version:
    """Return a version that may still be written, without holding it.

    Raises:
        PublishError: the version does not exist or is published.
    """
    version = _lock(conn, "serving/lock_to_write", version_id)
    conn.rollback()
    return version


def lock_to_write(conn: Connection, version_id: int) -> Version:
    """Lock a version until the transaction ends, beside other writers; an audit it had is taken back.

    Raises:
        PublishError: the version does not exist or is published.
    """
    run_sql(conn, "serving/revoke_audit", {"version_id": version_id})
    return _lock(conn, "serving/lock_to_write", version_id)


def audit_version(conn: Connection, version_id: int) -> None:
    """Check a written version against the facts of its batch; only then may it go live.

    Raises:
        PublishError: a check failed: the version is rejected and the live one stays.
        ConfigError: the rows of its batch have been pruned.
    """
    version = find_version(conn, version_id)
    run_sql(conn, "serving/analyze_version")
    conn.commit()
    with core_as_of(conn, version.batch_id):
        _lock(conn, "serving/lock_to_audit", version_id)
        failed = failed_checks(conn, version_id)
        status = "rejected" if failed else "audited"
        outcome = {"version_id": version_id, "status": status, "failed_checks": json.dumps(failed)}
        run_sql(conn, "serving/set_status", outcome)
        conn.commit()
    log.info("audit: version %d %s", version_id, status)
    if failed:
        raise PublishError(f"version {version_id} is rejected and the live version stays. {describe_failures(failed)}")


def describe_failures(failed: Mapping[str, int]) -> str:
    """Say which checks of an audit failed, and how often each did."""
    return "; ".join(f"{check}: {failures} times" for check, failures in failed.items())


def failed_checks(conn: Connection, version_id: int) -> dict[str, int]:
    """Return the checks that a version fails against the layer in the search path, and how often it fails each."""
    parameters = {
        "version_id": version_id,
        "similar_length": SIMILAR_LENGTH,
        "relevant_from": RELEVANT_FROM,
        "liked_weight": LIKED_WEIGHT,
    }
    return {row["failed_check"]: int(row["failures"]) for row in fetch(conn, "serving/audit", parameters)}


def prune(conn: Connection, settings: Settings) -> dict[str, int]:
    """Drop versions and trainings' artifacts beyond the nights that are kept, and return how many of each.

    With them go the files that tasks had begun to write in kept ones when they were killed, and of all trainings before
    the newest what only the next night could have used.

    Raises:
        ConfigError: the artifact store is another warehouse's.
    """
    require_own_store(conn, settings)
    versions = run_sql(conn, "serving/prune_versions", {"keep_nights": settings.keep_nights})
    run_sql(conn, "serving/prune_incoming")
    run_sql(conn, "serving/prune_unlearned")
    conn.commit()
    kept = {int(row["training_id"]): row["champion"] for row in fetch(conn, "serving/kept_trainings")}
    pruned = prune_trainings(settings, kept)
    *earlier, _ = [number for number, champion in kept.items() if champion] or [0]
    fits = sum(prune_fits(TrainingFolder.of(settings, number), kept[number]) for number in earlier)
    unfinished = remove_unfinished(trainings(settings))
    log.info(
        "prune: %d versions, trainings %s, %d fits, %d unfinished files", versions, pruned or "none", fits, unfinished
    )
    return {"versions": versions, "trainings": len(pruned)}


def _lock(conn: Connection, query: str, version_id: int) -> Version:
    rows = fetch(conn, query, {"version_id": version_id})
    if not rows:
        raise PublishError(f"version {version_id} does not exist")
    version = Version(**rows[0])
    if version.status == "published":
        raise PublishError(
            f"version {version_id} is published and never changes; clear open_version to write a new one"
        )
    return version
