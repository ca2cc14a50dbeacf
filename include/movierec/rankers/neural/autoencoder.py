"""The autoencoder in numpy: histories that fade with age in, scores of what comes next out.

The input holds the history twice side by side, each rating as signal · 0.5^(age / half-life) for two half-lives, and
is scaled to length 1. One hidden layer h = tanh(W₁x + b₁), then scores W₂h + b₂. Trained with half of the input left
out, as Mult-DAE is (Liang et al., "Variational autoencoders for collaborative filtering", WWW 2018).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from movierec.rankers.neural.histories import Arrays, Floats, Histories, Ints

HALF_LIVES = (80.0, 8.0)  # in ratings
FADED = 1e-3  # what is left of a rating that is left out: a third of the entries, for nothing that could be measured


class Inputs(NamedTuple):
    """What the network sees, a sparse matrix (rows × 2 · movies): nearly all of it is 0.

    Attributes:
        cells: row and column of each entry (int64), by row.
        values: of the entries (float32); those of a row have length 1.
    """

    cells: Ints
    values: Floats

    def of(self, kept: NDArray[np.bool_]) -> "Inputs":
        """Leave out the other entries."""
        return Inputs(self.cells[kept], self.values[kept])


def inputs(histories: Histories, users: Ints, ages: Ints, movies: int) -> Inputs:
    """Return what the network sees of some ratings.

    Args:
        histories: of which `movies` and `signal` are read.
        users: the row of each rating, ascending.
        ages: how many ratings of the same row are later.
        movies: the size of the model.
    """
    columns = np.stack([block * movies + histories.movies for block in range(len(HALF_LIVES))], axis=1)
    left = np.stack([0.5 ** (ages / half_life) for half_life in HALF_LIVES], axis=1)
    values = histories.signal[:, None] * np.where(left < FADED, 0, left)
    squares = np.bincount(users, (values.astype(np.float64) ** 2).sum(axis=1), len(histories.starts) - 1)
    scaled = (values / np.maximum(np.sqrt(squares), 1e-9)[users, None]).astype(np.float32)
    cells = np.stack([np.repeat(users, len(HALF_LIVES)), columns.ravel()], axis=1)
    return Inputs(cells, scaled.ravel()).of(left.ravel() >= FADED)


def whole(histories: Histories, movies: int) -> Inputs:
    """Return what the network sees of whole histories; ratings of one moment are equally old."""
    sizes = np.diff(histories.starts)
    ages = np.repeat(sizes, sizes) - histories.moment_ends
    return inputs(histories, histories.users, ages, movies)


def scores(weights: Arrays, histories: Histories) -> Floats:
    """Score all movies of the model for whole histories (users × movies)."""
    movies = len(weights["output.bias"])
    cells, values = whole(histories, movies)
    x = np.zeros((len(histories.starts) - 1, len(HALF_LIVES) * movies), np.float32)
    x[cells[:, 0], cells[:, 1]] = values
    hidden = np.tanh(x @ weights["hidden.kernel"] + weights["hidden.bias"])
    return np.asarray(hidden @ weights["output.kernel"] + weights["output.bias"], np.float32)
