"""The hybrid: LightGBM and a linear model order the candidates of all base rankers together.

LambdaRank (Burges 2010) learns to order each user's candidates by what a grade gains, cross-entropy to predict that
gain candidate by candidate, and logistic regression what a sum can tell. They err in different places; the score of a
candidate is the sum of what they say, each standardised over the user's candidates.
"""

from typing import Any, ClassVar

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from movierec.artifacts import Arrays
from movierec.data.arrays import Floats, Ints
from movierec.errors import ModelError
from movierec.kernels.parallel import cores
from movierec.rankers.reranking.base import GAINS, Learned, importance, thinned
from movierec.rankers.reranking.candidates import Table
from movierec.rankers.reranking.forest import Forest
from movierec.rankers.reranking.logistic import Linear
from movierec.rankers.reranking.training_set import Lesson
from movierec.rankers.search_space import Range, Space

OBJECTIVES = ("lambdarank", "cross_entropy")
LINEAR = "logistic"
FLATTER = 4.0  # sums are divided by it, or the best candidates of a long list would all round to 1
PARAMETERS = {
    "label_gain": GAINS,
    "max_bin": 63,
    "min_data_in_leaf": 100,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambda_l2": 10.0,
    "deterministic": True,
    "force_row_wise": True,
    "verbose": -1,
}


class Hybrid(Learned):
    """Orders candidates by models that learned from what users turned to next."""

    name = "hybrid"
    space: ClassVar[Space] = {
        "rounds": Range(50, 300, whole=True),
        "learning_rate": Range(0.02, 0.12, log=True),
        "leaves": Range(7, 31, whole=True),
        "truncation": Range(5, 50, log=True, whole=True),
        "l2": Range(100, 10_000, log=True),
    }

    def __init__(
        self,
        *,
        members: tuple[str, ...] = (*OBJECTIVES, LINEAR),
        truncation: int = 10,
        rounds: int = 120,
        learning_rate: float = 0.06,
        leaves: int = 15,
        l2: float = 3_000.0,
        rows: int = 300_000,
        windows: str = "time",
        label_share: float = 0.2,
        folds: int = 2,
        candidates: int = 100,
        training_users: int = 5_000,
        seed: int = 0,
    ) -> None:
        """Store who takes part, the size of the trees, the linear model's regularisation, and the rows to learn from.

        LambdaRank looks at pairs with one of the first `truncation`. The plan of what to learn from is described in
        `training_set.Plan`.
        """
        self.members = tuple(members)
        self.truncation = truncation
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

    def _train(self, lesson: Lesson) -> None:
        allowed = (*OBJECTIVES, LINEAR)
        if not self.members or set(self.members) - set(allowed):
            raise ModelError(f"the hybrid's members are {self.members}; allowed are {', '.join(allowed)}")
        lesson = thinned(lesson, self.rows, self.seed)
        self.gains_ = np.zeros((0, len(lesson.names)))
        self.forests_ = {name: self._grow(lesson, name) for name in OBJECTIVES if name in self.members}
        self.linear_ = self._regress(lesson) if LINEAR in self.members else None

    def _grow(self, lesson: Lesson, objective: str) -> Forest:
        labels = lesson.grades if objective == "lambdarank" else np.take(GAINS, lesson.grades)
        data = lgb.Dataset(lesson.matrix, labels, group=lesson.sizes, feature_name=lesson.names)
        chosen = {"objective": objective, "learning_rate": self.learning_rate, "num_leaves": self.leaves}
        parameters = {**PARAMETERS, **chosen, "lambdarank_truncation_level": self.truncation, "seed": self.seed}
        parameters["num_threads"] = cores()
        booster = lgb.train(parameters, data, self.rounds)
        self.gains_ = np.vstack([self.gains_, booster.feature_importance("gain")])
        return Forest.of_lightgbm(booster)

    def _regress(self, lesson: Lesson) -> Linear:
        # Ranks say again what the scores say, less smoothly.
        used = np.array([not name.endswith("_rank") for name in lesson.names])
        return Linear.fit(lesson.matrix, lesson.grades > 0, importance(lesson), used, self.l2)

    def _rate(self, table: Table) -> Floats:
        total = np.zeros(len(table.rows))
        for forest in self.forests_.values():
            total += _standard(forest.predict(table.matrix), table.rows)
        if self.linear_ is not None:
            total += _standard(self.linear_.predict(table.matrix), table.rows)
        return np.asarray(expit(total / FLATTER), np.float32)

    def _model(self) -> Arrays:
        forests = {
            f"{name}.{part}": values
            for name, forest in self.forests_.items()
            for part, values in forest.arrays().items()
        }
        told = {"gains": self.gains_}
        return forests | told | (self.linear_.arrays() if self.linear_ is not None else {})

    def _take_model(self, arrays: Arrays) -> None:
        self.forests_ = {
            name: Forest.of_arrays({key.removeprefix(f"{name}."): arrays[key] for key in arrays})
            for name in OBJECTIVES
            if name in self.members
        }
        self.linear_ = Linear.of_arrays(arrays) if LINEAR in self.members else None
        self.gains_ = arrays["gains"]


def _standard(values: NDArray[Any], rows: Ints) -> NDArray[np.float64]:
    """Standardise over each user's candidates."""
    size = np.maximum(np.bincount(rows), 1)
    off = values - (np.bincount(rows, values) / size)[rows]
    return np.asarray(off / (np.sqrt(np.bincount(rows, off**2) / size)[rows] + 1e-9), np.float64)
