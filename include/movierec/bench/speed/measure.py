"""One ranker, or what it is measured beside: fitted, asked for everybody's lists, and timed."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from upath import UPath

from movierec.bench.speed import anchors
from movierec.bench.speed.report import COMPOSED, Figures
from movierec.comparison.memory import peak_bytes
from movierec.data.columns import MOVIE, USER
from movierec.data.dataset import Dataset
from movierec.data.history import History
from movierec.evaluation.metrics import accuracy
from movierec.evaluation.protocols import CUTOFF
from movierec.features.content import MovieFeatures
from movierec.rankers import registry

WARM_UP_ROWS = 1_000
TEST_SHARE = 0.1
LIST_LENGTH = 100
REPEATS = 3


def split(ratings: pd.DataFrame, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Hold a tenth of the rows out at random, and return the rows to learn from and the held-out ones."""
    is_test = np.random.default_rng([seed, 1]).random(len(ratings)) < TEST_SHARE
    return ratings[~is_test], ratings[is_test]


def measure_ranker(folder: str, name: str) -> Figures:
    """Fit one of our rankers on the dataset in a folder and make a list for everybody."""
    dataset, test = _read(folder)
    warm_up = dataset.with_ratings(dataset.ratings[:WARM_UP_ROWS])
    features = MovieFeatures.build(dataset)
    registry.create(name).fit(warm_up, features).recommend(warm_up.ratings[USER][:1], LIST_LENGTH)
    repeats = 1 if name in COMPOSED else REPEATS
    fit_seconds, ranker = fastest(repeats, lambda: registry.create(name).fit(dataset, features))
    users = ranker.history_.user_ids
    list_seconds, lists = fastest(repeats, lambda: ranker.recommend(users, LIST_LENGTH))
    stages = dict(getattr(ranker, "seconds_", {}))
    pairs = len(users) * len(dataset.movies)
    return Figures(name, fit_seconds, list_seconds, pairs, peak_bytes(), ndcg(lists, test), stages)


def measure_anchor(folder: str, name: str) -> Figures:
    """Do the same with what our ranker is measured beside."""
    dataset, test = _read(folder)
    history = History.of(dataset)
    anchor = anchors.ANCHORS[name]
    if name == "ease":
        return Figures(anchor, anchors.inverse_seconds(history, REPEATS), peak_bytes=peak_bytes())
    X = history.signal_matrix
    fit_seconds, model = fastest(REPEATS, lambda: anchors.model(name)(X))
    list_seconds, positions = fastest(REPEATS, lambda: anchors.lists(model, X, LIST_LENGTH))
    pairs = X.shape[0] * X.shape[1]
    return Figures(
        anchor, fit_seconds, list_seconds, pairs, peak_bytes(), ndcg(anchors.as_lists(positions, history), test)
    )


def fastest(repeats: int, work: Callable[[], Any]) -> tuple[float, Any]:
    """Call several times; return the least seconds and what the last call gave."""
    seconds = []
    for _ in range(repeats):
        started = time.perf_counter()
        result = work()
        seconds.append(time.perf_counter() - started)
    return min(seconds), result


def ndcg(lists: pd.DataFrame, test: pd.DataFrame, k: int = CUTOFF) -> float:
    """Return NDCG@k with every held-out movie relevant: enough to see that speed was not bought with worse lists."""
    return float(accuracy(lists, test[[USER, MOVIE]], [k])["ndcg"].mean())


def _read(folder: str) -> tuple[Dataset, pd.DataFrame]:
    return Dataset.load(UPath(folder)), pd.read_parquet(Path(folder) / "test.parquet")
