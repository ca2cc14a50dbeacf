"""The compiled loop of decision trees: QuickScorer (Lucchese et al. 2015), without a branch that depends on a row.

The leaves of a tree are numbered from the left. Going right at a node rules out the leaves to its left, so each inner
node has a bit mask of the leaves that are possible then; the lowest bit that is set in all masks that apply is the
row's leaf. Every node is evaluated instead of one path, but rows are processed side by side.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from movierec.data.arrays import Floats
from movierec.kernels.parallel import compiled

MAX_LEAVES = 64  # of a tree: the bits of a mask
DE_BRUIJN = np.uint64(0x03F79D71B4CB0A89)  # shifted by n, its first six bits tell n: the position of a lone bit
BIT_OF = np.zeros(MAX_LEAVES, np.int32)
BIT_OF[(DE_BRUIJN << np.arange(MAX_LEAVES, dtype=np.uint64)) >> np.uint64(58)] = np.arange(MAX_LEAVES)
ROWS_AT_ONCE = 256  # their features and one tree fit into the first-level cache


class Trees(NamedTuple):
    """Trees as flat arrays, one after the other.

    Attributes:
        feature, is_missing_left: int32 and bool per inner node.
        threshold: float32 per inner node, rounded down: decides float32 rows exactly as the float64 it comes from.
        mask: uint32 or uint64 per inner node, without the leaves to its left.
        first_node: int32, the first inner node of each tree, and the end of the last one.
        value: float64 per leaf.
        first_leaf: int32, the first leaf of each tree, and the end of the last one.
    """

    feature: NDArray[np.int32]
    threshold: Floats
    is_missing_left: NDArray[np.bool_]
    mask: NDArray[Any]
    first_node: NDArray[np.int32]
    value: NDArray[np.float64]
    first_leaf: NDArray[np.int32]


@compiled
def add_trees(start, stop, rows, trees, sums):  # type: ignore[no-untyped-def]
    """Add the leaf values of all trees to `sums` for these blocks of `ROWS_AT_ONCE` rows (rows × features)."""
    feature, threshold, is_missing_left, mask, first_node, value, first_leaf = trees
    every = ~mask.dtype.type(0)
    for block in range(start, stop):
        first = block * ROWS_AT_ONCE
        size = min(ROWS_AT_ONCE, len(rows) - first)
        # A feature of all rows side by side: the loops below vectorise.
        columns = np.ascontiguousarray(rows[first : first + size].T)
        possible = np.empty(size, mask.dtype)
        for tree in range(len(first_node) - 1):
            possible[:] = every
            for node in range(first_node[tree], first_node[tree + 1]):
                column, bound, if_right = columns[feature[node]], threshold[node], mask[node]
                if is_missing_left[node]:
                    for row in range(size):
                        possible[row] &= if_right if column[row] > bound else every
                else:
                    for row in range(size):
                        possible[row] &= every if column[row] <= bound else if_right
            for row in range(size):
                lowest = np.uint64(possible[row] & (~possible[row] + possible.dtype.type(1)))
                sums[first + row] += value[first_leaf[tree] + BIT_OF[(lowest * DE_BRUIJN) >> np.uint64(58)]]
