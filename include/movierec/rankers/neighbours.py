"""Cosine neighbours of the rows of a sparse matrix, found block by block."""

import numpy as np
from scipy import sparse

from movierec.features.types import Floats
from movierec.rankers.top import top_k

ROWS_AT_ONCE = 512


def cosine(block: sparse.csr_matrix, matrix: sparse.csr_matrix, shrinkage: float) -> Floats:
    """Compare rows of `block` with rows of `matrix`: a·b / (|a| |b| + shrinkage), dense (block × rows).

    Shrinkage (Bell and Koren 2007) pulls similarities that rest on few common entries towards 0.
    """
    dot = (block @ matrix.T).toarray().astype(np.float32)
    length = np.outer(_lengths(block), _lengths(matrix))
    return np.asarray(dot / np.maximum(length + np.float32(shrinkage), np.float32(1e-9)), np.float32)


def nearest(matrix: sparse.csr_matrix, k: int, shrinkage: float) -> sparse.csr_matrix:
    """Keep the k most similar other rows of every row (rows × rows, float32); memory is a block of rows at a time."""
    starts = range(0, matrix.shape[0], ROWS_AT_ONCE)
    return sparse.vstack([_nearest_of_block(matrix, start, k, shrinkage) for start in starts], format="csr")


def _nearest_of_block(matrix: sparse.csr_matrix, start: int, k: int, shrinkage: float) -> sparse.csr_matrix:
    block = matrix[start : start + ROWS_AT_ONCE]
    similarity = cosine(block, matrix, shrinkage)
    own = np.arange(block.shape[0])
    similarity[own, start + own] = 0
    return keep_top(similarity, k)


def keep_top(similarity: Floats, k: int) -> sparse.csr_matrix:
    """Return the k highest positive values of every row as a sparse matrix."""
    rows, columns, _ = top_k(similarity, k)
    kept = sparse.csr_matrix((similarity[rows, columns], (rows, columns)), shape=similarity.shape, dtype=np.float32)
    kept.eliminate_zeros()
    return kept


def _lengths(matrix: sparse.csr_matrix) -> Floats:
    return np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1), np.float32)).ravel()
