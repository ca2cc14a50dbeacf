"""scikit-learn's gradient boosting on histograms over the candidates of all base rankers."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.special import expit
from sklearn.ensemble import HistGradientBoostingClassifier

from movierec.artifacts import Arrays
from movierec.data.arrays import Floats
from movierec.rankers.building_blocks.search_space import Range, Space
from movierec.rankers.reranking.base import LearnedRanker
from movierec.rankers.reranking.candidates import CandidateTable
from movierec.rankers.reranking.forest import Forest
from movierec.rankers.reranking.training_set import TrainingSet


@dataclass(kw_only=True, eq=False)
class GradientBoosting(LearnedRanker[Forest]):
    """Orders candidates by how likely the user seems to rate them, by boosted trees (Friedman 2001).

    The score is from 0 to 1 and no probability: liked movies count more than rated ones, and of those that were not
    rated only a sample is learned from.

    Attributes:
        rounds: the number of trees.
        learning_rate: what each tree adds is multiplied by it.
        leaves: of a tree, at most.
        l2: the penalty on leaf values.
        rows: candidates to learn from, at most, unless more of them were rated (`TrainingSet.thinned`).
    """

    name = "gradient_boosting"
    space: ClassVar[Space] = {
        "rounds": Range(50, 400, whole=True),
        "learning_rate": Range(0.01, 0.2, log=True),
        "leaves": Range(7, 31, whole=True),
        "l2": Range(0.1, 100.0, log=True),
    }

    rounds: int = 80
    learning_rate: float = 0.075
    leaves: int = 15
    l2: float = 10.0
    rows: int = 150_000

    def _fit_model(self, training_set: TrainingSet) -> Forest:
        training_set = training_set.thinned(self.rows, self.seed)
        matrix = training_set.matrix
        # scikit-learn cannot bin a feature that is unknown throughout; one that is always 0 is never split on either.
        matrix[:, np.isnan(matrix).all(axis=0)] = 0
        model = HistGradientBoostingClassifier(
            max_iter=self.rounds,
            learning_rate=self.learning_rate,
            max_leaf_nodes=self.leaves,
            min_samples_leaf=100,
            l2_regularization=self.l2,
            max_features=0.5,
            early_stopping=False,
            random_state=self.seed,
        )
        model.fit(matrix, training_set.grades > 0, training_set.weights)
        return Forest.from_gradient_boosting(model).on_values(training_set.bins)

    def _predict(self, model: Forest, table: CandidateTable) -> Floats:
        return np.asarray(expit(model.predict(table.matrix)), np.float32)

    def _model_from_arrays(self, arrays: Arrays) -> Forest:
        return Forest.from_arrays(arrays)
