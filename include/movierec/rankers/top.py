"""The best k of every row, with ties settled the same way on every machine."""

import numpy as np

from movierec.features.types import Floats, Ints


def top_k(scores: Floats, k: int) -> tuple[Ints, Ints, Ints]:
    """Return rows, columns and ranks (from 1) of each row's k highest finite scores, best first.

    Equal scores are ordered by column. A row with fewer than k finite scores gives fewer entries.
    """
    if scores.size == 0 or k < 1:
        return (np.empty(0, np.int64),) * 3
    k = min(k, scores.shape[1])
    # The k-th value first: sorting only what reaches it is linear in the catalogue.
    threshold = np.partition(scores, -k, axis=1)[:, -k, None]
    rows, columns = np.nonzero((scores >= threshold) & np.isfinite(scores))
    order = np.lexsort((columns, -scores[rows, columns], rows))
    rows, columns = rows[order], columns[order]
    ranks = np.arange(len(rows)) - np.searchsorted(rows, rows) + 1
    kept = ranks <= k
    return rows[kept], columns[kept], ranks[kept]
