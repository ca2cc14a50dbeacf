"""Movies similar to those a user rated; one that nobody rated yet is compared by its content."""

from typing import ClassVar

import numpy as np
from scipy import sparse
from sklearn.utils.extmath import randomized_svd

from movierec.artifacts import Arrays
from movierec.data.arrays import Floats, Ints
from movierec.data.dataset import Dataset
from movierec.data.history import History
from movierec.features.content import MovieFeatures
from movierec.features.embeddings import unit_rows
from movierec.rankers.base import Ranker
from movierec.rankers.building_blocks.fits import Fits
from movierec.rankers.building_blocks.search_space import Range, Space

GRADIENT_STEPS = 25  # of conjugate gradients
POWER_ITERATIONS = 6  # of the decomposition
SEED = 0  # of the decomposition, which hardly depends on it


class Content(Ranker):
    """Compares movies with the mean of what the user rated; liked and recent movies count more.

    A movie's vector is v = w · o + (1 - w) · c with w = n / (n + prior_ratings) for its n ratings. o is its vector by
    who rates it (the movies' side of a singular value decomposition, length 1), c the one that is predicted from its
    genres, people, words, release and countries by a ridge regression of o on these terms. So content decides about new
    and rarely rated movies, and gives way as ratings come in (after Wang and Blei 2011, who learn both jointly).

    A rating r of a user whose mean is m weighs exp(liking · (r - m)) · ½^(recency / half_life), where recency counts
    the user's later ratings: positive, so a user who rates everything the same still has a profile. Other feedback
    counts with its weight. `popularity_weight` times log(1 + n), divided by the largest of all movies, is added to the
    mean similarity; it orders the movies about which nothing else is known.
    """

    name = "content"
    weighted_: tuple[History, sparse.csr_matrix] | None = None  # the history that was weighted last, and how
    space: ClassVar[Space] = {
        "factors": Range(32, 256, log=True, whole=True),
        "prior_ratings": Range(1, 50, log=True),
        "regularisation": Range(0.03, 3, log=True),
        "liking": Range(0, 2),
        "half_life": Range(3, 50, log=True),
        "popularity_weight": Range(0.001, 0.3, log=True),
    }

    def __init__(
        self,
        *,
        factors: int = 128,
        prior_ratings: float = 10.0,
        regularisation: float = 0.5,
        liking: float = 1.0,
        half_life: float = 10.0,
        popularity_weight: float = 0.05,
    ) -> None:
        """Store the length of a vector, how soon ratings outweigh content, the ridge, and what makes a profile."""
        self.factors = factors
        self.prior_ratings = prior_ratings
        self.regularisation = regularisation
        self.liking = liking
        self.half_life = half_life
        self.popularity_weight = popularity_weight

    def _fit(self, dataset: Dataset, features: MovieFeatures, fits: Fits) -> None:
        n = self.training_history_.counts
        w = n / (n + self.prior_ratings)
        o = collaborative_vectors(self.training_history_, self.factors)
        c = predicted_vectors(features.matrix, o, w, self.regularisation)
        self.vectors_ = np.asarray(w[:, None] * o + (1 - w)[:, None] * c, np.float32)

    def scores(self, users: Ints) -> Floats:
        """Compare these users' profiles with all movies."""
        weights = self._weighted_history()[users]
        profiles = weights @ self.vectors_ / np.maximum(np.asarray(weights.sum(axis=1)), 1e-9)
        n = np.log1p(self.training_history_.counts)
        popularity = self.popularity_weight * n / max(float(n.max(initial=0)), 1e-9)
        return np.asarray(profiles @ self.vectors_.T + popularity, np.float32)

    def _weighted_history(self) -> sparse.csr_matrix:
        """Weigh the history once (users × movies), and again after `fold_in`."""
        history = self.history_
        if self.weighted_ is None or self.weighted_[0] is not history:
            self.weighted_ = history, history.matrix(self.history_weights(np.arange(len(history.users))))
        return self.weighted_[1]

    def history_weights(self, ratings: Ints) -> Floats:
        """Return the weights of these ratings (indices) in the user's mean."""
        history = self.history_
        liking = np.exp(self.liking * history.above_mean[ratings])
        by_rating = np.where(np.isfinite(history.ratings[ratings]), liking, history.signal[ratings])
        return np.asarray(by_rating * 0.5 ** (history.recency[ratings] / self.half_life), np.float32)

    def item_weights(self, sources: Ints, targets: Ints) -> Floats:
        """Return the similarities whose mean is the score."""
        return np.asarray(self.vectors_[sources] @ self.vectors_[targets].T, np.float32)

    def _to_arrays(self) -> Arrays:
        return {"vectors": self.vectors_}

    def _from_arrays(self, arrays: Arrays, folder: object) -> None:
        self.vectors_ = arrays["vectors"]


def collaborative_vectors(history: History, factors: int) -> Floats:
    """Decompose the signals of all ratings into unit vectors of the movies (movies × at most factors, float32).

    The matrix is divided by the roots of its rows' and columns' sums, so that neither busy users nor popular movies
    take all factors. The vector of a movie without ratings is 0.
    """
    X = history.signal_matrix
    by_user, by_movie = (np.maximum(np.asarray(X.sum(axis=axis)).ravel(), 1e-9) for axis in (1, 0))
    even = sparse.diags_array(by_user**-0.5) @ X @ sparse.diags_array(by_movie**-0.5)
    size = min(factors, *even.shape)
    _, strength, movies = randomized_svd(even.tocsr(), size, n_iter=POWER_ITERATIONS, random_state=SEED)
    return unit_rows((movies.T * strength).astype(np.float32))


def predicted_vectors(terms: sparse.csr_matrix, vectors: Floats, trust: Floats, regularisation: float) -> Floats:
    """Predict every movie's vector from its terms by a ridge regression in which movie i weighs `trust[i]`, 0 to 1.

    With X the terms of the movies that weigh something, the prediction is terms · Xᵀ · A where
    (X Xᵀ + diag(regularisation / trust)) A = vectors: solved by conjugate gradients, preconditioned by the diagonal,
    without forming X Xᵀ.
    """
    known = trust > 0
    X, ridge = terms[known], (regularisation / trust[known])[:, None]
    diagonal = ridge + np.asarray(X.multiply(X).sum(axis=1)).reshape(-1, 1)
    residual = vectors[known].astype(np.float32)
    A = np.zeros_like(residual)
    direction = residual / diagonal
    size = (residual * direction).sum(axis=0)
    for _ in range(GRADIENT_STEPS):
        change = X @ (X.T @ direction) + ridge * direction
        length = size / np.maximum((direction * change).sum(axis=0), 1e-30)
        A += length * direction
        residual = residual - length * change
        scaled = residual / diagonal
        next_size = (residual * scaled).sum(axis=0)
        direction = scaled + next_size / np.maximum(size, 1e-30) * direction
        size = next_size
    return np.asarray(terms @ (X.T @ A), np.float32)
