"""The compiled loop of iALS."""

import numpy as np

from movierec.kernels.parallel import compiled

SOLVED = 1e-20  # a squared residual below which another step would divide by next to nothing


@compiled
def solve(start, stop, ratings, Y, G, ridge, steps, X):  # type: ignore[no-untyped-def]
    """Take conjugate gradient steps with each row x of X towards (G + Σᵢ cᵢ yᵢyᵢᵀ + λI) x = Σᵢ (1 + cᵢ) yᵢ.

    G = YᵀY, i runs over the row's ratings and cᵢ, their values, is the confidence beyond 1; a rating with cᵢ = 0 counts
    as not wanted. The matrix of the equation is never formed: a step takes time for the row's ratings × factors
    (Takács, Pilászy and Tikk 2011).
    """
    starts, columns, values = ratings
    factors = Y.shape[1]
    r, p, Ap = np.empty(factors, np.float32), np.empty(factors, np.float32), np.empty(factors, np.float32)
    for row in range(start, stop):
        x, first, last = X[row], starts[row], starts[row + 1]
        _apply(x, first, last, columns, values, Y, G, ridge[row], Ap)
        for f in range(factors):
            r[f] = -Ap[f]
        for entry in range(first, last):
            y = Y[columns[entry]]
            weight = 1 + values[entry] if values[entry] > 0 else 0
            for f in range(factors):
                r[f] += weight * y[f]
        p[:] = r
        rr = _dot(r, r)
        for _ in range(steps):
            if rr < SOLVED:
                break
            _apply(p, first, last, columns, values, Y, G, ridge[row], Ap)
            step = rr / _dot(p, Ap)
            for f in range(factors):
                x[f] += step * p[f]
                r[f] -= step * Ap[f]
            before, rr = rr, _dot(r, r)
            for f in range(factors):
                p[f] = r[f] + rr / before * p[f]


@compiled
def _apply(x, first, last, columns, values, Y, G, ridge, out):  # type: ignore[no-untyped-def]
    """Write (G + Σᵢ cᵢ yᵢyᵢᵀ + λI) x to `out`."""
    factors = len(x)
    for f in range(factors):
        out[f] = ridge * x[f]
    for g in range(factors):
        row, weight = G[g], x[g]
        for f in range(factors):
            out[f] += weight * row[f]
    for entry in range(first, last):
        y = Y[columns[entry]]
        weight = values[entry] * _dot(y, x)
        for f in range(factors):
            out[f] += weight * y[f]


@compiled
def _dot(a, b):  # type: ignore[no-untyped-def]
    total = np.float32(0)
    for f in range(len(a)):
        total += a[f] * b[f]
    return total
