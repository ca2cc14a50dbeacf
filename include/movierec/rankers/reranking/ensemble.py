"""The models of the hybrid and the sum of what they predict."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from movierec.artifacts import Arrays
from movierec.data.arrays import Floats, Ints
from movierec.rankers.reranking.candidates import CandidateTable
from movierec.rankers.reranking.forest import Forest
from movierec.rankers.reranking.logistic import Logistic
from movierec.rankers.reranking.perceptron import Perceptron

OBJECTIVES = ("lambdarank", "cross_entropy")  # of LightGBM, a forest for each
PERCEPTRON, LOGISTIC = "perceptron", "logistic"
MEMBERS = (*OBJECTIVES, PERCEPTRON)
ALLOWED = (*MEMBERS, LOGISTIC)
SMOOTH: dict[str, type[Perceptron] | type[Logistic]] = {PERCEPTRON: Perceptron, LOGISTIC: Logistic}
TEMPERATURE = 4.0  # sums are divided by it, or the best candidates of a long list would all round to 1


@dataclass(frozen=True, eq=False)
class Ensemble:
    """Forests and models on standardised features.

    Attributes:
        forests: by objective.
        smooth: by name, those of `PERCEPTRON` and `LOGISTIC` that are members.
        gains: by how much all splits on a feature lowered the loss in training (forests × features, float64).
    """

    forests: dict[str, Forest]
    smooth: dict[str, Perceptron | Logistic]
    gains: NDArray[np.float64]

    def predict(self, table: CandidateTable) -> Floats:
        """Score candidates from 0 to 1 (float32): the members' sum, each standardised over a user's candidates."""
        total = np.zeros(len(table.rows))
        for member in (*self.forests.values(), *self.smooth.values()):
            total += _standardise(member.predict(table.matrix), table.rows)
        return np.asarray(expit(total / TEMPERATURE), np.float32)

    def to_arrays(self) -> Arrays:
        """Return the arrays that `from_arrays` takes."""
        forests = {
            f"{name}.{part}": values
            for name, forest in self.forests.items()
            for part, values in forest.to_arrays().items()
        }
        smooth = {name: values for member in self.smooth.values() for name, values in member.to_arrays().items()}
        return forests | smooth | {"gains": self.gains}

    @classmethod
    def from_arrays(cls, arrays: Arrays, members: Collection[str]) -> Self:
        """Return the ensemble of these members whose `to_arrays` are among the arrays.

        Raises:
            KeyError: a member's arrays are missing.
        """
        forests = {
            name: Forest.from_arrays({key.removeprefix(f"{name}."): arrays[key] for key in arrays})
            for name in OBJECTIVES
            if name in members
        }
        return cls(
            forests, {name: SMOOTH[name].from_arrays(arrays) for name in SMOOTH if name in members}, arrays["gains"]
        )


def _standardise(values: NDArray[Any], rows: Ints) -> NDArray[np.float64]:
    """Subtract the mean of each user's candidates and divide by their standard deviation; `rows` names the user."""
    size = np.maximum(np.bincount(rows), 1)
    deviation = values - (np.bincount(rows, values) / size)[rows]
    return np.asarray(deviation / (np.sqrt(np.bincount(rows, deviation**2) / size)[rows] + 1e-9), np.float64)
