"""The training loop: Adam with warm-up and cosine, the best epoch by the inner window, an end by the clock."""

import time
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, NamedTuple, Self

import keras
import numpy as np
import tensorflow as tf

from movierec.rankers.neural.fitting.adam import Adam, Rate
from movierec.rankers.neural.fitting.architectures import Architecture
from movierec.rankers.neural.histories import Floats, Histories, Weights

CLOSENESS = 1e-5  # of scores in numpy and in TensorFlow, as a share of the largest
CHECKED_USERS = 32

Say = Callable[[str], None]


class Plan(NamedTuple):
    """How long.

    Attributes:
        epochs: that the learning rate falls over.
        stop_after: epochs after which training ends, at most `epochs`.
        patience: epochs without a better NDCG after which it ends.
        seed: of the examples.
        deadline: `time.monotonic()` at which it ends.
        half_way: the NDCG below which it ends after half of `epochs`.
    """

    epochs: int
    stop_after: int
    patience: int
    seed: int
    deadline: float
    half_way: float = 0.0

    def shortened(self, stop_after: int) -> Self:
        """Return a plan that ends earlier, at whose end the learning rate has fallen as far."""
        return self._replace(stop_after=stop_after, epochs=round(self.epochs * stop_after / self.stop_after))


class Result(NamedTuple):
    """What training came to.

    Attributes:
        weights: of the best epoch.
        epoch: which one it was, counted from 1.
        ndcg: NDCG@10 after it on the inner window, 0 where none was measured.
        epochs: that the learning rate fell over in the end.
    """

    weights: Weights
    epoch: int
    ndcg: float
    epochs: int = 0


def train(
    architecture: Architecture, histories: Histories, plan: Plan, ndcg_of: Callable[[Weights], float] | None, say: Say
) -> Result:
    """Train a new network to the end of the plan; without `ndcg_of` the last epoch is the best.

    Raises:
        ArithmeticError: the loss is not a number, or numpy does not score as TensorFlow does, so that the weights would
            give other lists.
    """
    keras.utils.set_random_seed(plan.seed)
    network, examples = architecture.network(), architecture.examples
    per_epoch = architecture.epoch_steps(histories)
    rate = Rate(architecture.learning_rate, per_epoch * plan.epochs)
    step = _step(architecture, network, rate)
    rng = np.random.default_rng(plan.seed)
    best = Result({}, 0, -1.0)
    first_plan, began = plan, time.monotonic()
    epoch = 0
    while epoch < plan.stop_after:
        epoch += 1
        started = time.monotonic()
        batches = islice(examples.epoch(histories, rng), per_epoch)
        losses = [float(step(batch)) for batch in _until(plan.deadline, batches)]
        if not np.isfinite(losses).all():
            raise ArithmeticError(f"the loss is not a number in epoch {epoch}")
        weights = network.arrays()
        ndcg = ndcg_of(weights) if ndcg_of else 0.0
        ndcg_text = f", NDCG@10 {ndcg:.4f}" if ndcg_of else ""
        say(f"epoch {epoch}: loss {np.mean(losses):.4f}{ndcg_text}, {time.monotonic() - started:.1f} s")
        if ndcg_of is None or ndcg > best.ndcg:
            best = Result(weights, epoch, ndcg)
        if _is_over(plan, epoch, best, say):
            break
        now = time.monotonic()
        # An epoch that was slow by chance counts less in the next one's forecast, so that a plan may grow again.
        seconds = max(now - started, (now - began) / epoch)
        stop_after = max(epoch, min(first_plan.stop_after, epoch + int((plan.deadline - now) / seconds)))
        if stop_after != plan.stop_after:
            plan = first_plan.shortened(stop_after)
            rate.fall_by(per_epoch * plan.epochs)
            say(f"there is time for {plan.stop_after} epochs: the learning rate falls by then")
    some = histories.of_users(np.arange(min(CHECKED_USERS, len(histories.starts) - 1)))
    check(np.asarray(network(*architecture.read(some))), architecture.score(network.arrays(), some))
    return best._replace(epochs=plan.epochs)


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
    elif epoch >= plan.epochs / 2 and best.ndcg < plan.half_way:
        say(f"ended after epoch {epoch}: it is too far from {plan.half_way:.4f}")
    else:
        return False
    return True


def _until(deadline: float, batches: Iterator[Any]) -> Iterator[Any]:
    for batch in batches:
        yield batch
        if time.monotonic() > deadline:
            return


def _step(architecture: Architecture, network: Any, rate: Rate) -> Callable[[Any], Any]:
    """Return what takes one step down the gradient of a batch's loss."""
    adam = Adam(rate)

    @tf.function(reduce_retracing=True, autograph=False)  # type: ignore[untyped-decorator]
    def step(batch: Any) -> Any:
        with tf.GradientTape() as tape:
            loss = architecture.loss(network, batch)
        variables = network.trainable_variables
        adam.apply(tape.gradient(loss, variables), variables)
        return loss

    return lambda batch: step(tf.nest.map_structure(tf.constant, batch))
