"""Write a version of the lists: what every viewer is shown and why, similar movies, the list for newcomers.

Everything is computed first; the version is locked only while the rows are copied in.
"""

import logging
import time
from collections.abc import Iterator

import numpy as np
import pandas as pd

from movierec.config import Settings
from movierec.data.arrays import Ints
from movierec.data.columns import MOVIE, RANK, SCORE, USER
from movierec.data.dataset import Dataset
from movierec.db import Connection, Parameters, copy_rows, run_sql
from movierec.evaluation.protocols import EVERYTHING
from movierec.features.content import MovieFeatures
from movierec.features.profiles import is_known
from movierec.publishing.evidence import BECAUSE
from movierec.publishing.reasons import POPULAR, REASON, with_reasons
from movierec.publishing.similar import SIMILAR, similar_movies
from movierec.publishing.versions import SIMILAR_LENGTH, Version, find_version, lock_to_write
from movierec.rankers import registry
from movierec.rankers.model_card import CARD, read_card
from movierec.training.data import TrainingData
from movierec.training.folder import TrainingFolder

log = logging.getLogger(__name__)

ABOUT_MOVIE = ("title", "release_year")  # kept with every entry, so that a live list does not change with the catalogue
NEWCOMER = 0  # nobody's id: they start at 1


def fit_champion(conn: Connection, version_id: int, settings: Settings) -> str:
    """Refit the winner, with the hyper-parameters it won with, on every rating of the snapshot; return its name."""
    started = time.monotonic()
    version = find_version(conn, version_id)
    folder = TrainingFolder.of(settings, version.training_id)
    data = TrainingData(folder)
    evaluated = folder.model(version.ranker)
    parameters = read_card(evaluated)[1] if (evaluated / CARD).exists() else {}
    ranker = data.fits.ranker(registry.create(version.ranker, **parameters), *data.side(EVERYTHING))
    ranker.save(folder.final_model(version.ranker))
    log.info(
        "refit %s: %s ratings, %.1f s", version.ranker, f"{len(data.dataset.ratings):,}", time.monotonic() - started
    )
    return version.ranker


def write_lists(conn: Connection, version_id: int, shard: int, shards: int, settings: Settings) -> int:
    """Write the lists of the viewers whose id leaves `shard` when divided by `shards`, and return how many rows."""
    started = time.monotonic()
    version, folder, dataset = _open(conn, version_id, settings)
    viewers = _viewers(dataset)
    ranker = registry.load(folder.final_model(version.ranker))
    lists = ranker.recommend(viewers[viewers % shards == shard], version.list_length)
    explained = _with_movie_facts(with_reasons(lists, dataset, ranker), dataset, MOVIE)
    columns = [USER, RANK, MOVIE, *ABOUT_MOVIE, SCORE, BECAUSE, REASON]
    rows = _write(conn, version_id, "recommendation", explained[columns], {"shard": shard, "shards": shards})
    seconds = time.monotonic() - started
    log.info("lists: shard %d of %d, %d viewers, %d rows, %.1f s", shard, shards, lists[USER].nunique(), rows, seconds)
    return rows


def write_similar(conn: Connection, version_id: int, settings: Settings) -> int:
    """Write the movies most like each movie and return how many rows."""
    _, folder, dataset = _open(conn, version_id, settings)
    features = MovieFeatures.load(folder.final_features)
    similar = _with_movie_facts(similar_movies(dataset, features, SIMILAR_LENGTH), dataset, SIMILAR)
    return _write(conn, version_id, "similar_movie", similar[[MOVIE, RANK, SIMILAR, *ABOUT_MOVIE, SCORE]])


def write_fallback(conn: Connection, version_id: int, settings: Settings) -> int:
    """Write the list for newcomers, what is popular, and return how many rows."""
    version, folder, dataset = _open(conn, version_id, settings)
    features = MovieFeatures.load(folder.final_features)
    popular = registry.create("popularity").fit(dataset, features).recommend([NEWCOMER], version.list_length)
    entries = _with_movie_facts(popular.assign(**{REASON: POPULAR}), dataset, MOVIE)
    return _write(conn, version_id, "fallback", entries[[RANK, MOVIE, *ABOUT_MOVIE, SCORE, REASON]])


def _open(conn: Connection, version_id: int, settings: Settings) -> tuple[Version, TrainingFolder, Dataset]:
    """Return a version that may be written, its training's folder, and the facts it is made from."""
    version = find_version(conn, version_id)
    folder = TrainingFolder.of(settings, version.training_id)
    return version, folder, Dataset.load(folder.snapshot)


def _viewers(dataset: Dataset) -> Ints:
    """Return who gets a list: whoever said something about a movie, or gave their age or gender; ascending."""
    with_profile = dataset.users.loc[is_known(dataset.users), USER]
    return np.union1d(dataset.ratings[USER], with_profile).astype(np.int64)


def _with_movie_facts(lists: pd.DataFrame, dataset: Dataset, movie: str) -> pd.DataFrame:
    """Add title and year of the movies in the column `movie`."""
    return lists.join(dataset.movies.set_index(MOVIE)[list(ABOUT_MOVIE)], on=movie)


def _write(conn: Connection, version_id: int, table: str, frame: pd.DataFrame, part: Parameters | None = None) -> int:
    """Replace a version's rows, or a part of them, in one transaction."""
    lock_to_write(conn, version_id)
    run_sql(conn, f"serving/clear_{table}", {"version_id": version_id, **(part or {})})
    rows = copy_rows(conn, f"serving.{table}", ("version_id", *frame.columns), _rows(version_id, frame))
    conn.commit()
    log.info("%s: %d rows", table, rows)
    return rows


def _rows(version_id: int, frame: pd.DataFrame) -> Iterator[list[object]]:
    with_nulls = frame.astype(object).where(frame.notna(), None)
    return ([version_id, *row] for row in with_nulls.itertuples(index=False))
