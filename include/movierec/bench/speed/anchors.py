"""What rankers are measured beside: `implicit`'s models of the same size, and the bare inverse within EASE."""

import time
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.linalg.lapack import spotrf, spotri
from threadpoolctl import threadpool_limits

from movierec.data.arrays import Floats, Ints
from movierec.data.columns import MOVIE, RANK, USER
from movierec.data.history import History
from movierec.kernels.parallel import cores
from movierec.rankers.ease import ridge_of
from movierec.rankers.ials import IALS
from movierec.rankers.item_knn import ItemKNN

ANCHORS = {"ials": "implicit ALS", "item_knn": "implicit CosineRecommender", "ease": "bare Cholesky inverse"}


def missing(ranker: str) -> str | None:
    """Tell what must be installed before this ranker's anchor can be measured; None if nothing."""
    if ranker in ("ials", "item_knn") and find_spec("implicit") is None:
        return "implicit is not installed here (pip install implicit); its rows are left out"
    return None


def model(ranker: str) -> Callable[[sparse.csr_matrix], Any]:
    """Return what fits `implicit`'s model of the size that our ranker has by default, on users × movies."""
    from implicit.als import AlternatingLeastSquares  # noqa: PLC0415 - only where it is installed
    from implicit.nearest_neighbours import CosineRecommender  # noqa: PLC0415

    if ranker == "item_knn":
        return lambda X: _fit(CosineRecommender(K=ItemKNN().neighbours, num_threads=cores()), X)
    own = IALS()
    sizes = {"factors": own.factors, "iterations": own.epochs, "regularization": own.regularisation}
    # Its alpha is the whole confidence of a rating, ours what comes on top of 1.
    same = {"alpha": 1 + own.alpha, "random_state": own.seed, "num_threads": cores()}
    settings = {**sizes, **same, "use_cg": True, "use_gpu": False}
    return lambda X: _fit(AlternatingLeastSquares(**settings), X)


def _fit(recommender: Any, X: sparse.csr_matrix) -> Any:
    with threadpool_limits(1, "blas"):  # as it asks for itself: its own threads do the work
        recommender.fit(X, show_progress=False)
    return recommender


def lists(recommender: Any, X: sparse.csr_matrix, k: int) -> Ints:
    """Return each user's k best unseen movies by `implicit` (users × k, positions)."""
    return np.asarray(recommender.recommend(np.arange(X.shape[0]), X, k, filter_already_liked_items=True)[0], np.int64)


def as_lists(positions: Ints, history: History) -> pd.DataFrame:
    """Return users × k positions of movies as lists (user_id, movie_id, rank)."""
    rows, columns = np.nonzero(positions >= 0)  # implicit fills lists that are too short with -1
    ids = {USER: history.user_ids[rows], MOVIE: history.movie_ids[positions[rows, columns]]}
    return pd.DataFrame({**ids, RANK: columns + 1})


def inverse_seconds(history: History, repeats: int) -> float:
    """Invert a matrix of the size and kind of EASE's by potrf and potri (float32) and return the best time."""
    X = history.signal_matrix[:, history.counts > 0]
    G = (X.T @ X).toarray(order="F").astype(np.float32)
    G[np.diag_indices_from(G)] += ridge_of(history)
    return min(_inverse(G) for _ in range(repeats))


def _inverse(G: Floats) -> float:
    matrix = G.copy(order="F")
    started = time.perf_counter()
    factor, _ = spotrf(matrix, lower=True, clean=False, overwrite_a=True)
    spotri(factor, lower=True, overwrite_c=True)
    return time.perf_counter() - started
