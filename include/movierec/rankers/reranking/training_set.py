"""The graded candidates that learned rankers learn from, their features as bins."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from movierec.artifacts import Arrays
from movierec.data.arrays import Floats, Ints
from movierec.rankers.reranking.bins import UNKNOWN, Bins

GAINS = (0.0, 0.2, 1.0)  # of the grades 0, 1 and 2


@dataclass(frozen=True, eq=False)
class TrainingSet:
    """Graded candidates of label windows, the rows of a user of a window side by side.

    Attributes:
        numbers: candidates × features, the bin that each value falls into (uint8).
        bins: of the features.
        names: of the features.
        grades: of each candidate: 2 if the user liked the movie in the window, 1 if they rated it lower, 0 if they did
            not rate it (int64).
        sizes: the number of candidates of each user of each window, in order.
    """

    numbers: NDArray[np.uint8]
    bins: Bins
    names: list[str]
    grades: Ints
    sizes: Ints

    @classmethod
    def of(cls, matrix: Floats, names: list[str], grades: Ints, sizes: Ints) -> Self:
        """Cut the features of candidates (candidates × features, float32, NaN where unknown) into bins."""
        bins = Bins.of(matrix)
        return cls(bins.numbers(matrix), bins, names, grades, sizes)

    @property
    def matrix(self) -> Floats:
        """The numbers of the bins as trees take them (candidates × features, float32), NaN where unknown."""
        matrix = self.numbers.astype(np.float32)
        matrix[self.numbers == UNKNOWN] = np.nan
        return matrix

    @property
    def values(self) -> Floats:
        """The mean value of the bins (candidates × features, float32), NaN where unknown."""
        padded = np.full((len(self.names), UNKNOWN + 1), np.nan, np.float32)
        padded[:, : self.bins.centres.shape[1]] = self.bins.centres
        values = np.empty(self.numbers.shape, np.float32, order="F")
        for feature, centres in enumerate(padded):
            values[:, feature] = centres[self.numbers[:, feature]]
        return values

    def thinned(self, max_rows: int, seed: int) -> "TrainingSet":
        """Keep the rows that `sample_rows` says."""
        rows = sample_rows(self.grades, max_rows, seed)
        groups = np.repeat(np.arange(len(self.sizes)), self.sizes)[rows]
        sizes = np.bincount(groups, minlength=len(self.sizes))
        return TrainingSet(self.numbers[rows], self.bins, self.names, self.grades[rows], sizes[sizes > 0])

    @property
    def gains(self) -> NDArray[np.float64]:
        """What each candidate's grade gains, from 0 to 1."""
        return np.take(GAINS, self.grades)

    @property
    def weights(self) -> Floats:
        """Row weights for models that only tell rated from unrated: a rated candidate counts what its grade gains."""
        return np.where(self.grades > 0, self.gains, 1.0).astype(np.float32)

    def to_arrays(self) -> Arrays:
        """Return the arrays that `from_arrays` takes."""
        named = {"numbers": self.numbers, "names": np.array(self.names, str), "grades": self.grades}
        return {**named, "sizes": self.sizes, **self.bins.to_arrays()}

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Self:
        """Return the training set whose `to_arrays` are among these; a KeyError says that one is missing."""
        names = arrays["names"].tolist()
        return cls(arrays["numbers"], Bins.from_arrays(arrays), names, arrays["grades"], arrays["sizes"])


def sample_rows(grades: Ints, max_rows: int, seed: int) -> Ints:
    """Return the rows (ascending) of all rated candidates, and of a random draw of the others that fits `max_rows`.

    At least as many others as rated ones are drawn, if there are so many.
    """
    rated, others = np.flatnonzero(grades), np.flatnonzero(grades == 0)
    size = max(max_rows - len(rated), len(rated))
    drawn = np.random.default_rng(seed).permutation(others)[:size]
    return np.sort(np.concatenate([rated, drawn]))
