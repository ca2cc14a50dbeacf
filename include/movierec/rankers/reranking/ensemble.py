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
PERCEPTRONS = ("perceptron", "second_perceptron")  # alike but for what they begin with
LOGISTIC = "logistic"
MEMBERS = (*OBJECTIVES, *PERCEPTRONS)
ALL_MEMBERS = (*MEMBERS, LOGISTIC)
SMOOTH: dict[str, type[Perceptron] | type[Logistic]] = {**dict.fromkeys(PERCEPTRONS, Perceptron), LOGISTIC: Logistic}
PREFIXES = {name: f"{name}." for name in ALL_MEMBERS} | {LOGISTIC: "linear."}  # of the names of saved arrays
TEMPERATURE = 4.0  # sums are divided by it, or the best candidates of a long list would all round to 1


@dataclass(frozen=True, eq=False)
class Ensemble:
    """Forests and models on standardised features.

    Attributes:
        forests: by objective.
        smooth: by name, those of `SMOOTH` that are members.
        gains: by how much all splits on a feature lowered the loss in training (forests × features, float64).
    """

    forests: dict[str, Forest]
    smooth: dict[str, Perceptron | Logistic]
    gains: NDArray[np.float64]

    def predict(self, table: CandidateTable) -> Floats:
        """Score candidates from 0 to 1 (float32): the members' sum, each standardised over a user's candidates."""
        total = np.zeros(len(table.rows))
        for member in (*self.forests.values(), *self.smooth.values()):
            total += _standardise_per_user(member.predict(table.matrix), table.rows)
        return np.asarray(expit(total / TEMPERATURE), np.float32)

    def to_arrays(self) -> Arrays:
        """Return the arrays that `from_arrays` takes."""
        members = {**self.forests, **self.smooth}
        parts = {
            f"{PREFIXES[name]}{part}": values
            for name, member in members.items()
            for part, values in member.to_arrays().items()
        }
        return {**parts, "gains": self.gains}

    @classmethod
    def from_arrays(cls, arrays: Arrays, members: Collection[str]) -> Self:
        """Return the ensemble of these members whose `to_arrays` are among the arrays.

        Raises:
            KeyError: a member's arrays are missing.
        """
        parts = {
            name: {key.removeprefix(prefix): values for key, values in arrays.items() if key.startswith(prefix)}
            for name, prefix in PREFIXES.items()
            if name in members
        }
        return cls(
            forests={name: Forest.from_arrays(parts[name]) for name in OBJECTIVES if name in members},
            smooth={name: kind.from_arrays(parts[name]) for name, kind in SMOOTH.items() if name in members},
            gains=arrays["gains"],
        )


def _standardise_per_user(values: NDArray[Any], rows: Ints) -> NDArray[np.float64]:
    """Subtract the mean of each user's candidates and divide by their standard deviation; `rows` names the user."""
    size = np.maximum(np.bincount(rows), 1)
    deviation = values - (np.bincount(rows, values) / size)[rows]
    return np.asarray(deviation / (np.sqrt(np.bincount(rows, deviation**2) / size)[rows] + 1e-9), np.float64)
