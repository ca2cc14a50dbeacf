"""SLIT: what comes next, as a linear model of what came before (Choi et al. 2021).

Before each rating of a user stands a cut. S holds the user's history before every cut, its items weighing less the
longer ago they are, once for each half-life side by side, and every row scaled to the mean length; T holds the next
items after the cut. The model is the ridge regression of one on the other, B = (SᵀS + λI)⁻¹ SᵀT. Unlike EASE it has a
direction: sequels follow, they do not precede.

Source: "Session-aware Linear Item-Item Models for Session-based Recommendation", WWW 2021.
"""

from collections.abc import Iterator, Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.linalg import cho_factor, cho_solve

from movierec.artifacts import Arrays
from movierec.data.arrays import Floats, Ints
from movierec.data.dataset import Dataset
from movierec.data.history import History
from movierec.errors import ModelError
from movierec.features.content import MovieFeatures
from movierec.kernels.matrix import product
from movierec.kernels.parallel import compiled, over_rows
from movierec.rankers.base import Ranker, before_the_rest, most_rated
from movierec.rankers.ridge import with_raised_ridge
from movierec.rankers.search_space import Range, Space
from movierec.rankers.sequences import Ordered, in_order

PRIOR = 20.0


class Slit(Ranker):
    """Scores movies by SLIT, columns divided by (Σ T + 20)^`damping` so that the popular do not follow everything.

    Neither S nor T is built: with decay γ the history before a cut is γ times that before the last cut plus one item.
    So what two ratings of a user add up to over all cuts needs one running sum per rating, and SᵀS and SᵀT cost little
    more than EASE's XᵀX.
    Memory is (2 · movies)², so only the `max_movies` most rated ones take part; the others follow.
    """

    name = "slit"
    weighed_: tuple[History, list[sparse.csr_matrix]] | None = None  # the history that was weighed last
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
        following: int = 3,
        regularisation: float = 4_500.0,
        damping: float = 0.3,
        max_movies: int = 4_000,
    ) -> None:
        """Store the half-lives in ratings, how many items come next, λ, the damping and the size of the model."""
        self.long_half_life = long_half_life
        self.short_half_life = short_half_life
        self.following = following
        self.regularisation = regularisation
        self.damping = damping
        self.max_movies = max_movies

    def _learn(self, dataset: Dataset, features: MovieFeatures) -> None:
        if self.regularisation <= 0:
            raise ModelError(f"SLIT got the regularisation {self.regularisation}; it must be larger than 0")
        self.kept_ = most_rated(self.fitted_, self.max_movies)
        self.weights_ = with_raised_ridge("SLIT", self.regularisation, self._solve)

    def _solve(self, ridge: float) -> Floats:
        """Return B, its columns damped.

        Raises:
            LinAlgError: SᵀS + λI is not positive definite.
        """
        A, SS, ST = self._sums(self.fitted_)
        SS[np.diag_indices_from(SS)] += ridge
        factor = cho_factor(SS, lower=True, overwrite_a=True, check_finite=False)
        B = cho_solve(factor, ST, check_finite=False)
        B /= (A + PRIOR) ** self.damping
        return np.ascontiguousarray(B, np.float32)

    def _sums(self, history: History) -> tuple[Floats, Floats, Floats]:
        """Return how often each movie came next, SᵀS (2n × 2n, lower triangle) and SᵀT (2n × n) for n movies."""
        given = in_order(history, self.kept_)
        gammas = 0.5 ** (1 / np.array([self.long_half_life, self.short_half_life]))
        powers = gammas[:, None] ** np.arange(np.diff(given.starts).max() + 1)
        scale, later = _scales(given, gammas)
        n = len(self.kept_)
        SS, ST = np.zeros((2 * n, 2 * n), np.float32), np.zeros((2 * n, n), np.float32)
        over_rows(add_up, n, *vars(given).values(), powers, scale, later, self.following, SS, ST)
        came_next = np.bincount(given.movies, given.signal * np.minimum(given.places, self.following), n)
        return came_next.astype(np.float32), SS, ST

    def scores(self, users: Ints) -> Floats:
        """Take the users' histories as they stand before the next cut."""
        if self.weighed_ is None or self.weighed_[0] is not self.history_:
            self.weighed_ = self.history_, [self.history_.matrix(weights) for weights in self.decays(self.history_)]
        return self.scores_of([weighed[users] for weighed in self.weighed_[1]])

    def decays(self, history: History, ratings: Ints | slice = slice(None)) -> list[Floats]:
        """Return the weight of the ratings at these positions under each half-life."""
        lives = (self.long_half_life, self.short_half_life)
        return [
            (history.signal[ratings] * 0.5 ** (history.recency[ratings] / life)).astype(np.float32) for life in lives
        ]

    def scores_of(self, histories: list[sparse.csr_matrix]) -> Floats:
        """Score histories that were weighted with each half-life over the catalogue (rows × movies)."""
        stacked = sparse.hstack([given[:, self.kept_] for given in histories], format="csr")
        return before_the_rest(product(stacked, self.weights_), self.kept_, self.fitted_)

    def item_weights(self, sources: Ints, targets: Ints) -> Floats:
        """Return the weights of an item rated just now, both half-lives together; 0 for movies outside the model."""
        return np.asarray(self._by_half_life(sources, targets).sum(axis=0), np.float32)

    def contributions(self, users: Ints, sources: Sequence[Ints], targets: Sequence[Ints]) -> Iterator[Floats]:
        """Give what each movie adds under both half-lives."""
        for user, given, scored in zip(users, sources, targets, strict=True):
            ratings = self.history_.ratings_of(user, given)
            weights = np.stack(self.decays(self.history_, ratings))
            yield np.einsum("ls,lst->st", weights, self._by_half_life(given, scored))

    def _by_half_life(self, sources: Ints, targets: Ints) -> Floats:
        place = np.full(self.fitted_.shape[1], -1)
        place[self.kept_] = np.arange(len(self.kept_))
        rows, columns = place[sources], place[targets]
        n = len(self.kept_)
        weights: Floats = np.stack([self.weights_[np.ix_(rows + life * n, columns)] for life in range(2)])
        weights[:, rows < 0] = 0
        weights[:, :, columns < 0] = 0
        return weights

    def _state(self) -> Arrays:
        return {"kept": self.kept_, "weights": self.weights_}

    def _restore(self, arrays: Arrays, folder: object) -> None:
        self.kept_, self.weights_ = arrays["kept"], arrays["weights"]


def _scales(given: Ordered, gammas: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the scale of the row of S before each rating, and what the cuts after each rating add up to."""
    scale = np.zeros(len(given.movies))
    over_rows(row_lengths, len(given.starts) - 1, given.starts, given.signal, gammas, scale)
    cut = scale > 0  # there is no history before a user's first rating, nor one of feedback that weighs nothing
    scale[cut] = (scale[cut].mean() if cut.any() else 0.0) / scale[cut]
    later = np.zeros((3, len(scale)))
    over_rows(sum_later, len(given.starts) - 1, given.starts, gammas, scale, later)
    return scale, later


@compiled
def row_lengths(start, stop, starts, signal, gammas, lengths):  # type: ignore[no-untyped-def]
    """Write the length of the history before each rating of these users, both half-lives together."""
    for user in range(start, stop):
        for life in range(2):
            square = 0.0
            for entry in range(starts[user], starts[user + 1]):
                lengths[entry] += square
                square = square * gammas[life] ** 2 + signal[entry] ** 2
        for entry in range(starts[user], starts[user + 1]):
            lengths[entry] = np.sqrt(lengths[entry])


@compiled
def sum_later(start, stop, starts, gammas, scale, later):  # type: ignore[no-untyped-def]
    """Write Σ w²(γₐγ_b)^(c' - c) over the cuts c' after each rating c of these users, w being the scale of a cut."""
    for user in range(start, stop):
        for kind in range(3):
            decay = gammas[kind // 2] * gammas[(kind + 1) // 2]
            total = 0.0
            for entry in range(starts[user + 1] - 1, starts[user] - 1, -1):
                later[kind, entry] = total
                total = scale[entry] ** 2 + decay * total


@compiled
def add_up(  # type: ignore[no-untyped-def]
    start, stop, starts, movies, places, signal, users, movie_starts, by_movie, powers, scale, later, following, SS, ST
):
    """Add what the cuts of all users contribute to these rows of SᵀS, left of its diagonal, and SᵀT (movies i, twice).

    The cuts c after both i (at place p) and j (at q) see them as γ^(c - 1 - p) and γ^(c - 1 - q).
    """
    n = len(movie_starts) - 1
    for i in range(start, stop):
        for entry in by_movie[movie_starts[i] : movie_starts[i + 1]]:
            first, p = starts[users[entry]], places[entry]
            for other in range(first, starts[users[entry] + 1]):
                j, q = movies[other], places[other]
                both = signal[entry] * signal[other]
                last = max(p, q)
                SS[n + i, j] += both * powers[1, last - p] * powers[0, last - q] * later[1, first + last]
                for a in range(2):
                    if j <= i:
                        cuts = later[2 * a, first + last]
                        SS[a * n + i, a * n + j] += both * powers[a, last - p] * powers[a, last - q] * cuts
                    for cut in range(max(p, q - following) + 1, q + 1):
                        ST[a * n + i, j] += both * scale[first + cut] * powers[a, cut - 1 - p]
