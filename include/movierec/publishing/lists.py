"""Write a version of the lists: what every viewer is shown and why, similar movies, the fallback list.

Everything is computed first; the version is locked only while the rows are copied in.
"""

import json
import logging
import time
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from movierec.config import Settings
from movierec.data.arrays import Ints
from movierec.data.columns import MOVIE, RANK, SCORE, USER
from movierec.data.dataset import Dataset
from movierec.db import Connection, fetch, run_sql
from movierec.features.content import MovieFeatures
from movierec.features.profiles import is_known
from movierec.publishing.dislikes import disliked_movies, lower_neighbours
from movierec.publishing.evidence import BECAUSE
from movierec.publishing.reasons import POPULAR_BY_RANKER, REASON, with_reasons
from movierec.publishing.similar import SIMILAR, similar_movies
from movierec.publishing.version_writing import (
    ABOUT_MOVIE,
    load_champion,
    open_facts,
    replace_rows,
    require_fitted_on,
    rows_of,
    with_movie_facts,
)
from movierec.publishing.versions import SIMILAR_LENGTH, Version, find_version
from movierec.rankers import registry
from movierec.rankers.base import Ranker
from movierec.rankers.saved_models.model_card import CARD, read_card
from movierec.training.data import TrainingData
from movierec.training.folder import TrainingFolder

log = logging.getLogger(__name__)

VIEWERS_AT_ONCE = 20_000  # whose ranked movies are held before they are cut down
NEWCOMERS_RANKER = "recent_popularity"
NEWCOMER = -1  # nobody's id: they start at 0


def fit_champion(conn: Connection, version_id: int, settings: Settings, *, take_published: bool = False) -> str:
    """Refit the winner, with the hyper-parameters it won with, on every rating of the snapshot; return its name.

    Args:
        conn: the warehouse.
        version_id: the version that it writes.
        settings: of this installation.
        take_published: take the model of an earlier publication of the same training as it is, where there is one.

    Raises:
        ModelError: what was fitted before is damaged, another ranker's, or fitted on other ratings.
    """
    started = time.monotonic()
    version = find_version(conn, version_id)
    folder = TrainingFolder.of(settings, version.training_id)
    if take_published and (folder.final_model(version.ranker) / CARD).exists():
        _, parameters = read_card(folder.final_model(version.ranker))
        _record_parameters(conn, version_id, parameters)
        log.info("%s of training %d as it was published", version.ranker, version.training_id)
        return version.ranker
    data = TrainingData(folder)
    decision = fetch(conn, "ml/find_decision", {"training_id": version.training_id})
    ranker = data.refit(version.ranker, *(row["protocol"] for row in decision))
    require_fitted_on(data.dataset, ranker, folder)
    ranker.save(folder.final_model(version.ranker))
    _record_parameters(conn, version_id, ranker.parameters())
    log.info(
        "refit %s: %s ratings, %.1f s", version.ranker, f"{len(data.dataset.ratings):,}", time.monotonic() - started
    )
    return version.ranker


def _record_parameters(conn: Connection, version_id: int, parameters: Mapping[str, Any]) -> None:
    run_sql(conn, "serving/record_parameters", {"version_id": version_id, "parameters": json.dumps(parameters)})
    conn.commit()


def write_lists(conn: Connection, version_id: int, shard: int, shards: int, settings: Settings) -> int:
    """Write the lists of the viewers whose id leaves `shard` when divided by `shards`, and return how many rows.

    What follows each list is kept beside it, without reasons.

    Raises:
        ModelError: the model is damaged, another ranker's, or was fitted on other ratings.
    """
    started = time.monotonic()
    version, folder, dataset = open_facts(conn, version_id, settings)
    viewers = _viewers(dataset)
    ranker = load_champion(version, folder, dataset)
    features = MovieFeatures.load(folder.final_features)
    lists, candidates = rank_for(ranker, dataset, features, viewers[viewers % shards == shard], version)
    part = {"shard": shard, "shards": shards}
    rows = replace_rows(conn, version_id, "recommendation", list(lists.columns), rows_of(lists), part)
    replace_rows(conn, version_id, "candidate", (USER, "movie_ids"), candidates.items(), part)
    conn.commit()
    seconds = time.monotonic() - started
    log.info("lists: shard %d of %d, %d viewers, %d rows, %.1f s", shard, shards, len(candidates), rows, seconds)
    return rows


def rank_for(
    ranker: Ranker, dataset: Dataset, features: MovieFeatures, viewers: Ints, version: Version
) -> tuple[pd.DataFrame, dict[int, list[int]]]:
    """Rank as many movies for each viewer as a version keeps.

    Args:
        ranker: a fitted ranker, folded in for these viewers where it was fitted without them.
        dataset: the facts about movies and users, and the ratings of at least these viewers.
        features: of its movies.
        viewers: user ids.
        version: how long the lists are, and how many candidates follow them.

    Returns:
        The lists (user_id, rank, movie_id, title, release_year, score, because_movie_id, reason), and for every viewer
        the movies that follow, best first.
    """
    lists: list[pd.DataFrame] = []
    candidates: dict[int, list[int]] = {}
    disliked = disliked_movies(dataset)
    for start in range(0, max(len(viewers), 1), VIEWERS_AT_ONCE):
        block = viewers[start : start + VIEWERS_AT_ONCE]
        ranked = ranker.recommend(block, version.list_length + version.candidates)
        ranked = lower_neighbours(ranked, disliked[disliked[USER].isin(block)], ranker.training_history_, features)
        is_listed = ranked[RANK] <= version.list_length
        lists.append(with_movie_facts(with_reasons(ranked[is_listed], dataset, ranker), dataset.movies))
        following = ranked[~is_listed].groupby(USER)[MOVIE].agg(list).to_dict()
        candidates |= {user: following.get(user, []) for user in block.tolist()}
    columns = [USER, RANK, MOVIE, *ABOUT_MOVIE, SCORE, BECAUSE, REASON]
    return pd.concat(lists, ignore_index=True)[columns], candidates


def write_similar(conn: Connection, version_id: int, settings: Settings) -> int:
    """Write the movies most like each movie and return how many rows."""
    _, folder, dataset = open_facts(conn, version_id, settings)
    features = MovieFeatures.load(folder.final_features)
    similar = with_movie_facts(similar_movies(dataset, features, SIMILAR_LENGTH), dataset.movies, SIMILAR)
    return _write(conn, version_id, "similar_movie", similar[[MOVIE, RANK, SIMILAR, *ABOUT_MOVIE, SCORE]])


def write_fallback(conn: Connection, version_id: int, settings: Settings) -> int:
    """Write the list for newcomers of whom nothing is known, what is popular these days, and return how many rows.

    It is what rankers show such a viewer, too: on newcomers of later days it has a mean NDCG@10 of .368, popularity of
    all times .337 (`rankers.cold_start.ColdStart`).
    """
    version, folder, dataset = open_facts(conn, version_id, settings)
    features = MovieFeatures.load(folder.final_features)
    popular = registry.create(NEWCOMERS_RANKER).fit(dataset, features).recommend([NEWCOMER], version.list_length)
    reason = POPULAR_BY_RANKER[NEWCOMERS_RANKER]
    entries = with_movie_facts(popular.assign(**{REASON: reason}), dataset.movies)
    return _write(conn, version_id, "fallback", entries[[RANK, MOVIE, *ABOUT_MOVIE, SCORE, REASON]])


def _viewers(dataset: Dataset) -> Ints:
    """Return who gets a list: whoever said something about a movie, or gave their age or gender; ascending."""
    with_profile = dataset.users.loc[is_known(dataset.users), USER]
    return np.union1d(dataset.ratings[USER], with_profile).astype(np.int64)


def _write(conn: Connection, version_id: int, table: str, frame: pd.DataFrame) -> int:
    rows = replace_rows(conn, version_id, table, list(frame.columns), rows_of(frame))
    conn.commit()
    return rows
