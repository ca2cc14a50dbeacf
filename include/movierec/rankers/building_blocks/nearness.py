"""How close together users rated two movies, counted in ratings of their histories."""

import numpy as np

from movierec.data.arrays import Floats, Ints
from movierec.data.history import History
from movierec.kernels.nearness import near_upper
from movierec.kernels.parallel import over_rows
from movierec.rankers.building_blocks.sequences import Sequences


def near_gram(history: History, movie_positions: Ints, scale: float) -> Floats:
    """Return K, as `movierec.kernels.nearness` has it, of these movies (n × n, float32, only the upper triangle).

    K is positive semi-definite: exp(-|distance| / scale) is a positive definite function, as long as no distance is cut
    off and every movie's pair with itself, at distance 0, stays in. So its diagonal is that of XᵀX.
    """
    K = np.zeros((len(movie_positions), len(movie_positions)), np.float32)
    sequences = Sequences.of(history, movie_positions)
    longest = int(np.diff(sequences.user_starts).max(initial=0))
    over_rows(near_upper, len(K), sequences, nearness(scale, longest), K)
    return K


def nearness(scale: float, distances: int) -> Floats:
    """Return exp(-distance / scale) for the `distances` distances from 0 on (float32)."""
    return np.exp(-np.arange(distances) / scale).astype(np.float32)
