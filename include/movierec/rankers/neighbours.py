"""The nearest rows of a sparse matrix by shrunk cosine, and other products of which only the best are kept."""

from typing import Any

import numpy as np
from scipy import sparse

from movierec.data.arrays import Floats, Ints
from movierec.kernels import top_k
from movierec.kernels.parallel import Kernel, over_rows, parts

ROWS_AT_ONCE = 512
NOBODY = -1


def cosine(block: sparse.csr_matrix, matrix: sparse.csr_matrix, shrinkage: float) -> Floats:
    """Compare rows of `block` with rows of `matrix`: a·b / (|a| |b| + shrinkage), dense (block × rows).

    Shrinkage (Bell and Koren 2007) pulls similarities that rest on few common entries towards 0.
    """
    dot = (block @ matrix.T).toarray().astype(np.float32)
    length = np.outer(lengths(block), lengths(matrix))
    return np.asarray(dot / np.maximum(length + np.float32(shrinkage), np.float32(1e-9)), np.float32)


def nearest(matrix: sparse.csr_matrix, k: int, shrinkage: float) -> sparse.csr_matrix:
    """Keep the k rows of highest cosine with every row, itself left out (rows × rows, float32)."""
    length = lengths(matrix)
    own = np.arange(matrix.shape[0])
    return largest(matrix, matrix.T.tocsr(), length, length, k=k, shrinkage=shrinkage, own=own)


def largest(
    left: sparse.csr_matrix,
    right: sparse.csr_matrix,
    a: Floats,
    b: Floats,
    *,
    k: int,
    shrinkage: float = 0.0,
    own: Ints | None = None,
) -> sparse.csr_matrix:
    """Keep the k largest positive (L R)ᵢⱼ / (aᵢ bⱼ + shrinkage) of every row i (L's rows × R's columns, float32).

    `own` is for each row the column it may not keep, `NOBODY` for none. The product itself is never stored.
    """
    own = np.full(left.shape[0], NOBODY) if own is None else own
    arguments = (parts(left), parts(right), a, b, np.float32(shrinkage), own)
    return kept(top_k.nearest, (left.shape[0], right.shape[1]), k, *arguments)


def kept(kernel: Kernel, shape: tuple[int, int], k: int, *arguments: Any) -> sparse.csr_matrix:
    """Run a kernel that keeps k entries of every row and lay them out as a sparse matrix of this shape."""
    k = min(k, shape[1])
    columns = np.empty((shape[0], k), np.int32)
    values = np.empty((shape[0], k), np.float32)
    sizes = np.empty(shape[0], np.int64)
    over_rows(kernel, shape[0], *arguments, k, columns, values, sizes)
    filled = np.arange(k) < sizes[:, None]
    starts = np.concatenate([[0], np.cumsum(sizes)])
    matrix = sparse.csr_matrix((values[filled], columns[filled], starts), shape=shape)
    matrix.sort_indices()
    return matrix


def lengths(matrix: sparse.csr_matrix) -> Floats:
    """Return the Euclidean length of every row (float32)."""
    return np.asarray(np.sqrt(matrix.multiply(matrix).sum(axis=1)), np.float32).ravel()
