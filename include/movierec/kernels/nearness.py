"""The compiled loops over pairs of movies that users rated close together.

K is a matrix of movies × movies: Σ exp(-|position of i - position of j| / scale) · signal of i · signal of j over all
users who rated both, positions being those in a user's ratings in time order. `sequences` are the ratings in that
order (`movierec.rankers.building_blocks.sequences.Sequences`), `nearness` holds exp(-distance / scale) by distance.
"""

import numpy as np

from movierec.kernels.parallel import compiled
from movierec.kernels.top_k import keep_row


@compiled
def _add_near(i, sequences, nearness, total):  # type: ignore[no-untyped-def]
    """Add row i of K to `total`."""
    starts, movies, signal, users = sequences.user_starts, sequences.movies, sequences.signal, sequences.users
    for entry in sequences.by_movie[sequences.movie_starts[i] : sequences.movie_starts[i + 1]]:
        first = max(starts[users[entry]], entry - len(nearness) + 1)
        after = min(starts[users[entry] + 1], entry + len(nearness))
        for other in range(first, after):
            total[movies[other]] += nearness[abs(other - entry)] * signal[entry] * signal[other]


@compiled
def near_upper(start, stop, sequences, nearness, K):  # type: ignore[no-untyped-def]
    """Write the rows of K, from the diagonal on; what is left of it becomes 0."""
    for i in range(start, stop):
        _add_near(i, sequences, nearness, K[i])
        K[i, :i] = 0


@compiled
def near_top_k(start, stop, sequences, nearness, norms, k, columns, values, sizes):  # type: ignore[no-untyped-def]
    """Write the k highest K[i, j] / (norms[i] norms[j]) of each movie i, itself left out."""
    total = np.empty(len(norms), np.float32)
    for i in range(start, stop):
        total[:] = 0
        _add_near(i, sequences, nearness, total)
        total[i] = 0
        sizes[i] = keep_row(total, norms[i], norms, np.float32(0), k, columns[i], values[i])


@compiled
def mix_upper(start, stop, G, K, share_of_g, share_of_k):  # type: ignore[no-untyped-def]
    """Replace these rows of G, from the diagonal on, by share_of_g · G + share_of_k · K."""
    for i in range(start, stop):
        for j in range(i, len(G)):
            G[i, j] = share_of_g * G[i, j] + share_of_k * K[i, j]
