"""Logistic regression on standardised features: tells what trees cannot where base rankers agree by degrees."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from movierec.artifacts import Arrays
from movierec.data.arrays import Floats
from movierec.kernels.linear import ROWS_AT_ONCE, add_standardised
from movierec.kernels.parallel import over_rows
from movierec.rankers.reranking.scaling import MAX_DEVIATIONS, Scaling


@dataclass(frozen=True, eq=False)
class Logistic:
    """A weight per feature; the weighted sum is the log-odds, up to a constant.

    Attributes:
        scaling: of the features.
        weights: per standardised feature (float32), 0 for features that are not used.
    """

    scaling: Scaling
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
        scaling = Scaling.of(matrix)
        model = LogisticRegression(C=1 / l2, solver="newton-cholesky", max_iter=20, tol=1e-4)
        model.fit(scaling.standardise(matrix)[:, is_used], labels, sample_weights)
        weights = np.zeros(matrix.shape[1], np.float32)
        weights[is_used] = model.coef_[0]
        return cls(scaling, weights)

    def predict(self, matrix: Floats) -> Floats:
        """Return the weighted sum of every row (rows × features)."""
        sums = np.zeros(len(matrix), np.float32)
        columns = np.asfortranarray(matrix, np.float32)  # as tables of candidates come
        bound = np.float32(MAX_DEVIATIONS)
        blocks = -(-len(sums) // ROWS_AT_ONCE)
        over_rows(add_standardised, blocks, columns, *self.scaling, self.weights, bound, sums)
        return sums

    def to_arrays(self) -> Arrays:
        """Return the arrays that `from_arrays` takes."""
        return {**self.scaling._asdict(), "weights": self.weights}

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Self:
        """Return the regression whose `to_arrays` are among these; a KeyError says that one is missing."""
        return cls(Scaling(arrays["mean"], arrays["scale"]), arrays["weights"])
