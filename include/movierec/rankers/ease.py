"""EASE: a linear item-item model with a closed form (Steck 2019, "Embarrassingly Shallow Autoencoders")."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from scipy import sparse
from scipy.linalg import LinAlgError
from scipy.linalg.lapack import spotrf, spotri

from movierec.artifacts import Arrays
from movierec.data.arrays import Floats, Ints
from movierec.data.dataset import Dataset
from movierec.data.history import History
from movierec.errors import ModelError
from movierec.features.content import MovieFeatures
from movierec.kernels.matrix import ease_weights, product, products, upper_gram
from movierec.kernels.nearness import mix_upper
from movierec.kernels.parallel import over_rows
from movierec.rankers.base import Ranker
from movierec.rankers.building_blocks.by_popularity import OUTSIDE, columns_in, most_rated, outside_by_popularity
from movierec.rankers.building_blocks.fits import Fits
from movierec.rankers.building_blocks.nearness import near_gram
from movierec.rankers.building_blocks.ridge import with_raised_ridge
from movierec.rankers.building_blocks.search_space import Range, Space

# λ per rating of a movie on average, and its bounds. On inner windows the best of 50 to 3,200 was 400 on MovieLens 100K
# (43 ratings a movie), 200 on ml-latest-small (9) and 800 or more on MovieLens 1M (190), where 200 loses up to 5 %.
RIDGE_PER_RATING = 5.0
RIDGE_BOUNDS = (200.0, 1_000.0)
NEAR_SCALE_RATINGS = 100.0  # apart, over which nearness falls to 1/e


class EASE(Ranker):
    """Finds B minimising |X - XB|² + λ|B|² under diag(B) = 0, X being the signal of each rating (users × movies).

    With G = XᵀX + λI and P = G⁻¹ it is B = I - P · diagMat(1 / diag(P)). Memory is movies², so only the `max_movies`
    most rated ones take part (20,000 take 1.6 GB); the others follow by popularity. With a `near_share` s above 0, G is
    (1 - s) XᵀX + s K + λI, where K counts a pair of movies by how close together users rated them (`near_gram`): a sum
    of positive semi-definite matrices, so λ > 0 is enough to invert it. Where rounding spoils that, λ is raised
    (`with_raised_ridge`).
    """

    name = "ease"
    space: ClassVar[Space] = {"regularisation": Range(10, 5000, log=True), "near_share": Range(0, 0.9)}

    def __init__(self, regularisation: float | None = None, near_share: float = 0.0, max_movies: int = 20_000) -> None:
        """Store λ, of which larger values give smoother lists, the share of near pairs, and the size of the model.

        Without λ, it grows with the number of ratings that a movie has on average (`RIDGE_PER_RATING`).
        """
        self.regularisation = regularisation
        self.near_share = near_share
        self.max_movies = max_movies

    def _fit(self, dataset: Dataset, features: MovieFeatures, fits: Fits) -> None:
        if self.regularisation is not None and self.regularisation <= 0:
            raise ModelError(f"EASE got the regularisation {self.regularisation}; it must be larger than 0")
        self.movie_positions_ = most_rated(self.history_, self.max_movies)
        ridge = ridge_of(self.history_) if self.regularisation is None else self.regularisation
        P = with_raised_ridge("EASE", ridge, lambda ridge: _inverse(self._gram(ridge)))
        ease_weights(P)
        self.weights_ = P

    def _gram(self, ridge: float) -> Floats:
        """Return G (only the diagonal and what is right of it)."""
        X = self.history_.signal_matrix
        G = upper_gram(X if len(self.movie_positions_) == X.shape[1] else X[:, self.movie_positions_])
        if self.near_share > 0:
            K = near_gram(self.training_history_, self.movie_positions_, NEAR_SCALE_RATINGS)
            over_rows(mix_upper, len(G), G, K, np.float32(1 - self.near_share), np.float32(self.near_share))
        G[np.diag_indices_from(G)] += np.float32(ridge)
        return G

    def scores(self, users: Ints) -> Floats:
        """Multiply these users' histories with B."""
        return self.scores_of(self.history_.signal_matrix[users])

    def scores_of(self, histories: sparse.csr_matrix) -> Floats:
        """Score any weighted histories over the catalogue (rows × movies)."""
        return self._with_outside(product(self._inside(histories), self.weights_))

    def scores_of_all(self, histories: Sequence[sparse.csr_matrix]) -> list[Floats]:
        """Score the same histories under several weights, in little more time than under one."""
        inside = products([self._inside(each) for each in histories], self.weights_)
        return [self._with_outside(scores) for scores in inside]

    def _inside(self, histories: sparse.csr_matrix) -> sparse.csr_matrix:
        """Return the columns of the model's movies."""
        is_whole = len(self.movie_positions_) == histories.shape[1]
        return histories if is_whole else histories[:, self.movie_positions_]

    def _with_outside(self, scores: Floats) -> Floats:
        return outside_by_popularity(scores, self.movie_positions_, self.training_history_)

    def item_weights(self, sources: Ints, targets: Ints) -> Floats:
        """Return B between these movies; 0 for movies outside the model."""
        column = columns_in(self.movie_positions_, self.history_.shape[1])
        rows, columns = column[sources], column[targets]
        weights: Floats = self.weights_[np.ix_(rows, columns)]
        weights[rows == OUTSIDE] = 0
        weights[:, columns == OUTSIDE] = 0
        return weights

    def _to_arrays(self) -> Arrays:
        return {"kept": self.movie_positions_, "weights": self.weights_}

    def _from_arrays(self, arrays: Arrays, folder: object) -> None:
        self.movie_positions_, self.weights_ = arrays["kept"], arrays["weights"]


def ridge_of(history: History) -> float:
    """Return λ for a history: `RIDGE_PER_RATING` times the mean number of ratings of a rated movie, within bounds."""
    ratings = len(history.movies) / max(int(np.count_nonzero(history.counts)), 1)
    return float(np.clip(RIDGE_PER_RATING * ratings, *RIDGE_BOUNDS))


def _inverse(G: Floats) -> Floats:
    """Invert a positive definite matrix in place by Cholesky; of both, only the upper triangle counts.

    LAPACK counts columns first: to it, the matrix is its own transpose and the triangle the lower one.

    Raises:
        LinAlgError: it is not positive definite.
    """
    factor, failed = spotrf(G.T, lower=True, clean=False, overwrite_a=True)
    if failed:
        raise LinAlgError(f"the {len(G)} x {len(G)} matrix is not positive definite at row {failed}")
    P, _ = spotri(factor, lower=True, overwrite_c=True)
    return np.asarray(P.T, np.float32)
