"""Write a version of the lists, audit it, move the pointer: readers see whole audited versions and never wait."""

import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from movierec import rankers
from movierec.artifacts import prune_trainings, training_folder
from movierec.columns import MOVIE, RANK, SCORE, USER
from movierec.config import Settings
from movierec.dataset import Dataset
from movierec.db import Connection, copy_rows, fetch, run_sql
from movierec.errors import PublishError
from movierec.evidence import evidence
from movierec.features.content import MovieFeatures
from movierec.similar import similar_movies

log = logging.getLogger(__name__)

SIMILAR = 20
POPULAR = "Popular with everyone"
LIST_COLUMNS = ("version_id", USER, RANK, MOVIE, SCORE, "because_movie_id", "reason")


@dataclass(frozen=True)
class Version:
    """One version of the lists and what it is made with."""

    version_id: int
    training_id: int
    ranker: str
    list_length: int
    status: str


def open_version(conn: Connection, run_id: str, list_length: int) -> int:
    """Return the version that a run writes: made the first time, reopened while it is not published.

    Raises:
        PublishError: no training has chosen a champion yet.
    """
    champions = fetch(conn, "ml/latest_champion")
    if not champions:
        raise PublishError("no champion has been chosen yet; run movierec_train first")
    champion = champions[0]
    parameters = {**champion, "run_id": run_id, "list_length": list_length}
    version_id = int(fetch(conn, "serving/open_version", parameters)[0]["version_id"])
    conn.commit()
    log.info("version %d: %s of training %d", version_id, champion["ranker"], champion["training_id"])
    return version_id


def writable(conn: Connection, version_id: int) -> Version:
    """Return a version that may still change, and take back its audit in the open transaction.

    Raises:
        PublishError: the version does not exist or is published.
    """
    found = fetch(conn, "serving/version", {"version_id": version_id})
    if not found:
        raise PublishError(f"version {version_id} does not exist")
    version = Version(**found[0])
    if version.status == "published":
        raise PublishError(
            f"version {version_id} is published and never changes; clear open_version to write a new one"
        )
    run_sql(conn, "serving/set_status", {"version_id": version_id, "status": "building"})
    return version


def fit_champion(conn: Connection, version_id: int, settings: Settings) -> str:
    """Refit the winner on every rating of the snapshot."""
    started = time.monotonic()
    version = writable(conn, version_id)
    folder = training_folder(settings, version.training_id)
    dataset = Dataset.load(folder / "snapshot")
    features = MovieFeatures.load(folder / "features")
    rankers.create(version.ranker).fit(dataset, features).save(folder / "final" / version.ranker)
    conn.commit()
    log.info("refit %s: %s ratings, %.1f s", version.ranker, f"{len(dataset.ratings):,}", time.monotonic() - started)
    return version.ranker


def write_lists(conn: Connection, version_id: int, shard: int, shards: int, settings: Settings) -> int:
    """Write the lists of the viewers whose id leaves `shard` when divided by `shards`, and return how many rows."""
    started = time.monotonic()
    version = writable(conn, version_id)
    folder = training_folder(settings, version.training_id)
    dataset = Dataset.load(folder / "snapshot")
    active = dataset.ratings[USER].unique()
    ranker = rankers.load(folder / "final" / version.ranker)
    lists = ranker.recommend(active[active % shards == shard], version.list_length)
    explained = _with_reasons(lists, dataset, ranker)
    run_sql(conn, "serving/clear_shard", {"version_id": version_id, "shard": shard, "shards": shards})
    rows = copy_rows(conn, "serving.recommendation", LIST_COLUMNS, _rows(version_id, explained, LIST_COLUMNS[1:]))
    conn.commit()
    viewers = lists[USER].nunique()
    log.info("lists: shard %d of %d, %d viewers, %d rows, %.1f s", shard, shards, viewers, rows, _since(started))
    return rows


def _with_reasons(lists: pd.DataFrame, dataset: Dataset, ranker: rankers.Ranker) -> pd.DataFrame:
    explained = evidence(lists, dataset, ranker)
    titles = dataset.movies.set_index(MOVIE)["title"]
    liked = "Because you liked " + explained["because_movie_id"].map(titles).astype("string")
    return explained.assign(reason=liked.fillna(POPULAR if ranker.name == "popularity" else "Picked for you"))


def write_similar(conn: Connection, version_id: int, settings: Settings) -> int:
    """Write the movies most like each movie and return how many rows."""
    folder = training_folder(settings, writable(conn, version_id).training_id)
    dataset = Dataset.load(folder / "snapshot")
    similar = similar_movies(dataset, MovieFeatures.load(folder / "features"), SIMILAR)
    run_sql(conn, "serving/clear_similar_movie", {"version_id": version_id})
    columns = (MOVIE, RANK, "similar_movie_id", SCORE)
    rows = copy_rows(conn, "serving.similar_movie", ("version_id", *columns), _rows(version_id, similar, columns))
    conn.commit()
    log.info("similar movies: %d rows", rows)
    return rows


def write_fallback(conn: Connection, version_id: int, settings: Settings) -> int:
    """Write the list for newcomers, what is popular, and return how many rows."""
    version = writable(conn, version_id)
    folder = training_folder(settings, version.training_id)
    dataset = Dataset.load(folder / "snapshot")
    ranker = rankers.create("popularity").fit(dataset, MovieFeatures.load(folder / "features"))
    newcomer = int(dataset.ratings[USER].max()) + 1
    popular = ranker.recommend([newcomer], version.list_length)
    run_sql(conn, "serving/clear_fallback", {"version_id": version_id})
    columns = (RANK, MOVIE, SCORE)
    rows = copy_rows(conn, "serving.fallback", ("version_id", *columns), _rows(version_id, popular, columns))
    conn.commit()
    log.info("fallback: %d rows", rows)
    return rows


def audit_version(conn: Connection, version_id: int) -> None:
    """Check a written version against the facts; only then may it go live.

    Raises:
        PublishError: a check failed; the version is rejected and the live one stays.
    """
    writable(conn, version_id)
    failed = fetch(conn, "serving/audit", {"version_id": version_id, "similar_length": SIMILAR})
    status = "rejected" if failed else "audited"
    run_sql(conn, "serving/set_status", {"version_id": version_id, "status": status})
    conn.commit()
    log.info("audit: version %d %s", version_id, status)
    if failed:
        seen = "; ".join(f"{row['failed_check']}: {row['failures']} times" for row in failed)
        raise PublishError(f"version {version_id} is rejected and the live version stays. {seen}")


def go_live(conn: Connection, version_id: int) -> int:
    """Publish an audited version, point to it in the same transaction, and return it.

    Raises:
        PublishError: the version has not passed its audit.
    """
    run_sql(conn, "serving/go_live", {"version_id": version_id})
    conn.commit()
    if live_version(conn) != version_id:
        raise PublishError(f"version {version_id} has not passed its audit; the live version stays")
    log.info("live: version %d", version_id)
    return version_id


def live_version(conn: Connection) -> int | None:
    """Return the version that readers see, or None before the first publication."""
    rows = fetch(conn, "serving/live_version")
    return int(rows[0]["version_id"]) if rows else None


def prune(conn: Connection, settings: Settings) -> dict[str, int]:
    """Drop versions and trainings' artifacts beyond the nights that are kept, and return how many of each."""
    versions = run_sql(conn, "serving/prune_versions", {"keep_nights": settings.keep_nights})
    conn.commit()
    kept = {int(row["training_id"]) for row in fetch(conn, "serving/kept_trainings")}
    trainings = prune_trainings(settings, kept)
    log.info("prune: %d versions, trainings %s", versions, trainings or "none")
    return {"versions": versions, "trainings": len(trainings)}


def _rows(version_id: int, frame: pd.DataFrame, columns: Iterable[str]) -> Iterable[list[object]]:
    plain = frame[list(columns)].astype(object).where(frame[list(columns)].notna(), None)
    return ([version_id, *row] for row in plain.itertuples(index=False))


def _since(started: float) -> float:
    return time.monotonic() - started
