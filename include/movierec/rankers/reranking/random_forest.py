"""A random forest (Breiman 2001) over the candidates of all base rankers."""

from typing import ClassVar

import numpy as np
from sklearn.ensemble import RandomForestClassifier

from movierec.data.arrays import Floats
from movierec.kernels.parallel import cores
from movierec.rankers.reranking.base import OneForest, importance, thinned
from movierec.rankers.reranking.candidates import Table
from movierec.rankers.reranking.forest import MOST_LEAVES, Forest
from movierec.rankers.reranking.training_set import Lesson
from movierec.rankers.search_space import Range, Space


class RandomForest(OneForest):
    """Orders candidates by the share of trees that say the user will like them."""

    name = "random_forest"
    space: ClassVar[Space] = {
        "trees": Range(50, 300, whole=True),
        "leaves": Range(16, MOST_LEAVES, whole=True),
        "features": Range(0.05, 0.5),
        "smallest_leaf": Range(5, 200, log=True, whole=True),
    }

    def __init__(
        self,
        *,
        trees: int = 100,
        leaves: int = MOST_LEAVES,
        features: float = 0.1,
        smallest_leaf: int = 20,
        rows: int = 30_000,
        windows: str = "time",
        label_share: float = 0.2,
        folds: int = 2,
        candidates: int = 100,
        training_users: int = 5_000,
        seed: int = 0,
    ) -> None:
        """Store the size of the forest, the share of features a split may choose from, and the rows to learn from.

        The plan of what to learn from is described in `training_set.Plan`.
        """
        self.trees = trees
        self.leaves = leaves
        self.features = features
        self.smallest_leaf = smallest_leaf
        self.rows = rows
        self.windows = windows
        self.label_share = label_share
        self.folds = folds
        self.candidates = candidates
        self.training_users = training_users
        self.seed = seed

    def _grow(self, lesson: Lesson) -> Forest:
        lesson = thinned(lesson, self.rows, self.seed)
        model = RandomForestClassifier(
            n_estimators=self.trees,
            max_leaf_nodes=self.leaves,
            max_features=self.features,
            min_samples_leaf=self.smallest_leaf,
            n_jobs=cores(),
            random_state=self.seed,
        )
        model.fit(lesson.matrix, lesson.grades > 0, importance(lesson))
        return Forest.of_random_forest(model)

    def _rate(self, table: Table) -> Floats:
        # The trees sum up to a probability already.
        return np.asarray(self.forest_.predict(table.matrix), np.float32)
