"""The training loop: Adam with warm-up and cosine, the best epoch by the inner window, an end by the clock."""

import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from movierec.rankers.neural.fitting.adam import Adam, Rate
from movierec.rankers.neural.fitting.architectures import Architecture
from movierec.rankers.neural.fitting.examples import Batch
from movierec.rankers.neural.histories import Floats, Histories, Weights

UNLIKELY = 1e-30
SEEN = np.float32(-1e9)
CLOSENESS = 1e-5  # of scores in numpy and in TensorFlow, as a share of the largest
CHECKED_USERS = 32

Say = Callable[[str], None]


class Plan(NamedTuple):
    """How long.

    Attributes:
        epochs: that the learning rate falls over.
        stop_after: epochs after which training ends, at most `epochs`.
        patience: epochs without a better value after which it ends.
        seed: of the examples.
        deadline: `time.monotonic()` at which it ends.
        half_way: the value below which it ends after half of `epochs`.
    """

    epochs: int
    stop_after: int
    patience: int
    seed: int
    deadline: float
    half_way: float = 0.0


class Result(NamedTuple):
    """The weights of the best epoch, which one it was, counted from 1, and its value (0 where none was measured)."""

    weights: Weights
    epoch: int
    value: float


def train(
    chosen: Architecture, histories: Histories, plan: Plan, value: Callable[[Weights], float] | None, say: Say
) -> Result:
    """Train a new network to the end of the plan; without `value` the last epoch is the best.

    Raises:
        ArithmeticError: numpy does not score as TensorFlow does, so the weights would give other lists.
    """
    keras.utils.set_random_seed(plan.seed)
    network, examples = chosen.network(), chosen.examples
    step = _step(network, examples.steps(histories) * plan.epochs, chosen.learning_rate)
    rng = np.random.default_rng(plan.seed)
    best = Result({}, 0, -1.0)
    for epoch in range(1, plan.stop_after + 1):
        started = time.monotonic()
        losses = [float(step(batch)) for batch in _until(plan.deadline, examples.epoch(histories, rng))]
        weights = network.arrays()
        reached = value(weights) if value else 0.0
        shown = f", NDCG@10 {reached:.4f}" if value else ""
        say(f"epoch {epoch}: loss {np.mean(losses):.4f}{shown}, {time.monotonic() - started:.1f} s")
        if value is None or reached > best.value:
            best = Result(weights, epoch, reached)
        if _is_over(plan, epoch, best, say):
            break
    some = histories.of_users(np.arange(min(CHECKED_USERS, len(histories.starts) - 1)))
    check(np.asarray(network(*chosen.read(some))), chosen.score(network.arrays(), some))
    return best


def check(theirs: Floats, ours: Floats) -> None:
    """Raise an ArithmeticError if scores in TensorFlow and in numpy differ."""
    difference = float(np.abs(theirs - ours).max(initial=0))
    if not difference <= CLOSENESS * max(1.0, float(np.abs(theirs).max(initial=0))):
        raise ArithmeticError(f"scores in numpy and in TensorFlow differ by {difference:g}")


def _is_over(plan: Plan, epoch: int, best: Result, say: Say) -> bool:
    if time.monotonic() > plan.deadline:
        say(f"ended after epoch {epoch}: the time is over")
    elif epoch - best.epoch >= plan.patience:
        say(f"ended after epoch {epoch}: none was better than epoch {best.epoch}")
    elif epoch >= plan.epochs / 2 and best.value < plan.half_way:
        say(f"ended after epoch {epoch}: it is too far from {plan.half_way:.4f}")
    else:
        return False
    return True


def _until(deadline: float, batches: Iterator[Batch]) -> Iterator[Batch]:
    for batch in batches:
        yield batch
        if time.monotonic() > deadline:
            return


def _step(network: Any, steps: int, learning_rate: float) -> Callable[[Batch], Any]:
    """Return what takes one step down the gradient of a batch's loss."""
    adam = Adam(Rate(learning_rate, steps))

    @tf.function(reduce_retracing=True, autograph=False)  # type: ignore[untyped-decorator]
    def step(batch: Any) -> Any:
        with tf.GradientTape() as tape:
            loss = next_movies_loss(network(*batch.inputs, training=True), batch.seen, batch.targets, batch.weights)
        variables = network.trainable_variables
        adam.apply(tape.gradient(loss, variables), variables)
        return loss

    return lambda batch: step(tf.nest.map_structure(tf.constant, batch))


def next_movies_loss(logits: Any, seen: Any, targets: Any, weights: Any) -> Any:
    """Return the cross-entropy of what came next under the softmax over all movies that were not seen.

    The mean over rows, every row's targets weighted: Σ w · -log p / Σ w. Its gradient is written down, Σ w · p less
    the targets, since that takes a third of the passes over rows × movies that TensorFlow's own takes.
    """
    rows = tf.repeat(tf.range(tf.shape(targets)[0]), tf.shape(targets)[1])
    cells = tf.stack([rows, tf.reshape(targets, (-1,))], axis=1)
    divisor = tf.maximum(tf.reduce_sum(weights), UNLIKELY)

    @tf.custom_gradient  # type: ignore[untyped-decorator]
    def loss(logits: Any) -> Any:
        p = tf.nn.softmax(tf.where(seen, SEEN, logits))
        chosen = tf.reshape(tf.gather_nd(p, cells), tf.shape(weights))
        total = -tf.reduce_sum(weights * tf.math.log(tf.maximum(chosen, UNLIKELY))) / divisor

        def gradient(upstream: Any) -> Any:
            spread = p * tf.reduce_sum(weights, axis=1, keepdims=True)
            return upstream / divisor * tf.tensor_scatter_nd_sub(spread, cells, tf.reshape(weights, (-1,)))

        return total, gradient

    return loss(logits)
