"""scikit-learn's gradient boosting on histograms over the candidates of all base rankers."""

from typing import ClassVar

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier

from movierec.rankers.reranking.base import OneForest, importance, thinned
from movierec.rankers.reranking.forest import Forest
from movierec.rankers.reranking.training_set import Lesson
from movierec.rankers.search_space import Range, Space


class GradientBoosting(OneForest):
    """Orders candidates by the log-odds that the user will like them (Friedman 2001)."""

    name = "gradient_boosting"
    space: ClassVar[Space] = {
        "rounds": Range(50, 400, whole=True),
        "learning_rate": Range(0.01, 0.2, log=True),
        "leaves": Range(7, 31, whole=True),
        "l2": Range(0.1, 100.0, log=True),
    }

    def __init__(
        self,
        *,
        rounds: int = 120,
        learning_rate: float = 0.05,
        leaves: int = 15,
        l2: float = 10.0,
        rows: int = 150_000,
        windows: str = "time",
        label_share: float = 0.2,
        folds: int = 2,
        candidates: int = 100,
        training_users: int = 5_000,
        seed: int = 0,
    ) -> None:
        """Store the size of the model, its regularisation, and the rows to learn from.

        The plan of what to learn from is described in `training_set.Plan`.
        """
        self.rounds = rounds
        self.learning_rate = learning_rate
        self.leaves = leaves
        self.l2 = l2
        self.rows = rows
        self.windows = windows
        self.label_share = label_share
        self.folds = folds
        self.candidates = candidates
        self.training_users = training_users
        self.seed = seed

    def _grow(self, lesson: Lesson) -> Forest:
        lesson = thinned(lesson, self.rows, self.seed)
        # scikit-learn cannot bin a feature that is unknown throughout; one that is always 0 takes no part either.
        lesson.matrix[:, np.isnan(lesson.matrix).all(axis=0)] = 0
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
        model.fit(lesson.matrix, lesson.grades > 0, importance(lesson))
        return Forest.of_gradient_boosting(model)
