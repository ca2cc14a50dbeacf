"""A small network on standardised features: smooth where trees are not, and bent where a weighted sum is straight."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from movierec.artifacts import Arrays
from movierec.data.arrays import Floats, Ints
from movierec.kernels.linear import ROWS_AT_ONCE, add_hidden_layer
from movierec.kernels.parallel import over_rows
from movierec.rankers.reranking.scaling import MAX_DEVIATIONS, Scaling

BATCH_ROWS = 512
WARM_UP = 0.05  # the share of all steps in which the learning rate rises
MOMENTS = (0.9, 0.999)  # Adam's
EPSILON = 1e-8


@dataclass(frozen=True, eq=False)
class Perceptron:
    """One hidden layer of rectified linear units; the output is the log-odds, up to a constant.

    Attributes:
        features: columns of the matrix that are read.
        scaling: of these features.
        kernel, bias: of the hidden layer (features × units, units; float32).
        output: weights of the units (float32).
    """

    features: Ints
    scaling: Scaling
    kernel: Floats
    bias: Floats
    output: Floats

    @classmethod
    def fit(
        cls,
        matrix: Floats,
        labels: NDArray[np.bool_],
        sample_weights: Floats,
        is_used: NDArray[np.bool_],
        *,
        units: int,
        epochs: int,
        learning_rate: float,
        weight_decay: float,
        seed: int,
    ) -> Self:
        """Learn to tell rows (rows × features) whose label is true from the others.

        Cross-entropy, by Adam (Kingma and Ba 2015) with decoupled weight decay (Loshchilov and Hutter 2019) on batches
        of 512 rows, at a learning rate that rises and then falls with the cosine. Batches are too small to share out:
        BLAS should have one thread.

        Args:
            matrix: features, NaN where unknown.
            labels: of the rows.
            sample_weights: of the rows.
            is_used: tells which features take part.
            units: of the hidden layer.
            epochs: passes over all rows.
            learning_rate: the highest.
            weight_decay: of the hidden layer's weights, by so much of the learning rate at each step.
            seed: of the first weights and of the order of the rows.
        """
        features = np.flatnonzero(is_used)
        used = matrix[:, features]
        scaling = Scaling.of(used)
        rows = np.ascontiguousarray(scaling.standardise(used))  # batches take whole rows
        rng = np.random.default_rng(seed)
        width = len(features)
        parts = [
            rng.normal(0, np.sqrt(2 / max(width, 1)), (width, units)).astype(np.float32),
            np.zeros(units, np.float32),
            rng.normal(0, np.sqrt(1 / units), units).astype(np.float32),
            np.full(1, _log_odds(labels, sample_weights), np.float32),
        ]
        weights = sample_weights / sample_weights.mean()
        adam = _Adam(parts, learning_rate, epochs * -(-len(rows) // BATCH_ROWS), weight_decay)
        for _ in range(epochs):
            order = rng.permutation(len(rows))
            for start in range(0, len(rows), BATCH_ROWS):
                batch = order[start : start + BATCH_ROWS]
                adam.step(_gradients(parts, rows[batch], labels[batch], weights[batch]))
        return cls(features, scaling, *parts[:3])

    def predict(self, matrix: Floats) -> Floats:
        """Return the output for every row (rows × features)."""
        sums = np.zeros(len(matrix), np.float32)
        columns = np.asfortranarray(matrix, np.float32)  # as tables of candidates come
        parts = (self.features, *self.scaling, self.kernel, self.bias, self.output)
        blocks = -(-len(sums) // ROWS_AT_ONCE)
        over_rows(add_hidden_layer, blocks, columns, *parts, np.float32(MAX_DEVIATIONS), sums)
        return sums

    def to_arrays(self) -> Arrays:
        """Return the arrays that `from_arrays` takes."""
        own = {"features": self.features, "kernel": self.kernel, "bias": self.bias, "output": self.output}
        return {**own, **self.scaling._asdict()}

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Self:
        """Return the network whose `to_arrays` are among these; a KeyError says that one is missing."""
        features, mean, scale, *parts = (
            arrays[name] for name in ("features", "mean", "scale", "kernel", "bias", "output")
        )
        return cls(features, Scaling(mean, scale), *parts)


class _Adam:
    """Adam with weight decay on matrices, changing the parts in place."""

    def __init__(self, parts: list[Floats], learning_rate: float, steps: int, decay: float) -> None:
        self.parts, self.highest, self.steps, self.decay = parts, learning_rate, steps, decay
        self.means, self.squares = ([np.zeros_like(part) for part in parts] for _ in MOMENTS)
        self.done = 0

    def step(self, gradients: list[Any]) -> None:
        """Go one step down these gradients, one for each part."""
        self.done += 1
        rise = self.done / max(WARM_UP * self.steps, 1)
        rate = self.highest * min(rise, (1 + np.cos(np.pi * self.done / self.steps)) / 2)
        for number, gradient in enumerate(gradients):
            part, mean, square = self.parts[number], self.means[number], self.squares[number]
            mean += (1 - MOMENTS[0]) * (gradient - mean)
            square += (1 - MOMENTS[1]) * (gradient**2 - square)
            first, second = mean / (1 - MOMENTS[0] ** self.done), square / (1 - MOMENTS[1] ** self.done)
            decay = self.decay * part if part.ndim > 1 else 0
            part -= rate * (first / (np.sqrt(second) + EPSILON) + decay)


def _gradients(parts: list[Floats], rows: Floats, labels: NDArray[np.bool_], weights: Floats) -> list[Any]:
    kernel, bias, output, constant = parts
    hidden = np.maximum(rows @ kernel + bias, 0)
    error = (weights * (expit(hidden @ output + constant) - labels) / len(rows)).astype(np.float32)
    back = np.multiply.outer(error, output) * (hidden > 0)
    return [rows.T @ back, back.sum(axis=0), error @ hidden, error.sum(keepdims=True)]


def _log_odds(labels: NDArray[np.bool_], weights: Floats) -> float:
    share = float(np.clip(weights[labels].sum() / weights.sum(), 1e-6, 1 - 1e-6))
    return float(np.log(share / (1 - share)))
