"""Logistic regression on standardised features: what trees leave on the table when base rankers agree by degrees."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from movierec.artifacts import Arrays
from movierec.data.arrays import Floats

FARTHEST = 5.0  # standard deviations from the mean; what is farther away counts like this


@dataclass(frozen=True, eq=False)
class Linear:
    """A weight per feature; the sum is the log-odds, up to a constant.

    Attributes:
        mean, scale: of each feature over what was learned from.
        weights: per standardised feature, 0 for features that are not used.
    """

    mean: Floats
    scale: Floats
    weights: Floats

    @classmethod
    def fit(
        cls, matrix: Floats, wanted: NDArray[np.bool_], importance: Floats, used: NDArray[np.bool_], l2: float
    ) -> Self:
        """Learn from rows × features, where `wanted` rows are to score high and each row has an importance."""
        mean = np.nan_to_num(_quietly(np.nanmean, matrix))
        spread = np.nan_to_num(_quietly(np.nanstd, matrix))
        scale = np.where(spread > 0, spread, 1).astype(np.float32)
        model = LogisticRegression(C=1 / l2, solver="newton-cholesky", max_iter=20, tol=1e-4)
        model.fit(_standard(matrix, mean, scale)[:, used], wanted, importance)
        weights = np.zeros(matrix.shape[1], np.float32)
        weights[used] = model.coef_[0]
        return cls(mean, scale, weights)

    def predict(self, matrix: Floats) -> Floats:
        """Sum up every row (rows × features)."""
        return np.asarray(_standard(matrix, self.mean, self.scale) @ self.weights, np.float32)

    def arrays(self) -> Arrays:
        """Return what `of_arrays` takes."""
        return {f"linear.{name}": value for name, value in vars(self).items()}

    @classmethod
    def of_arrays(cls, arrays: Arrays) -> Self:
        """Take back what `arrays` gave."""
        return cls(*(arrays[f"linear.{name}"] for name in ("mean", "scale", "weights")))


def _standard(matrix: Floats, mean: Floats, scale: Floats) -> Floats:
    """Unknown values become the mean."""
    standard = np.clip((matrix - mean) / scale, -FARTHEST, FARTHEST)
    return np.asarray(np.nan_to_num(standard, copy=False), np.float32)


def _quietly(statistic: Callable[..., Any], matrix: Floats) -> Floats:
    """A feature that is unknown throughout has no statistic; numpy would warn of it."""
    known = np.isfinite(matrix).any(axis=0)
    values = np.zeros(matrix.shape[1], np.float32)
    values[known] = statistic(matrix[:, known], axis=0)
    return values
