"""The compiled loops of SLIT: what all cuts of all users add up to (see `movierec.rankers.slit` for S, T and cuts).

`sequences` are the ratings of users in time order (`movierec.rankers.building_blocks.sequences.Sequences`), `gammas`
the decay per rating under each of the two half-lives.
"""

import numpy as np

from movierec.kernels.parallel import compiled


@compiled
def row_lengths(start, stop, starts, signal, gammas, lengths):  # type: ignore[no-untyped-def]
    """Write the length of the history before each rating of these users, both half-lives together."""
    for user in range(start, stop):
        for life in range(2):
            square = 0.0
            for entry in range(starts[user], starts[user + 1]):
                lengths[entry] += square
                square = square * gammas[life] ** 2 + signal[entry] ** 2
        for entry in range(starts[user], starts[user + 1]):
            lengths[entry] = np.sqrt(lengths[entry])


@compiled
def sum_later(start, stop, starts, gammas, scale, later):  # type: ignore[no-untyped-def]
    """Write Σ w²(γₐγ_b)^(c' - c) over the cuts c' after each rating c of these users, w being the scale of a cut.

    `later` has a row for each pair of half-lives a, b: long and long, long and short, short and short.
    """
    for user in range(start, stop):
        for pair in range(3):
            decay = gammas[pair // 2] * gammas[(pair + 1) // 2]
            total = 0.0
            for entry in range(starts[user + 1] - 1, starts[user] - 1, -1):
                later[pair, entry] = total
                total = scale[entry] ** 2 + decay * total


@compiled
def add_cuts(start, stop, sequences, powers, scale, later, following, SS, ST):  # type: ignore[no-untyped-def]
    """Add what the cuts of all users contribute to these rows of SᵀS, left of its diagonal, and SᵀT (movies i, twice).

    The cuts c after both i (at position p) and j (at q) see them as γ^(c - 1 - p) and γ^(c - 1 - q).
    """
    starts, movies, positions = sequences.user_starts, sequences.movies, sequences.positions
    signal, users = sequences.signal, sequences.users
    n = len(sequences.movie_starts) - 1
    for i in range(start, stop):
        for entry in sequences.by_movie[sequences.movie_starts[i] : sequences.movie_starts[i + 1]]:
            first, p = starts[users[entry]], positions[entry]
            for other in range(first, starts[users[entry] + 1]):
                j, q = movies[other], positions[other]
                both = signal[entry] * signal[other]
                last = max(p, q)
                SS[n + i, j] += both * powers[1, last - p] * powers[0, last - q] * later[1, first + last]
                for a in range(2):
                    if j <= i:
                        cuts = later[2 * a, first + last]
                        SS[a * n + i, a * n + j] += both * powers[a, last - p] * powers[a, last - q] * cuts
                    for cut in range(max(p, q - following) + 1, q + 1):
                        ST[a * n + i, j] += both * scale[first + cut] * powers[a, cut - 1 - p]
