"""SLIT: what comes next, as a linear model of what came before (Choi et al. 2021).

A user's ratings in time order are cut before each rating. S holds the user's history before every cut, in which items
weigh the less the longer ago they are, once for each of two half-lives side by side, and every row is scaled to the
mean length; T holds the next items after the cut. The model is the ridge regression of T on S, B = (SᵀS + λI)⁻¹ SᵀT.
Unlike EASE it has a direction: sequels follow, they do not precede.

Source: "Session-aware Linear Item-Item Models for Session-based Recommendation", WWW 2021.
"""

from collections.abc import Iterator, Sequence
from typing import ClassVar

import numpy as np
from scipy import sparse
from scipy.linalg import cho_factor, cho_solve

from movierec.artifacts import Arrays
from movierec.data.arrays import Doubles, Floats, Ints
from movierec.data.dataset import Dataset
from movierec.data.history import History
from movierec.errors import ModelError
from movierec.features.content import MovieFeatures
from movierec.kernels.matrix import product
from movierec.kernels.parallel import over_rows
from movierec.kernels.slit import add_cuts, row_lengths, sum_later
from movierec.rankers.base import Ranker
from movierec.rankers.building_blocks.by_popularity import (
    OUTSIDE,
    columns_in,
    damping_divisor,
    most_rated,
    outside_by_popularity,
)
from movierec.rankers.building_blocks.fits import Fits
from movierec.rankers.building_blocks.ridge import with_raised_ridge
from movierec.rankers.building_blocks.search_space import Range, Space
from movierec.rankers.building_blocks.sequences import Sequences

FOLLOWING = 3  # items that T holds after a cut


class SLIT(Ranker):
    """Scores movies by SLIT, columns of B divided by (Σ T + 20)^`damping`: popular movies would follow everything.

    Neither S nor T is built: with decay γ the history before a cut is γ times that before the last cut plus one item.
    So the sum over all cuts for two ratings of a user needs one running sum per rating, and SᵀS and SᵀT cost little
    more than EASE's XᵀX. Memory is (2 · movies)², so only the `max_movies` most rated ones take part; the others follow
    by popularity.
    """

    name = "slit"
    weighted_: tuple[History, list[sparse.csr_matrix]] | None = None  # the history that was weighted last, and how
    space: ClassVar[Space] = {
        "long_half_life": Range(20, 200, log=True),
        "short_half_life": Range(1, 15, log=True),
        "following": Range(1, 20, log=True, whole=True),
        "regularisation": Range(300, 30_000, log=True),
        "damping": Range(0.0, 0.6),
    }

    def __init__(
        self,
        long_half_life: float = 80.0,
        short_half_life: float = 8.0,
        following: int | None = None,
        regularisation: float = 4_500.0,
        damping: float = 0.3,
        max_movies: int = 4_000,
        windows: str = "time",
    ) -> None:
        """Store the half-lives in ratings, how many items T holds after a cut, λ, the damping and the model's size.

        Where nothing says how many items T holds, it is `FOLLOWING`, or one where `windows` is "next" and the next
        rating is what will be asked for (NDCG@10 .1405 instead of .1336 on an inner window of MovieLens 1M).
        """
        self.long_half_life = long_half_life
        self.short_half_life = short_half_life
        self.following = following
        self.regularisation = regularisation
        self.damping = damping
        self.max_movies = max_movies
        self.windows = windows

    def _fit(self, dataset: Dataset, features: MovieFeatures, fits: Fits) -> None:
        if self.regularisation <= 0:
            raise ModelError(f"SLIT got the regularisation {self.regularisation}; it must be larger than 0")
        self.movie_positions_ = most_rated(self.training_history_, self.max_movies)
        self.weights_ = with_raised_ridge("SLIT", self.regularisation, self._solve)

    def _solve(self, ridge: float) -> Floats:
        """Return B, its columns damped.

        Raises:
            LinAlgError: SᵀS + λI is not positive definite.
        """
        came_next, SS, ST = self._sums(self.training_history_)
        SS[np.diag_indices_from(SS)] += ridge
        factor = cho_factor(SS, lower=True, overwrite_a=True, check_finite=False)
        B = cho_solve(factor, ST, check_finite=False)
        B /= damping_divisor(came_next, self.damping)
        return np.ascontiguousarray(B, np.float32)

    def _sums(self, history: History) -> tuple[Floats, Floats, Floats]:
        """Return Σ T over the cuts (n movies), SᵀS (2n × 2n, only the lower triangle) and SᵀT (2n × n), all float32."""
        sequences = Sequences.of(history, self.movie_positions_)
        gammas = 0.5 ** (1 / np.array([self.long_half_life, self.short_half_life]))
        powers = gammas[:, None] ** np.arange(np.diff(sequences.user_starts).max() + 1)
        scale, later = _scales(sequences, gammas)
        following = self.following or (1 if self.windows == "next" else FOLLOWING)
        n = len(self.movie_positions_)
        SS, ST = np.zeros((2 * n, 2 * n), np.float32), np.zeros((2 * n, n), np.float32)
        over_rows(add_cuts, n, sequences, powers, scale, later, following, SS, ST)
        came_next = np.bincount(sequences.movies, sequences.signal * np.minimum(sequences.positions, following), n)
        return came_next.astype(np.float32), SS, ST

    def scores(self, users: Ints) -> Floats:
        """Take the users' histories as they stand before the next cut."""
        history = self.history_
        if self.weighted_ is None or self.weighted_[0] is not history:
            self.weighted_ = history, [history.matrix(weights) for weights in self.decays(history)]
        return self.scores_of([matrix[users] for matrix in self.weighted_[1]])

    def decays(self, history: History, ratings: Ints | slice = slice(None)) -> list[Floats]:
        """Return the weights of these ratings (indices) under each half-life."""
        return [history.faded_signal(life, ratings) for life in (self.long_half_life, self.short_half_life)]

    def scores_of(self, histories: list[sparse.csr_matrix]) -> Floats:
        """Score histories, weighted with each half-life (rows × movies each), over the catalogue (rows × movies)."""
        stacked = sparse.hstack([matrix[:, self.movie_positions_] for matrix in histories], format="csr")
        return outside_by_popularity(product(stacked, self.weights_), self.movie_positions_, self.training_history_)

    def item_weights(self, sources: Ints, targets: Ints) -> Floats:
        """Return the weights of an item rated just now, both half-lives together; 0 for movies outside the model."""
        return np.asarray(self._by_half_life(sources, targets).sum(axis=0), np.float32)

    def contributions(self, users: Ints, sources: Sequence[Ints], targets: Sequence[Ints]) -> Iterator[Floats]:
        """Sum what each movie adds under the two half-lives."""
        for user, user_sources, user_targets in zip(users, sources, targets, strict=True):
            ratings = self.history_.ratings_of(user, user_sources)
            weights = np.stack(self.decays(self.history_, ratings))
            yield np.einsum("ls,lst->st", weights, self._by_half_life(user_sources, user_targets))

    def _by_half_life(self, sources: Ints, targets: Ints) -> Floats:
        """Return the weights of these movies (2 × sources × targets), 0 for movies outside the model."""
        column = columns_in(self.movie_positions_, self.training_history_.shape[1])
        rows, columns = column[sources], column[targets]
        n = len(self.movie_positions_)
        weights: Floats = np.stack([self.weights_[np.ix_(rows + life * n, columns)] for life in range(2)])
        weights[:, rows == OUTSIDE] = 0
        weights[:, :, columns == OUTSIDE] = 0
        return weights

    def _to_arrays(self) -> Arrays:
        return {"kept": self.movie_positions_, "weights": self.weights_}

    def _from_arrays(self, arrays: Arrays, folder: object) -> None:
        self.movie_positions_, self.weights_ = arrays["kept"], arrays["weights"]


def _scales(sequences: Sequences, gammas: Doubles) -> tuple[Doubles, Doubles]:
    """Return the factor that scales the row of S before each rating, and the sums of `sum_later` (3 × ratings)."""
    starts, users = sequences.user_starts, len(sequences.user_starts) - 1
    scale = np.zeros(len(sequences.movies))
    over_rows(row_lengths, users, starts, sequences.signal, gammas, scale)
    # Before a user's first rating there is no history to scale, nor is there one of feedback that weighs nothing.
    is_cut = scale > 0
    scale[is_cut] = (scale[is_cut].mean() if is_cut.any() else 0.0) / scale[is_cut]
    later = np.zeros((3, len(scale)))
    over_rows(sum_later, users, starts, gammas, scale, later)
    return scale, later
