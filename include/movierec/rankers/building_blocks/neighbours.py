"""The nearest rows of a sparse matrix by shrunk cosine, and other products of which only the best are kept."""

from typing import Any

import numpy as np
from scipy import sparse

from movierec.data.arrays import Floats, Ints
from movierec.kernels.parallel import Kernel, over_rows, sparse_rows
from movierec.kernels.top_k import product_top_k

ROWS_AT_ONCE = 512
NO_COLUMN = -1


def cosine(block: sparse.csr_matrix, matrix: sparse.csr_matrix, shrinkage: float) -> Floats:
    """Compare rows of `block` with rows of `matrix`: a·b / (|a| |b| + shrinkage), dense (block × rows).

    Shrinkage (Bell and Koren 2007) pulls similarities that rest on few common entries towards 0.
    """
    dot = (block @ matrix.T).toarray().astype(np.float32)
    norms = np.outer(row_norms(block), row_norms(matrix))
    return np.asarray(dot / np.maximum(norms + np.float32(shrinkage), np.float32(1e-9)), np.float32)


def nearest_rows(matrix: sparse.csr_matrix, k: int, shrinkage: float) -> sparse.csr_matrix:
    """Keep the k rows of highest shrunk cosine with every row, itself left out (rows × rows, float32)."""
    norms, itself = row_norms(matrix), np.arange(matrix.shape[0])
    return largest_products(matrix, matrix.T.tocsr(), norms, norms, k=k, shrinkage=shrinkage, excluded=itself)


def largest_products(
    left: sparse.csr_matrix,
    right: sparse.csr_matrix,
    a: Floats,
    b: Floats,
    *,
    k: int,
    shrinkage: float = 0.0,
    excluded: Ints | None = None,
) -> sparse.csr_matrix:
    """Keep the k largest positive (L R)ᵢⱼ / (aᵢ bⱼ + shrinkage) of every row i (L's rows × R's columns, float32).

    `excluded` is for each row the column it may not keep, `NO_COLUMN` for none. The product itself is never stored.
    """
    excluded = np.full(left.shape[0], NO_COLUMN) if excluded is None else excluded
    arguments = (sparse_rows(left), sparse_rows(right), a, b, np.float32(shrinkage), excluded)
    return sparse_top_k(product_top_k, (left.shape[0], right.shape[1]), k, *arguments)


def sparse_top_k(kernel: Kernel, shape: tuple[int, int], k: int, *arguments: Any) -> sparse.csr_matrix:
    """Return the matrix of this shape of which a kernel keeps at most k entries in every row.

    The kernel is called with `arguments`, k, and columns, values (rows × k) and sizes (rows) to write to.
    """
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


def row_norms(matrix: sparse.csr_matrix) -> Floats:
    """Return the Euclidean length of every row (float32)."""
    return np.asarray(np.sqrt(matrix.multiply(matrix).sum(axis=1)), np.float32).ravel()
