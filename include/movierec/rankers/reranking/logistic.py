"""Logistic regression on standardised features: tells what trees cannot where base rankers agree by degrees."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from movierec.artifacts import Arrays
from movierec.data.arrays import Floats
from movierec.kernels.linear import ROWS_AT_ONCE, add_standardised
from movierec.kernels.parallel import over_rows

MAX_DEVIATIONS = 5.0  # standard deviations from the mean; values farther away count like this
PREFIX = "linear."  # of the names of saved arrays


@dataclass(frozen=True, eq=False)
class Logistic:
    """A weight per feature; the weighted sum is the log-odds, up to a constant.

    Attributes:
        mean, scale: of each feature in training (float32).
        weights: per standardised feature (float32), 0 for features that are not used.
    """

    mean: Floats
    scale: Floats
    weights: Floats

    @classmethod
    def fit(
        cls,
        matrix: Floats,
        labels: NDArray[np.bool_],
        sample_weights: Floats,
        is_used: NDArray[np.bool_],
        l2: float,
    ) -> Self:
        """Learn to tell rows (rows × features) whose label is true from the others.

        Args:
            matrix: features, NaN where unknown.
            labels: of the rows.
            sample_weights: of the rows.
            is_used: tells which features take part.
            l2: the penalty on weights.
        """
        mean = np.nan_to_num(_of_known(np.nanmean, matrix))
        spread = np.nan_to_num(_of_known(np.nanstd, matrix))
        scale = np.where(spread > 0, spread, 1).astype(np.float32)
        model = LogisticRegression(C=1 / l2, solver="newton-cholesky", max_iter=20, tol=1e-4)
        model.fit(_standardise(matrix, mean, scale)[:, is_used], labels, sample_weights)
        weights = np.zeros(matrix.shape[1], np.float32)
        weights[is_used] = model.coef_[0]
        return cls(mean, scale, weights)

    def predict(self, matrix: Floats) -> Floats:
        """Return the weighted sum of every row (rows × features)."""
        sums = np.zeros(len(matrix), np.float32)
        columns = np.asfortranarray(matrix, np.float32)  # as tables of candidates come
        bound = np.float32(MAX_DEVIATIONS)
        blocks = -(-len(sums) // ROWS_AT_ONCE)
        over_rows(add_standardised, blocks, columns, self.mean, self.scale, self.weights, bound, sums)
        return sums

    def to_arrays(self) -> Arrays:
        """Return the arrays that `from_arrays` takes."""
        return {f"{PREFIX}{name}": value for name, value in vars(self).items()}

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Self:
        """Return the regression whose `to_arrays` are among these; a KeyError says that one is missing."""
        return cls(*(arrays[f"{PREFIX}{name}"] for name in ("mean", "scale", "weights")))


def _standardise(matrix: Floats, mean: Floats, scale: Floats) -> Floats:
    """Count features in standard deviations from the mean; unknown values become the mean."""
    standardised = np.clip((matrix - mean) / scale, -MAX_DEVIATIONS, MAX_DEVIATIONS)
    return np.asarray(np.nan_to_num(standardised, copy=False), np.float32)


def _of_known(statistic: Callable[..., Any], matrix: Floats) -> Floats:
    """Return a statistic of each feature, 0 for one that is unknown throughout: numpy would warn of it."""
    known = np.isfinite(matrix).any(axis=0)
    values = np.zeros(matrix.shape[1], np.float32)
    values[known] = statistic(matrix[:, known], axis=0)
    return values
