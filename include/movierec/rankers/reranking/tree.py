"""Decision trees as the libraries hold that grew them, and the masks that scoring them takes."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from movierec.errors import ModelError
from movierec.kernels.trees import MAX_LEAVES

LEAF = -1
EVERY_BIT = 2**MAX_LEAVES - 1


@dataclass(frozen=True)
class Tree:
    """One tree; all arrays have one entry per node, the root first.

    A node sends a row left if row[feature] <= threshold, right if not, and where the value is NaN to the side that was
    chosen in training.

    Attributes:
        feature: the column to decide by; `LEAF` for a leaf.
        threshold: of an inner node.
        left, right: the child nodes of an inner node.
        is_missing_left: whether NaN goes left.
        value: of a leaf.
    """

    feature: NDArray[Any]
    threshold: NDArray[Any]
    left: NDArray[Any]
    right: NDArray[Any]
    is_missing_left: NDArray[Any]
    value: NDArray[Any]


@dataclass(frozen=True)
class MaskedTree:
    """A tree as it is scored: feature, threshold, is_missing_left and mask per inner node, value per leaf from left."""

    feature: NDArray[Any]
    threshold: NDArray[Any]
    is_missing_left: NDArray[Any]
    mask: NDArray[np.uint64]
    value: NDArray[Any]


def mask_tree(tree: Tree) -> MaskedTree:
    """Number the leaves from the left and give each inner node its mask: every bit but those of its left leaves.

    Raises:
        ModelError: the tree has more leaves than a mask has bits.
    """
    inner: list[int] = []
    leaves: list[int] = []
    masks: list[int] = []

    def walk(node: int) -> None:
        if tree.feature[node] == LEAF:
            leaves.append(node)
            return
        index, first = len(inner), len(leaves)
        inner.append(node)
        masks.append(0)
        walk(int(tree.left[node]))
        masks[index] = EVERY_BIT ^ (((1 << (len(leaves) - first)) - 1) << first)
        walk(int(tree.right[node]))

    walk(0)
    if len(leaves) > MAX_LEAVES:
        raise ModelError(f"a tree has {len(leaves)} leaves; allowed are {MAX_LEAVES}")
    return MaskedTree(
        feature=tree.feature[inner],
        threshold=tree.threshold[inner],
        is_missing_left=tree.is_missing_left[inner],
        mask=np.asarray(masks, np.uint64),
        value=tree.value[leaves],
    )


def lightgbm_tree(root: dict[str, Any]) -> Tree:
    """Read a `tree_structure` of `Booster.dump_model`."""
    nodes: list[dict[str, Any]] = []

    def number(node: dict[str, Any]) -> int:
        index = len(nodes)
        nodes.append(node)
        if "split_feature" in node:
            node["left"], node["right"] = number(node["left_child"]), number(node["right_child"])
        return index

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


def random_forest_tree(tree: Any, trees: int) -> Tree:
    """Read a `tree_` of a scikit-learn forest of two classes; values are probabilities divided by the `trees`."""
    shares = tree.value[:, 0, :] / tree.value[:, 0, :].sum(axis=1, keepdims=True)
    return Tree(
        feature=np.where(tree.children_left == LEAF, LEAF, tree.feature),
        threshold=tree.threshold,
        left=tree.children_left,
        right=tree.children_right,
        is_missing_left=tree.missing_go_to_left.astype(bool),
        value=shares[:, -1] / trees,
    )


def gradient_boosting_tree(nodes: NDArray[Any]) -> Tree:
    """Read the `nodes` of a predictor of scikit-learn's histogram gradient boosting."""
    return Tree(
        feature=np.where(nodes["is_leaf"], LEAF, nodes["feature_idx"].astype(np.int64)),
        threshold=nodes["num_threshold"],
        left=nodes["left"],
        right=nodes["right"],
        is_missing_left=nodes["missing_go_to_left"].astype(bool),
        value=nodes["value"],
    )
