"""The autoencoder in numpy: histories that fade with age in, scores of what comes next out.

The input holds the history twice side by side, each rating as signal · 0.5^(age / half-life) for two half-lives, and
is scaled to length 1. One hidden layer h = tanh(W₁x + b₁), then scores W₂h + b₂. Trained with half of the input left
out, as Mult-DAE is (Liang et al., "Variational autoencoders for collaborative filtering", WWW 2018).
"""

import numpy as np

from movierec.rankers.neural.histories import Arrays, Floats, Histories, Ints

HALF_LIVES = (80.0, 8.0)  # in ratings


def inputs(histories: Histories, users: Ints, ages: Ints, movies: int) -> Floats:
    """Return what the network sees of some ratings.

    Args:
        histories: of which `movies` and `signal` are read.
        users: the row of each rating, ascending.
        ages: how many ratings of the same row are later.
        movies: the size of the model.

    Returns:
        rows × 2 · movies; a row without ratings is 0.
    """
    rows = len(histories.starts) - 1
    x = np.zeros((rows, len(HALF_LIVES) * movies), np.float32)
    for block, half_life in enumerate(HALF_LIVES):
        x[users, block * movies + histories.movies] = histories.signal * 0.5 ** (ages / half_life)
    return np.asarray(x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-9), np.float32)


def whole(histories: Histories, movies: int) -> Floats:
    """Return what the network sees of whole histories; ratings of one moment are equally old."""
    sizes = np.diff(histories.starts)
    ages = np.repeat(sizes, sizes) - histories.moment_ends
    return inputs(histories, histories.users, ages, movies)


def scores(weights: Arrays, histories: Histories) -> Floats:
    """Score all movies of the model for whole histories (users × movies)."""
    x = whole(histories, len(weights["output.bias"]))
    hidden = np.tanh(x @ weights["hidden.kernel"] + weights["hidden.bias"])
    return np.asarray(hidden @ weights["output.kernel"] + weights["output.bias"], np.float32)
