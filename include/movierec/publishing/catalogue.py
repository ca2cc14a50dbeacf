"""Write what pages and newcomers need with a version: facts about movies, titles to search, shelves, item weights."""

import logging
import time
from collections.abc import Iterator

import numpy as np

from movierec.config import Settings
from movierec.data.columns import LIKED_WEIGHT, MOVIE, RELEVANT_FROM
from movierec.db import Connection, run_sql
from movierec.ingestion.core import core_as_of
from movierec.kernels.top_k import top_k
from movierec.publishing.version_writing import load_champion, open_facts, replace_rows
from movierec.publishing.versions import find_version, lock_to_write
from movierec.rankers.base import Ranker

log = logging.getLogger(__name__)

SHELF_LENGTH = 60  # entries of a shelf in a version, from which a page leaves out what its viewer knows
WEIGHTS_PER_MOVIE = 100  # the largest item weights of a movie, which are kept
ROWS_AT_ONCE = 256  # movies whose weights for the whole catalogue are held
FILLED = ("catalogue", "genre", "title_trigram", "shelf_entry")  # tables of a version, in this order


def write_catalogue(conn: Connection, version_id: int) -> int:
    """Write facts about movies, the index of titles and the shelves, from the version's batch; return how many movies.

    Raises:
        ConfigError: the rows of its batch have been pruned.
    """
    started = time.monotonic()
    version = find_version(conn, version_id)
    parameters = {
        "version_id": version_id,
        "shelf_length": SHELF_LENGTH,
        "relevant_from": RELEVANT_FROM,
        "liked_weight": LIKED_WEIGHT,
    }
    with core_as_of(conn, version.batch_id):
        lock_to_write(conn, version_id)
        for table in FILLED:
            run_sql(conn, f"serving/clear_{table}", parameters)
        filled = {table: run_sql(conn, f"serving/fill_{table}", parameters) for table in FILLED}
        run_sql(conn, "serving/note_renamed", parameters)
        conn.commit()
    log.info("catalogue: %s, %.1f s", filled, time.monotonic() - started)
    return filled["catalogue"]


def write_item_weights(conn: Connection, version_id: int, settings: Settings) -> int:
    """Write how much having liked each movie speaks for others, and return for how many movies.

    Of movies that the ranker gives no weights, as rankers give none that do not work through pairs of movies, the
    similar movies of the version stand in, which must have been written.

    Raises:
        ModelError: the model is damaged, another ranker's, or was fitted on other ratings.
    """
    version, folder, dataset = open_facts(conn, version_id, settings)
    ranker = load_champion(version, folder, dataset)
    rows = item_weights(ranker, dataset.movies[MOVIE].to_numpy(np.int64))
    replace_rows(conn, version_id, "item_weight", (MOVIE, "movie_ids", "weights"), rows)
    written = run_sql(conn, "serving/fill_item_weight", {"version_id": version_id})
    conn.commit()
    log.info("item weights: similar movies stand in for %d movies", written)
    return len(dataset.movies)


def item_weights(ranker: Ranker, movie_ids: np.ndarray) -> Iterator[tuple[int, list[int], list[float]]]:
    """Yield each movie that speaks for others, these, and how much: the largest positive weights, descending."""
    positions = np.arange(len(movie_ids))
    for start in range(0, len(movie_ids), ROWS_AT_ONCE):
        sources = positions[start : start + ROWS_AT_ONCE]
        weights = ranker.item_weights(sources, positions).astype(np.float32)
        weights[weights <= 0] = -np.inf
        weights[np.arange(len(sources)), sources] = -np.inf
        rows, columns, _ = top_k(weights, WEIGHTS_PER_MOVIE)
        for row in np.unique(rows):
            of_row = columns[rows == row]
            yield int(movie_ids[start + row]), movie_ids[of_row].tolist(), weights[row, of_row].tolist()
