"""Which vectors of movies measure better: pretrained words, terms, or what is learned from who rates what.

`python -m movierec.bench.embeddings FOLDER …` reads datasets that a training snapshotted and answers two questions for
each kind of vector, by NDCG@10. *known*: how well does nearness to a user's recent and liked movies rank the whole
catalogue? *new*: all ratings of a tenth of the movies are hidden; how well does it then rank these among each other?
Both are measured within the known side of the per-user temporal split; the test rows are never read.
"""

import argparse
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse
from upath import UPath

from movierec.data.arrays import Floats
from movierec.data.columns import MOVIE, RANK, USER
from movierec.data.dataset import Dataset
from movierec.data.history import History
from movierec.data.splits import per_user_temporal
from movierec.evaluation.metrics import accuracy, relevant_pairs
from movierec.evaluation.protocols import CUTOFF
from movierec.features.content import MovieFeatures
from movierec.kernels.top_k import top_k
from movierec.rankers.content import Content, collaborative_vectors, predicted_vectors

SEED = 1
HIDDEN_SHARE = 0.1
RIDGE = 0.5
PRIOR_RATINGS = 10.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a table for each dataset."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", metavar="FOLDER", help="a snapshot: trainings/<number>/snapshot")
    for folder in parser.parse_args(arguments).folders:
        print(folder, compare(Dataset.load(UPath(folder))).round(4).to_string(), sep="\n")  # noqa: T201
    return 0


def compare(dataset: Dataset) -> pd.DataFrame:
    """Return the NDCG@10 of each kind of vector (rows) for known and new movies (columns)."""
    outer, _ = per_user_temporal(dataset.ratings, seed=SEED)
    known, held_out = per_user_temporal(outer, seed=SEED)
    hidden = np.random.default_rng(SEED).random(len(dataset.movies)) < HIDDEN_SHARE
    is_hidden = outer[MOVIE].isin(dataset.movies.loc[hidden, MOVIE])
    all_movies = np.ones(len(hidden), bool)
    return pd.DataFrame(
        {
            "known": _ndcg(dataset.with_ratings(known), held_out, all_movies),
            "new": _ndcg(dataset.with_ratings(outer[~is_hidden]), outer[is_hidden], hidden),
        }
    )


def _ndcg(known: Dataset, held_out: pd.DataFrame, allowed: NDArray[np.bool_]) -> dict[str, float]:
    features, history = MovieFeatures.build(known), History.of(known)
    held_out = held_out[held_out[USER].isin(history.user_ids)]
    by_kind = {name: vectors(features, history) for name, vectors in KINDS.items()}
    quality = partial(_quality, history=history, held_out=held_out, allowed=allowed, relevant_from=known.relevant_from)
    by_nearness = {name: quality(_nearness(history, vectors)) for name, vectors in by_kind.items()}
    return by_nearness | {
        "content ranker": quality(Content().fit(known, features).scores(np.arange(history.shape[0]))),
        "popularity": quality(np.tile(history.counts, (history.shape[0], 1))),
    }


def _nearness(history: History, vectors: Any) -> Floats:
    recent_and_liked = history.matrix(np.exp(history.above_mean) * 0.5 ** (history.recency / 10))
    near = (recent_and_liked @ vectors) @ vectors.T
    return np.asarray(near.toarray() if sparse.issparse(near) else near, np.float32)


def _quality(
    scores: Floats, history: History, held_out: pd.DataFrame, allowed: NDArray[np.bool_], relevant_from: float | None
) -> float:
    scores = np.where(history.seen.toarray() > 0, -np.inf, scores)
    scores[:, ~allowed] = -np.inf
    rows, columns, ranks = top_k(scores.astype(np.float32), CUTOFF)
    lists = pd.DataFrame({USER: history.user_ids[rows], MOVIE: history.movie_ids[columns], RANK: ranks})
    return float(accuracy(lists, relevant_pairs(held_out, relevant_from), [CUTOFF])["ndcg"].mean())


def _confidence(history: History) -> Floats:
    """Return how much the ratings of each movie are to be trusted, from 0 to 1: few of them say little."""
    return history.counts / (history.counts + np.float32(PRIOR_RATINGS))


def _factors(history: History) -> Floats:
    return collaborative_vectors(history, Content().factors)


KINDS: dict[str, Callable[[MovieFeatures, History], Any]] = {
    "terms": lambda features, history: features.matrix,
    "wordllama": lambda features, history: features.embeddings,
    "SVD of ratings": lambda features, history: _factors(history),
    "SVD expected from terms": lambda features, history: predicted_vectors(
        features.matrix, _factors(history), _confidence(history), RIDGE
    ),
    "SVD expected from wordllama": lambda features, history: predicted_vectors(
        sparse.csr_matrix(features.embeddings), _factors(history), _confidence(history), RIDGE
    ),
}


if __name__ == "__main__":
    raise SystemExit(main())
