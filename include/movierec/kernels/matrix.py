"""Compiled loops over matrices: a sparse one times its transpose, a sparse one times a sparse or dense one."""

from collections.abc import Sequence

import numpy as np
from scipy import sparse
from scipy.linalg.blas import ssyrk

from movierec.data.arrays import Floats
from movierec.kernels.parallel import compiled, over_rows, sparse_rows

TILE = 64  # rows and columns that fit the first-level cache together
LONG_ROW = 1 / 8  # the share of its columns that a long row has more entries than
ROWS_AT_ONCE = 1024


@compiled
def _gram(start, stop, raters, positions, by_user, G):  # type: ignore[no-untyped-def]
    """Add the upper triangle of XᵀX to G, row by row: a row of G is short enough for the first-level cache.

    `raters` (starts, users) and `positions` list the ratings by movie, with the position of each in `by_user`, which
    lists them by user and movie; so what follows a rating there are the later movies of the same user.
    """
    starts, users = raters
    user_starts, movies, values = by_user
    for row in range(start, stop):
        total = G[row]
        for entry in range(starts[row], starts[row + 1]):
            position = positions[entry]
            x = values[position]
            for other in range(position, user_starts[users[entry] + 1]):
                total[movies[other]] += x * values[other]


@compiled
def _ease_weights(start, stop, P, diagonal):  # type: ignore[no-untyped-def]
    """Write `ease_weights`. Rows are tiles: a tile and its mirror image are done together, both in the cache."""
    n = len(P)
    for tile in range(start, stop):
        for left in range(tile * TILE, n, TILE):
            for i in range(tile * TILE, min((tile + 1) * TILE, n)):
                for j in range(max(left, i + 1), min(left + TILE, n)):
                    p = P[i, j]
                    P[i, j] = -p / diagonal[j]
                    P[j, i] = -p / diagonal[i]
        for i in range(tile * TILE, min((tile + 1) * TILE, n)):
            P[i, i] = 0


@compiled
def _mirror(start, stop, G):  # type: ignore[no-untyped-def]
    """Write `mirror`; rows are tiles."""
    for tile in range(start, stop):
        for left in range(tile * TILE, len(G), TILE):
            for i in range(tile * TILE, min((tile + 1) * TILE, len(G))):
                for j in range(max(left, i + 1), min(left + TILE, len(G))):
                    G[j, i] = G[i, j]


@compiled
def _times_sparse(start, stop, left, right, product):  # type: ignore[no-untyped-def]
    """Write the rows of a sparse matrix times a sparse one as dense rows."""
    left_starts, left_columns, left_values = left
    right_starts, right_columns, right_values = right
    for row in range(start, stop):
        total = product[row]
        total[:] = 0
        for entry in range(left_starts[row], left_starts[row + 1]):
            x, middle = left_values[entry], left_columns[entry]
            for other in range(right_starts[middle], right_starts[middle + 1]):
                total[right_columns[other]] += x * right_values[other]


@compiled
def _times_dense(start, stop, structure, values, right, products):  # type: ignore[no-untyped-def]
    """Write the rows of sparse matrices of one structure, each with a row of `values`, times a dense one."""
    starts, columns, _ = structure
    for row in range(start, stop):
        products[:, row] = 0
        for entry in range(starts[row], starts[row + 1]):
            # A row of the dense matrix comes from far away: whatever needs it has it at once.
            other = right[columns[entry]]
            for matrix in range(len(values)):
                x, total = values[matrix, entry], products[matrix, row]
                for column in range(len(total)):
                    total[column] += x * other[column]


def products(lefts: Sequence[sparse.csr_matrix], right: Floats) -> Floats:
    """Multiply sparse matrices whose entries are at the same positions with a dense one (matrices × rows × columns)."""
    values = np.stack([left.data for left in lefts]).astype(np.float32, copy=False)
    result = np.empty((len(lefts), lefts[0].shape[0], right.shape[1]), np.float32)
    over_rows(_times_dense, result.shape[1], sparse_rows(lefts[0]), values, right, result)
    return result


def product(left: sparse.csr_matrix, right: sparse.csr_matrix | Floats) -> Floats:
    """Multiply a sparse matrix with a sparse or dense one (dense, float32)."""
    if isinstance(right, np.ndarray):
        return np.asarray(products([left], right)[0], np.float32)
    result = np.empty((left.shape[0], right.shape[1]), np.float32)
    over_rows(_times_sparse, len(result), sparse_rows(left), sparse_rows(right), result)
    return result


def mirror(G: Floats) -> None:
    """Copy the upper triangle of a square matrix to the lower one, in place."""
    over_rows(_mirror, _tiles(G), G)


def ease_weights(P: Floats) -> None:
    """Turn the upper triangle of P = G⁻¹ into B = I - P · diagMat(1 / diag(P)), both triangles, in place."""
    over_rows(_ease_weights, _tiles(P), P, np.diag(P).copy())


def _tiles(matrix: Floats) -> int:
    return -(-len(matrix) // TILE)


def upper_gram(X: sparse.csr_matrix) -> Floats:
    """Return XᵀX (float32, only the diagonal and what is right of it).

    A long row pairs everything with everything and is cheaper as part of a dense product, whose work does not depend on
    its length.
    """
    is_long = np.diff(X.indptr) > LONG_ROW * X.shape[1]
    G = np.zeros((X.shape[1], X.shape[1]), np.float32)
    short = X[~is_long]
    short.sort_indices()
    by_movie = sparse.csr_matrix((np.arange(short.nnz), short.indices, short.indptr), short.shape).tocsc()
    raters = by_movie.indptr.astype(np.int64), by_movie.indices.astype(np.int32, copy=False).view(np.uint32)
    over_rows(_gram, len(G), raters, by_movie.data, sparse_rows(short), G)
    long = np.flatnonzero(is_long)
    for start in range(0, len(long), ROWS_AT_ONCE):
        # BLAS counts columns first: to it, G is its own transpose and the triangle the lower one.
        rows = X[long[start : start + ROWS_AT_ONCE]].toarray()
        ssyrk(1, rows.T, beta=1, c=G.T, lower=True, overwrite_c=True)
    return G
