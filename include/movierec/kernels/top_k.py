"""The best k of many: of a row of scores, or of a row of a product that is never stored.

Ties are settled the same way on every machine: of equal values the first column is the better one.
"""

import numpy as np

from movierec.data.arrays import Floats, Ints
from movierec.kernels.parallel import compiled, over_rows

STRIDE = 8  # one score of so many is looked at, to find out which ones are worth keeping
SPREAD = 4  # standard deviations by which the number of scores kept may be too low


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


@compiled
def dense_top_k(start, stop, scores, k, columns, values, sizes):  # type: ignore[no-untyped-def]
    """Write each row's k highest finite scores and their columns, best first; equal ones in order of column."""
    finite = np.empty(scores.shape[1], scores.dtype)
    kept = np.empty(scores.shape[1], np.int64)
    wanted = k // STRIDE + SPREAD * int(np.sqrt(k / STRIDE)) + 1
    for row in range(start, stop):
        # Scores that cannot be among the k best are skipped: a heap to which everything is offered costs much more.
        count = _keep(scores[row], _highest(scores[row, ::STRIDE], wanted, finite), kept)
        if count < k:
            count = _keep(scores[row], _highest(scores[row], k, finite), kept)
        size = 0
        for index in range(count):
            size = push(values[row], columns[row], size, k, scores[row, kept[index]], kept[index])
        _sort(values[row], columns[row], size)
        sizes[row] = size


@compiled
def _highest(scores, k, finite):  # type: ignore[no-untyped-def]
    """Return the k-th highest finite score, or -inf where there are fewer; `finite` is scratch."""
    count = 0
    for score in scores:
        if np.isfinite(score):
            finite[count] = score
            count += 1
    return np.partition(finite[:count], count - k)[count - k] if count > k else -np.inf


@compiled
def _keep(scores, least, kept):  # type: ignore[no-untyped-def]
    """Write the columns of finite scores that are at least so high, ascending, and return how many there are."""
    count = 0
    for column in range(len(scores)):
        kept[count] = column  # written over by the next one that is kept: no branch to be guessed wrong
        count += (scores[column] >= least) & np.isfinite(scores[column])
    return count


@compiled
def product_top_k(start, stop, left, right, a, b, shrinkage, excluded, k, columns, values, sizes):  # type: ignore[no-untyped-def]
    """Write the k highest positive (L R)ᵢⱼ / (aᵢ bⱼ + shrinkage) of each row i.

    Column excludedᵢ is never kept; below 0 it is none.

    Gustavson's product: row i of L R is the sum of the rows of R that row i of L names, weighted.
    """
    left_starts, left_columns, left_values = left
    right_starts, right_columns, right_values = right
    total = np.empty(len(b), np.float32)
    for row in range(start, stop):
        total[:] = 0
        for entry in range(left_starts[row], left_starts[row + 1]):
            x, middle = left_values[entry], left_columns[entry]
            for other in range(right_starts[middle], right_starts[middle + 1]):
                total[right_columns[other]] += x * right_values[other]
        if excluded[row] >= 0:
            total[excluded[row]] = 0
        sizes[row] = keep_row(total, a[row], b, shrinkage, k, columns[row], values[row])


@compiled
def keep_row(total, a, b, shrinkage, k, columns, values):  # type: ignore[no-untyped-def]
    """Write the k highest positive totalⱼ / (a bⱼ + shrinkage) and their columns j, and return how many there are."""
    size = 0
    for column in range(len(total)):
        if total[column] > 0:
            size = push(values, columns, size, k, total[column] / (a * b[column] + shrinkage), column)
    return size


@compiled
def push(values, columns, size, k, value, column):  # type: ignore[no-untyped-def]
    """Offer a value to a heap whose root is the worst of the best k; columns must come in ascending order."""
    if size < k:
        child = size
        while child > 0:
            parent = (child - 1) // 2
            if values[parent] < value:  # of equals, the later column is the worse one and moves up
                break
            values[child], columns[child] = values[parent], columns[parent]
            child = parent
        values[child], columns[child] = value, column
        return size + 1
    if value > values[0]:
        _sink(values, columns, size, value, column)
    return size


@compiled
def _sink(values, columns, size, value, column):  # type: ignore[no-untyped-def]
    """Replace the root by a value and let it sink below whatever is worse."""
    node = 0
    while 2 * node + 1 < size:
        child = 2 * node + 1
        other = child + 1
        if other < size and _is_worse(values[other], columns[other], values[child], columns[child]):
            child = other
        if not _is_worse(values[child], columns[child], value, column):
            break
        values[node], columns[node] = values[child], columns[child]
        node = child
    values[node], columns[node] = value, column


@compiled
def _is_worse(value, column, than_value, than_column):  # type: ignore[no-untyped-def]
    return value < than_value or (value == than_value and column > than_column)


@compiled
def _sort(values, columns, size):  # type: ignore[no-untyped-def]
    """Turn the heap into a list, best first: the worst goes last, then the worst of the others."""
    for last in range(size - 1, 0, -1):
        value, column = values[last], columns[last]
        worst_value, worst_column = values[0], columns[0]
        _sink(values, columns, last, value, column)
        values[last], columns[last] = worst_value, worst_column
