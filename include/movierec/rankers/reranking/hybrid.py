"""The hybrid: LightGBM and small networks order the candidates of all base rankers together.

LambdaRank (Burges 2010) learns to order each user's candidates by what a grade gains, cross-entropy to predict that
gain candidate by candidate, and two networks to tell rated candidates from others by smooth functions of the features.
They err in different places; the score of a candidate is the sum of their predictions, each standardised over the
user's candidates.
"""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import ClassVar

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from movierec.artifacts import Arrays
from movierec.data.arrays import Floats
from movierec.errors import ModelError
from movierec.kernels.parallel import cores
from movierec.rankers.building_blocks.search_space import Range, Space
from movierec.rankers.reranking.base import LearnedRanker
from movierec.rankers.reranking.candidates import CandidateTable
from movierec.rankers.reranking.ensemble import ALL_MEMBERS, LOGISTIC, MEMBERS, OBJECTIVES, PERCEPTRONS, Ensemble
from movierec.rankers.reranking.forest import Forest
from movierec.rankers.reranking.logistic import Logistic
from movierec.rankers.reranking.perceptron import Perceptron
from movierec.rankers.reranking.training_set import GAINS, TrainingSet

LIGHTGBM_PARAMETERS = {
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
LEARNING_RATE = 4e-3  # of the networks


@dataclass(kw_only=True, eq=False)
class Hybrid(LearnedRanker[Ensemble]):
    """Orders candidates by an ensemble that learned from what users turned to next.

    Attributes:
        members: which take part, of `ALL_MEMBERS`: logistic regression is what the networks were before.
        truncation: LambdaRank learns from pairs of candidates of which one is among the first so many.
        rounds: the number of trees of each forest.
        learning_rate: what each tree adds is multiplied by it.
        leaves: of a tree, at most.
        units: of each network's hidden layer.
        epochs: in which each network sees all candidates.
        weight_decay: of the networks.
        l2: the penalty of the logistic regression.
        rows: candidates to learn from, at most, unless more of them were rated (`TrainingSet.thinned`).
    """

    name = "hybrid"
    space: ClassVar[Space] = {
        "rounds": Range(50, 300, whole=True),
        "learning_rate": Range(0.02, 0.12, log=True),
        "leaves": Range(7, 31, whole=True),
        "truncation": Range(5, 50, log=True, whole=True),
        "units": Range(32, 256, log=True, whole=True),
        "weight_decay": Range(0.01, 1.0, log=True),
    }

    members: tuple[str, ...] = MEMBERS
    truncation: int = 10
    rounds: int = 80
    learning_rate: float = 0.09
    leaves: int = 15
    units: int = 128
    epochs: int = 8
    weight_decay: float = 0.1
    l2: float = 3_000.0
    rows: int = 150_000

    def __post_init__(self) -> None:
        """Make a tuple of the list that a saved card holds."""
        self.members = tuple(self.members)

    def _fit_model(self, training_set: TrainingSet) -> Ensemble:
        if not self.members or set(self.members) - set(ALL_MEMBERS):
            raise ModelError(f"the hybrid's members are {self.members}; allowed are {', '.join(ALL_MEMBERS)}")
        training_set = training_set.thinned(self.rows, self.seed)
        # Cut into bins once: what differs from one objective to the other is the label.
        data = lgb.Dataset(
            training_set.matrix,
            training_set.grades,
            feature_name=training_set.names,
            params={**LIGHTGBM_PARAMETERS, "seed": self.seed, "num_threads": cores()},
        ).construct()
        # A model for each core: threads that share a forest wait for each other after every split, and a network's
        # batches are too small for two. BLAS is told here, for it listens to one thread alone.
        with threadpool_limits(1, "blas"), ThreadPoolExecutor(min(cores(), len(self.members))) as pool:
            forests = {
                name: pool.submit(self._fit_trees, training_set, data, name)
                for name in OBJECTIVES
                if name in self.members
            }
            smooth: dict[str, Future[Perceptron | Logistic]] = {}
            for number, name in enumerate(PERCEPTRONS):
                if name in self.members:
                    smooth[name] = pool.submit(self._fit_perceptron, training_set, self.seed + number)
            if LOGISTIC in self.members:
                smooth[LOGISTIC] = pool.submit(self._fit_logistic, training_set)
        boosters = {name: forest.result() for name, forest in forests.items()}
        gains = np.array([booster.feature_importance("gain") for booster in boosters.values()], np.float64)
        return Ensemble(
            forests={
                name: Forest.from_lightgbm(booster).on_values(training_set.bins) for name, booster in boosters.items()
            },
            smooth={name: model.result() for name, model in smooth.items()},
            gains=gains.reshape(len(boosters), len(training_set.names)),
        )

    def _fit_trees(self, training_set: TrainingSet, data: lgb.Dataset, objective: str) -> lgb.Booster:
        label = training_set.grades if objective == "lambdarank" else training_set.gains
        labelled = data.subset(list(range(len(label)))).construct().set_label(label).set_group(training_set.sizes)
        parameters = {
            **LIGHTGBM_PARAMETERS,
            "objective": objective,
            "learning_rate": self.learning_rate,
            "num_leaves": self.leaves,
            "lambdarank_truncation_level": self.truncation,
            "seed": self.seed,
            "num_threads": max(cores() // len(OBJECTIVES), 1),
        }
        return lgb.train(parameters, labelled, self.rounds)

    def _fit_perceptron(self, training_set: TrainingSet, seed: int) -> Perceptron:
        return Perceptron.fit(
            training_set.values,
            training_set.grades > 0,
            training_set.weights,
            _is_smooth(training_set.names),
            units=self.units,
            epochs=self.epochs,
            learning_rate=LEARNING_RATE,
            weight_decay=self.weight_decay,
            seed=seed,
        )

    def _fit_logistic(self, training_set: TrainingSet) -> Logistic:
        is_used = _is_smooth(training_set.names)
        return Logistic.fit(training_set.values, training_set.grades > 0, training_set.weights, is_used, self.l2)

    def _predict(self, model: Ensemble, table: CandidateTable) -> Floats:
        return model.predict(table)

    def _model_from_arrays(self, arrays: Arrays) -> Ensemble:
        return Ensemble.from_arrays(arrays, self.members)


def _is_smooth(names: Sequence[str]) -> NDArray[np.bool_]:
    """Tell which features are not ranks, which repeat what the scores say, less smoothly."""
    return np.array([not name.endswith("_rank") for name in names])
