"""The best k of every row, with ties settled the same way on every machine."""

import numpy as np

from movierec.data.arrays import Floats, Ints
from movierec.kernels.parallel import over_rows
from movierec.kernels.top_k import dense_top_k


def top_k(scores: Floats, k: int) -> tuple[Ints, Ints, Ints]:
    """Return rows, columns and ranks (from 1) of each row's k highest finite scores, best first.

    Equal scores are ordered by column. A row with fewer than k finite scores gives fewer entries.
    """
    k = min(k, scores.shape[1])
    if scores.size == 0 or k < 1:
        return (np.empty(0, np.int64),) * 3
    columns = np.empty((len(scores), k), np.int64)
    sizes = np.empty(len(scores), np.int64)
    values = np.empty(columns.shape, scores.dtype)
    over_rows(dense_top_k, len(scores), np.ascontiguousarray(scores), k, columns, values, sizes)
    is_filled = np.arange(k) < sizes[:, None]
    rows, positions = np.nonzero(is_filled)
    return rows, columns[is_filled], positions + 1
