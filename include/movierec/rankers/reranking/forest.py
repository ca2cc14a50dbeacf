"""Decision trees as flat arrays: one fast way to score, whichever library grew them, and nothing to unpickle."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Self

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier

from movierec.artifacts import Arrays
from movierec.data.arrays import Floats
from movierec.kernels.parallel import over_rows
from movierec.kernels.trees import MAX_LEAVES, ROWS_AT_ONCE, Trees, add_trees
from movierec.rankers.reranking.bins import Bins
from movierec.rankers.reranking.tree import Tree, gradient_boosting_tree, lightgbm_tree, mask_tree, random_forest_tree

PREFIX = "forest."  # of the names of saved arrays


@dataclass(frozen=True, eq=False)
class Forest:
    """The sum of the leaf values of all trees, on top of `base`."""

    trees: Trees
    base: float = 0.0

    @classmethod
    def from_lightgbm(cls, booster: lgb.Booster) -> Self:
        """Take the trees of a booster; the sum is its raw score."""
        return cls.join(lightgbm_tree(tree["tree_structure"]) for tree in booster.dump_model()["tree_info"])

    @classmethod
    def from_random_forest(cls, model: RandomForestClassifier) -> Self:
        """Take the trees of a forest of two classes; the sum is the probability of the second."""
        return cls.join(random_forest_tree(tree.tree_, len(model.estimators_)) for tree in model.estimators_)

    @classmethod
    def from_gradient_boosting(cls, model: HistGradientBoostingClassifier) -> Self:
        """Take the trees of a boosted classifier of two classes; the sum is its raw score."""
        trees = (gradient_boosting_tree(predictors[0].nodes) for predictors in model._predictors)
        return cls.join(trees, base=float(np.ravel(model._baseline_prediction)[0]))

    @classmethod
    def join(cls, trees: Iterable[Tree], base: float = 0.0) -> Self:
        """Lay trees out one after the other.

        Raises:
            ModelError: a tree has more than `MAX_LEAVES` leaves.
        """
        parts = [mask_tree(tree) for tree in trees]
        leaves = [len(part.value) for part in parts]
        joined = Trees(
            feature=np.concatenate([part.feature for part in parts]).astype(np.int32),
            threshold=_rounded_down(np.concatenate([part.threshold for part in parts]).astype(np.float64)),
            is_missing_left=np.concatenate([part.is_missing_left for part in parts]).astype(np.bool_),
            mask=np.concatenate([part.mask for part in parts]).astype(
                np.uint64 if max(leaves) > MAX_LEAVES // 2 else np.uint32
            ),
            first_node=np.cumsum([0, *(len(part.feature) for part in parts)], dtype=np.int32),
            value=np.concatenate([part.value for part in parts]).astype(np.float64),
            first_leaf=np.cumsum([0, *leaves], dtype=np.int32),
        )
        return cls(joined, base)

    def on_values(self, bins: Bins) -> "Forest":
        """Return the forest that sums for values what this one sums for the numbers of their bins."""
        threshold = bins.thresholds(self.trees.feature, self.trees.threshold)
        return replace(self, trees=self.trees._replace(threshold=threshold))

    def predict(self, matrix: Floats) -> NDArray[np.float64]:
        """Sum the trees for every row (rows × features, float32)."""
        rows = np.asarray(matrix, np.float32)
        sums = np.full(len(rows), self.base, np.float64)
        over_rows(add_trees, -(-len(rows) // ROWS_AT_ONCE), rows, self.trees, sums)
        return sums

    def to_arrays(self) -> Arrays:
        """Return the arrays that `from_arrays` takes."""
        named = {**self.trees._asdict(), "base": np.array(self.base)}
        return {f"{PREFIX}{name}": values for name, values in named.items()}

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Self:
        """Return the forest whose `to_arrays` are among these; a KeyError says that one is missing."""
        trees = Trees(**{name: arrays[f"{PREFIX}{name}"] for name in Trees._fields})
        return cls(trees, float(arrays[f"{PREFIX}base"]))


def _rounded_down(values: NDArray[np.float64]) -> Floats:
    """Return the largest float32 numbers that are not above these."""
    largest = np.finfo(np.float32).max
    nearest = np.clip(values, -largest, largest).astype(np.float32)
    return np.where(nearest > values, np.nextafter(nearest, np.float32(-np.inf)), nearest).astype(np.float32)
