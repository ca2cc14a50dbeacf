"""The compiled loop of SLIM."""

import numpy as np

from movierec.kernels.parallel import compiled
from movierec.kernels.top_k import push

MAX_SWEEPS = 50
TOLERANCE = 1e-3  # a sweep in which no weight moves by more ends the search


@compiled
def coordinate_descent(start, stop, G, l1, l2, k, columns, values, sizes):  # type: ignore[no-untyped-def]
    """Write the k largest weights of the regression of each movie j on all others, by coordinate descent.

    With r = G[j] - G w, the best wᵢ beside the others is max(0, rᵢ + Gᵢᵢ wᵢ - λ₁) / (Gᵢᵢ + λ₂) (Friedman et al. 2010).
    It is 0 as long as Gᵢⱼ ≤ λ₁, since no weight is negative and r never above G[j]: such movies are left out.
    """
    for movie in range(start, stop):
        r = G[movie].copy()
        w = np.zeros(len(G), np.float32)
        candidates = np.flatnonzero(r > l1)
        for _ in range(MAX_SWEEPS):
            largest_move = np.float32(0)
            for i in candidates:
                if i == movie or (w[i] == 0 and r[i] <= l1):
                    continue
                best = max(np.float32(0), r[i] + G[i, i] * w[i] - l1) / (G[i, i] + l2)
                move = best - w[i]
                w[i] = best
                row = G[i]
                for other in range(len(r)):
                    r[other] -= move * row[other]
                largest_move = max(largest_move, abs(move))
            if largest_move < TOLERANCE:
                break
        size = 0
        for i in candidates:
            if w[i] > 0:
                size = push(values[movie], columns[movie], size, k, w[i], i)
        sizes[movie] = size
