"""iALS: factors of users and movies whose products tell what users want (Hu, Koren and Volinsky 2008)."""

from collections.abc import Iterator, Sequence
from typing import ClassVar

import numpy as np
from scipy import sparse
from threadpoolctl import threadpool_limits

from movierec.artifacts import Arrays
from movierec.data.arrays import Floats, Ints
from movierec.data.dataset import Dataset
from movierec.features.content import MovieFeatures
from movierec.kernels.als import solve
from movierec.kernels.parallel import over_rows, sparse_rows
from movierec.rankers.base import Ranker
from movierec.rankers.building_blocks.fits import Fits
from movierec.rankers.building_blocks.search_space import Range, Space

# Of conjugate gradients. In training few are enough, as the next epoch goes on from there (Takács et al. 2011); to
# recommend, enough that a user's factors are the solution as far as a list can tell.
TRAINING_STEPS, SOLVING_STEPS = 3, 20


class IALS(Ranker):
    """Finds X, Y minimising Σ (1 + cᵤᵢ)(pᵤᵢ - xᵤ·yᵢ)² + Σ λᵤ|xᵤ|² + Σ λᵢ|yᵢ|² over all users u and movies i.

    p is 1 where there is a signal in the history and 0 elsewhere, c = α · signal. As Rendle et al. (2022, "Revisiting
    the Performance of iALS") found, users with many ratings need more regularisation: λᵤ = λ (1 + Σᵢ cᵤᵢ / movies)^ν,
    and likewise movies; ν = 0 is the loss of 2008. Only Y is saved: xᵤ is solved from it, for new users too.
    """

    name = "ials"
    space: ClassVar[Space] = {
        "factors": Range(32, 256, log=True, whole=True),
        "regularisation": Range(0.1, 100, log=True),
        "alpha": Range(0.5, 100, log=True),
        "scaling": Range(0, 1),
        "epochs": Range(5, 30, whole=True),
    }

    def __init__(
        self,
        factors: int = 64,
        regularisation: float = 20.0,
        alpha: float = 3.0,
        *,
        scaling: float = 0.5,
        epochs: int = 10,
        seed: int = 0,
    ) -> None:
        """Store the length of a factor vector, λ, α, ν, how often both sides are solved, and a seed."""
        self.factors = factors
        self.regularisation = regularisation
        self.alpha = alpha
        self.scaling = scaling
        self.epochs = epochs
        self.seed = seed

    def _fit(self, dataset: Dataset, features: MovieFeatures, fits: Fits) -> None:
        by_user = self.history_.signal_matrix * np.float32(self.alpha)
        by_movie = by_user.T.tocsr()
        X, Y = (self._initial_factors(confidence, side) for side, confidence in enumerate((by_user, by_movie)))
        # YᵀY is too small to share out, and idle BLAS threads would spin on the cores that the kernel is about to use.
        with threadpool_limits(1, "blas"):
            for _ in range(self.epochs):
                self._improve(X, by_user, Y, TRAINING_STEPS)
                self._improve(Y, by_movie, X, TRAINING_STEPS)
        self.factors_ = Y

    def _initial_factors(self, confidence: sparse.csr_matrix, side: int) -> Floats:
        """Draw small factors (rows × factors); a row without ratings has its solution, 0, from the start."""
        generator = np.random.default_rng([self.seed, side])
        drawn = generator.standard_normal((confidence.shape[0], self.factors), np.float32)
        small = drawn * np.float32(0.1 / np.sqrt(self.factors))
        return np.asarray(small * (np.diff(confidence.indptr) > 0)[:, None], np.float32)

    def _improve(self, X: Floats, confidence: sparse.csr_matrix, Y: Floats, steps: int) -> None:
        """Take conjugate gradient steps with every row of X towards its best value for this Y."""
        over_rows(solve, len(X), sparse_rows(confidence), Y, Y.T @ Y, self._ridge(confidence), steps, X)

    def _ridge(self, confidence: sparse.csr_matrix) -> Floats:
        """Return λ of every row (float32)."""
        share = np.asarray(confidence.sum(axis=1)).ravel() / confidence.shape[1]
        return np.asarray(self.regularisation * (1 + share) ** self.scaling, np.float32)

    def scores(self, users: Ints) -> Floats:
        """Solve these users' factors and multiply them with the movies'."""
        return self.scores_of(self.history_.signal_matrix[users])

    def scores_of(self, histories: sparse.csr_matrix) -> Floats:
        """Score any weighted histories over the catalogue (rows × movies)."""
        X = np.zeros((histories.shape[0], self.factors), np.float32)
        self._improve(X, histories * np.float32(self.alpha), self.factors_, SOLVING_STEPS)
        return X @ self.factors_.T

    def contributions(self, users: Ints, sources: Sequence[Ints], targets: Sequence[Ints]) -> Iterator[Floats]:
        """Split the scores by the movies they come from, as Hu et al. (2008, section 5) explain a recommendation.

        xᵤ = Σᵢ (1 + cᵤᵢ) W yᵢ with W = (YᵀY + Σᵢ cᵤᵢ yᵢyᵢᵀ + λᵤI)⁻¹, so i adds (1 + cᵤᵢ) yᵢᵀ W yⱼ to the score of j.
        """
        Y = self.factors_.astype(np.float64)
        G, confidence = Y.T @ Y, self.history_.signal_matrix[users] * np.float32(self.alpha)
        ridge = self._ridge(confidence)
        for row, (user_sources, user_targets) in enumerate(zip(sources, targets, strict=True)):
            history = confidence[[row]]
            rated = Y[history.indices]
            A = G + (rated.T * history.data) @ rated + ridge[row] * np.eye(len(G))
            c = self.alpha * self.history_.signal[self.history_.ratings_of(users[row], user_sources)]
            weight = np.where(c > 0, 1 + c, 0)[:, None]
            yield np.asarray(weight * (Y[user_sources] @ np.linalg.solve(A, Y[user_targets].T)), np.float32)

    def _to_arrays(self) -> Arrays:
        return {"factors": self.factors_}

    def _from_arrays(self, arrays: Arrays, folder: object) -> None:
        self.factors_ = arrays["factors"]
