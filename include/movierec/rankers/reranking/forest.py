"""Decision trees as flat arrays: one fast way to score, whoever grew them, and nothing to unpickle.

A node sends a row left if row[feature] <= threshold, right if not, and where the value is NaN to the side that growing
chose. The leaves of a tree are numbered from the left; going right at a node rules out the leaves to its left, so each
node has a bit mask of what is left then, and the lowest bit of all masks that apply is the row's leaf (QuickScorer,
Lucchese et al. 2015). That asks every node instead of a path, but without a branch that depends on a row.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier

from movierec.artifacts import Arrays
from movierec.data.arrays import Floats
from movierec.errors import ModelError
from movierec.kernels.parallel import compiled, over_rows

LEAF = -1
MOST_LEAVES = 64  # of a tree: the bits of a mask
EVERY_BIT = 2**MOST_LEAVES - 1
DE_BRUIJN = np.uint64(0x03F79D71B4CB0A89)  # shifted by n, its first six bits tell n: the place of a lone bit
BIT_OF = np.zeros(MOST_LEAVES, np.int32)
BIT_OF[(DE_BRUIJN << np.arange(MOST_LEAVES, dtype=np.uint64)) >> np.uint64(58)] = np.arange(MOST_LEAVES)
ROWS_AT_ONCE = 256  # their features and one tree fit into the first cache
PARTS = ("feature", "threshold", "is_missing_left", "mask", "first_node", "value", "first_leaf")


@dataclass(frozen=True)
class Tree:
    """A tree as its grower holds it; a leaf has feature -1. All arrays have one entry per node, the root first."""

    feature: NDArray[Any]
    threshold: NDArray[Any]
    left: NDArray[Any]
    right: NDArray[Any]
    is_missing_left: NDArray[Any]
    value: NDArray[Any]


@dataclass(frozen=True, eq=False)
class Forest:
    """The sum of what each tree says, on top of `base`.

    Attributes:
        feature, is_missing_left: int32 and bool per inner node.
        threshold: float32 per inner node, rounded down: decides float32 rows exactly as the float64 it comes from.
        mask: uint32 or uint64 per inner node, without the leaves to its left.
        value: float64 per leaf.
        first_node, first_leaf: int32, where each tree starts, and where the last one ends.
        base: what a forest without trees says.
    """

    feature: NDArray[np.int32]
    threshold: Floats
    is_missing_left: NDArray[np.bool_]
    mask: NDArray[Any]
    first_node: NDArray[np.int32]
    value: NDArray[np.float64]
    first_leaf: NDArray[np.int32]
    base: float = 0.0

    @classmethod
    def of_lightgbm(cls, booster: lgb.Booster) -> Self:
        """Take the trees of a booster; the sum is its raw score."""
        return cls._join(_lightgbm_tree(tree["tree_structure"]) for tree in booster.dump_model()["tree_info"])

    @classmethod
    def of_random_forest(cls, model: RandomForestClassifier) -> Self:
        """Take the trees of a forest of two classes; the sum is the probability of the second."""
        return cls._join(_random_tree(tree.tree_, len(model.estimators_)) for tree in model.estimators_)

    @classmethod
    def of_gradient_boosting(cls, model: HistGradientBoostingClassifier) -> Self:
        """Take the trees of a boosted classifier of two classes; the sum is its raw score."""
        forest = cls._join(_boosted_tree(predictors[0].nodes) for predictors in model._predictors)
        return cls(**{**vars(forest), "base": float(np.ravel(model._baseline_prediction)[0])})

    @classmethod
    def _join(cls, trees: Iterable[Tree]) -> Self:
        parts = [_masked(tree) for tree in trees]
        feature, threshold, is_missing_left, mask, value = (
            np.concatenate(column) for column in zip(*parts, strict=True)
        )
        leaves = [len(part[-1]) for part in parts]
        return cls(
            feature=feature.astype(np.int32),
            threshold=_rounded_down(threshold.astype(np.float64)),
            is_missing_left=is_missing_left.astype(np.bool_),
            mask=mask.astype(np.uint64 if max(leaves) > MOST_LEAVES // 2 else np.uint32),
            first_node=np.cumsum([0, *(len(part[0]) for part in parts)], dtype=np.int32),
            value=value.astype(np.float64),
            first_leaf=np.cumsum([0, *leaves], dtype=np.int32),
        )

    def predict(self, matrix: Floats) -> NDArray[np.float64]:
        """Sum the trees for every row (rows × features, float32)."""
        given = np.asarray(matrix, np.float32)
        sums = np.full(len(given), self.base, np.float64)
        over_rows(add_trees, -(-len(given) // ROWS_AT_ONCE), given, *(getattr(self, part) for part in PARTS), sums)
        return sums

    def arrays(self) -> Arrays:
        """Return what `of_arrays` takes."""
        return {f"forest.{part}": getattr(self, part) for part in PARTS} | {"forest.base": np.array(self.base)}

    @classmethod
    def of_arrays(cls, arrays: Arrays) -> Self:
        """Take back what `arrays` gave."""
        kept: dict[str, Any] = {part: arrays[f"forest.{part}"] for part in PARTS}
        return cls(**kept, base=float(arrays["forest.base"]))


def _rounded_down(values: NDArray[np.float64]) -> Floats:
    largest = np.finfo(np.float32).max
    near = np.clip(values, -largest, largest).astype(np.float32)
    return np.where(near > values, np.nextafter(near, np.float32(-np.inf)), near).astype(np.float32)


def _masked(tree: Tree) -> tuple[NDArray[Any], ...]:
    """Number the leaves from the left and give each inner node its mask: every bit but those of its left leaves."""
    inner: list[int] = []
    leaves: list[int] = []
    masks: list[int] = []

    def walk(node: int) -> None:
        if tree.feature[node] == LEAF:
            leaves.append(node)
            return
        place, first = len(inner), len(leaves)
        inner.append(node)
        masks.append(0)
        walk(int(tree.left[node]))
        masks[place] = EVERY_BIT ^ (((1 << (len(leaves) - first)) - 1) << first)
        walk(int(tree.right[node]))

    walk(0)
    if len(leaves) > MOST_LEAVES:
        raise ModelError(f"a tree has {len(leaves)} leaves; allowed are {MOST_LEAVES}")
    chosen = (tree.feature[inner], tree.threshold[inner], tree.is_missing_left[inner])
    return *chosen, np.asarray(masks, np.uint64), tree.value[leaves]


def _lightgbm_tree(root: dict[str, Any]) -> Tree:
    nodes: list[dict[str, Any]] = []

    def number(node: dict[str, Any]) -> int:
        place = len(nodes)
        nodes.append(node)
        if "split_feature" in node:
            node["left"], node["right"] = number(node["left_child"]), number(node["right_child"])
        return place

    number(root)
    return Tree(
        feature=np.array([node.get("split_feature", LEAF) for node in nodes]),
        threshold=np.array([node.get("threshold", 0.0) for node in nodes], np.float64),
        left=np.array([node.get("left", 0) for node in nodes]),
        right=np.array([node.get("right", 0) for node in nodes]),
        is_missing_left=np.array([_goes_left_missing(node) for node in nodes]),
        value=np.array([node.get("leaf_value", 0.0) for node in nodes], np.float64),
    )


def _goes_left_missing(node: dict[str, Any]) -> bool:
    """A feature that was never NaN in training has no side for it: LightGBM reads 0 then."""
    if "split_feature" not in node:
        return False
    return bool(node["default_left"]) if node["missing_type"] == "NaN" else bool(node["threshold"] >= 0)


def _random_tree(tree: Any, trees: int) -> Tree:
    shares = tree.value[:, 0, :] / tree.value[:, 0, :].sum(axis=1, keepdims=True)
    return Tree(
        feature=np.where(tree.children_left == LEAF, LEAF, tree.feature),
        threshold=tree.threshold,
        left=tree.children_left,
        right=tree.children_right,
        is_missing_left=tree.missing_go_to_left.astype(bool),
        value=shares[:, -1] / trees,
    )


def _boosted_tree(nodes: NDArray[Any]) -> Tree:
    return Tree(
        feature=np.where(nodes["is_leaf"], LEAF, nodes["feature_idx"].astype(np.int64)),
        threshold=nodes["num_threshold"],
        left=nodes["left"],
        right=nodes["right"],
        is_missing_left=nodes["missing_go_to_left"].astype(bool),
        value=nodes["value"],
    )


@compiled
def add_trees(start, stop, rows, feature, threshold, is_missing_left, mask, first_node, value, first_leaf, sums):  # type: ignore[no-untyped-def]
    """Add to `sums` what the trees say of these blocks of rows."""
    every = ~mask.dtype.type(0)
    for block in range(start, stop):
        first = block * ROWS_AT_ONCE
        size = min(ROWS_AT_ONCE, len(rows) - first)
        # A feature of all rows side by side: the loops below vectorise.
        columns = np.ascontiguousarray(rows[first : first + size].T)
        left = np.empty(size, mask.dtype)
        for tree in range(len(first_node) - 1):
            left[:] = every
            for node in range(first_node[tree], first_node[tree + 1]):
                column, bound, kept = columns[feature[node]], threshold[node], mask[node]
                if is_missing_left[node]:
                    for row in range(size):
                        left[row] &= kept if column[row] > bound else every
                else:
                    for row in range(size):
                        left[row] &= every if column[row] <= bound else kept
            for row in range(size):
                lowest = np.uint64(left[row] & (~left[row] + left.dtype.type(1)))
                sums[first + row] += value[first_leaf[tree] + BIT_OF[(lowest * DE_BRUIJN) >> np.uint64(58)]]
