"""A random forest (Breiman 2001) over the candidates of all base rankers."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from sklearn.ensemble import RandomForestClassifier

from movierec.artifacts import Arrays
from movierec.data.arrays import Floats
from movierec.kernels.parallel import cores
from movierec.kernels.trees import MAX_LEAVES
from movierec.rankers.building_blocks.search_space import Range, Space
from movierec.rankers.reranking.base import LearnedRanker
from movierec.rankers.reranking.candidates import CandidateTable
from movierec.rankers.reranking.forest import Forest
from movierec.rankers.reranking.training_set import TrainingSet


@dataclass(kw_only=True, eq=False)
class RandomForest(LearnedRanker[Forest]):
    """Orders candidates by how large a share of a tree's leaf was rated, on average over all trees.

    The score is from 0 to 1 and no probability: liked movies count more than rated ones, and of those that were not
    rated only a sample is learned from.

    Attributes:
        trees: in the forest.
        leaves: of a tree, at most.
        features: the share of features that a split may choose from, between 0 and 1.
        smallest_leaf: candidates that a leaf holds at least.
        rows: candidates to learn from, at most, unless more of them were rated (`TrainingSet.thinned`); a tree learns
            from a sample of so many.
    """

    name = "random_forest"
    space: ClassVar[Space] = {
        "trees": Range(50, 300, whole=True),
        "leaves": Range(16, MAX_LEAVES, whole=True),
        "features": Range(0.05, 0.5),
        "smallest_leaf": Range(5, 200, log=True, whole=True),
    }

    trees: int = 60
    leaves: int = MAX_LEAVES
    features: float = 0.1
    smallest_leaf: int = 20
    rows: int = 30_000

    def _fit_model(self, training_set: TrainingSet) -> Forest:
        training_set = training_set.thinned(self.rows, self.seed)
        model = RandomForestClassifier(
            n_estimators=self.trees,
            max_leaf_nodes=self.leaves,
            max_features=self.features,
            min_samples_leaf=self.smallest_leaf,
            max_samples=min(self.rows, len(training_set.grades)),
            n_jobs=cores(),
            random_state=self.seed,
        )
        model.fit(training_set.matrix, training_set.grades > 0, training_set.weights)
        return Forest.from_random_forest(model).on_values(training_set.bins)

    def _predict(self, model: Forest, table: CandidateTable) -> Floats:
        return np.asarray(model.predict(table.matrix), np.float32)

    def _model_from_arrays(self, arrays: Arrays) -> Forest:
        return Forest.from_arrays(arrays)
