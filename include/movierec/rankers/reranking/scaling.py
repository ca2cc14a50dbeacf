"""Features in standard deviations from their means, for models that add them up."""

from collections.abc import Callable
from typing import Any, NamedTuple, Self

import numpy as np

from movierec.data.arrays import Floats

MAX_DEVIATIONS = 5.0  # standard deviations from the mean; values farther away count like this


class Scaling(NamedTuple):
    """The scale of each feature in training.

    Attributes:
        mean, scale: of each feature (float32); a feature that never varies has the scale 1.
    """

    mean: Floats
    scale: Floats

    @classmethod
    def of(cls, matrix: Floats) -> Self:
        """Return the scale of features (rows × features), NaN where unknown."""
        spread = np.nan_to_num(_of_known(np.nanstd, matrix))
        mean = np.nan_to_num(_of_known(np.nanmean, matrix))
        return cls(mean, np.where(spread > 0, spread, 1).astype(np.float32))

    def standardise(self, matrix: Floats) -> Floats:
        """Count features in standard deviations from the mean; unknown values become the mean."""
        standardised = np.clip((matrix - self.mean) / self.scale, -MAX_DEVIATIONS, MAX_DEVIATIONS)
        return np.asarray(np.nan_to_num(standardised, copy=False), np.float32)


def _of_known(statistic: Callable[..., Any], matrix: Floats) -> Floats:
    """Return a statistic of each feature, 0 for one that is unknown throughout: numpy would warn of it."""
    known = np.isfinite(matrix).any(axis=0)
    values = np.zeros(matrix.shape[1], np.float32)
    values[known] = statistic(matrix[:, known], axis=0)
    return values
