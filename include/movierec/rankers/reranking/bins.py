"""Features cut into bins, so that every library that grows trees works on small numbers and finds its splits fast.

A bin holds about as many rows as any other one (quantiles), or one value where a feature has few. What trees learn on
bin numbers holds for values too: `number <= n` says the same as `value <= edges[n]`.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from movierec.artifacts import Arrays
from movierec.data.arrays import Floats

MAX_BINS = 254  # of a feature, besides unknown: what a byte can tell, and scikit-learn's histograms hold
UNKNOWN = 255  # the number of values that are NaN
PREFIX = "bins."  # of the names of saved arrays


@dataclass(frozen=True, eq=False)
class Bins:
    """The bins of every feature.

    Attributes:
        edges: features × (MAX_BINS - 1), the largest value of each bin but the last, ascending; NaN beyond (float32).
        centres: features × MAX_BINS, the mean of the values of each bin; NaN beyond (float32).
    """

    edges: Floats
    centres: Floats

    @classmethod
    def of(cls, matrix: Floats) -> Self:
        """Cut every feature of a matrix (rows × features, float32, NaN where unknown)."""
        features = matrix.shape[1]
        edges = np.full((features, MAX_BINS - 1), np.nan, np.float32)
        centres = np.full((features, MAX_BINS), np.nan, np.float32)
        for feature in range(features):
            values = np.sort(matrix[:, feature])
            values = values[: np.searchsorted(values, np.nan)]
            cuts = _edges(values)
            starts = np.searchsorted(values, np.concatenate([[-np.inf], cuts]), side="right")
            sizes = np.diff([*starts, len(values)])
            edges[feature, : len(cuts)] = cuts
            if len(values):
                centres[feature, : len(cuts) + 1] = np.add.reduceat(values, starts, dtype=np.float64) / sizes
        return cls(edges, centres)

    def numbers(self, matrix: Floats) -> NDArray[np.uint8]:
        """Return the number of the bin of every value (rows × features), `UNKNOWN` where there is none."""
        numbers = np.empty(matrix.shape, np.uint8, order="F")
        for feature, edges in enumerate(self.edges):
            values = matrix[:, feature]
            numbers[:, feature] = np.searchsorted(edges[np.isfinite(edges)], values)
            numbers[np.isnan(values), feature] = UNKNOWN
        return numbers

    def thresholds(self, features: NDArray[np.int32], numbers: Floats) -> Floats:
        """Return what splits values as `numbers` (thresholds, one for each of these features) splits bins."""
        indices = np.clip(np.floor(numbers), 0, MAX_BINS - 2).astype(np.int64)
        edges = self.edges[features, indices]
        # A split that only parts unknown values from all known ones has no edge.
        is_beyond = (numbers >= MAX_BINS - 1) | np.isnan(edges)
        return np.where(is_beyond, np.finfo(np.float32).max, edges).astype(np.float32)

    def to_arrays(self) -> Arrays:
        """Return the arrays that `from_arrays` takes."""
        return {f"{PREFIX}edges": self.edges, f"{PREFIX}centres": self.centres}

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Self:
        """Return the bins whose `to_arrays` are among these; a KeyError says that one is missing."""
        return cls(arrays[f"{PREFIX}edges"], arrays[f"{PREFIX}centres"])


def _edges(values: Floats) -> Floats:
    """Return the largest value of each bin but the last, of sorted values; without rows, or with one value, none."""
    if not len(values):
        return np.empty(0, np.float32)
    is_last = np.append(values[1:] != values[:-1], True)
    if is_last.sum() <= MAX_BINS:
        return np.asarray(values[is_last][:-1], np.float32)
    ranks = (np.arange(1, MAX_BINS) * len(values)) // MAX_BINS - 1
    edges = np.unique(values[ranks])
    return np.asarray(edges[edges < values[-1]], np.float32)
