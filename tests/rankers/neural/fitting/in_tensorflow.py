"""`python in_tensorflow.py`, in the environment that has TensorFlow: what of it must agree with numpy does."""

import time
from dataclasses import replace
from functools import partial

import keras
import numpy as np
import tensorflow as tf

from movierec.rankers.neural.fitting import training
from movierec.rankers.neural.fitting.adam import LAST_RATE, WARM_UP_STEPS, Adam, Rate
from movierec.rankers.neural.fitting.architectures import Architecture, architecture
from movierec.rankers.neural.fitting.losses import next_movies_loss, sampled_loss
from movierec.rankers.neural.fitting.negatives import Negatives
from movierec.rankers.neural.fitting.sequence_examples import SequenceExamples
from movierec.rankers.neural.histories import Histories
from movierec.rankers.neural.options import ARCHITECTURES, AUTOENCODER, SEQUENCE, Options

USERS, MOVIES = 60, 50
NEVER = 1e12  # seconds


def random_histories(rng: np.random.Generator) -> Histories:
    """Users with none to 40 ratings of different movies; some at one moment."""
    sizes = rng.integers(0, 40, USERS)
    users = np.repeat(np.arange(USERS), sizes)
    count = len(users)
    return Histories.of(
        users,
        USERS,
        movies=np.concatenate([rng.permutation(MOVIES)[:size] for size in sizes]),
        times=rng.integers(0, 30, count),
        signal=rng.choice([0.3, 1.0], count).astype(np.float32),
        levels=rng.integers(1, 6, count),
        liked=rng.random(count) < 0.5,
    )


def difference(chosen: Architecture, histories: Histories, rng: np.random.Generator) -> float:
    """Return how far scores in numpy are from TensorFlow's, with weights far from where they begin."""
    network = chosen.network()
    network(*chosen.read(histories))
    for weight in network.trainable_variables:
        weight.assign(weight + rng.normal(0, 0.1, weight.shape))
    theirs = np.asarray(network(*chosen.read(histories)))
    return float(np.abs(theirs - chosen.score(network.arrays(), histories)).max() / np.abs(theirs).max())


def check_sparse_product(chosen: Architecture, histories: Histories, rng: np.random.Generator) -> None:
    """Compare the gradient of the autoencoder's first layer with that of a dense product."""
    network = chosen.network()
    cells, values, *_, rows = inputs = chosen.read(histories)
    x = np.zeros((rows, network.inputs_wide), np.float32)
    x[cells[:, 0], cells[:, 1]] = values
    weights = tf.constant(rng.normal(size=(rows, MOVIES)).astype(np.float32))
    with tf.GradientTape(persistent=True) as tape:
        sparse = tf.reduce_sum(weights * network(*inputs))
        dense = tf.reduce_sum(weights * network.out(tf.tanh(tf.matmul(x, network.kernel) + network.bias)))
    ours, theirs = (np.asarray(tape.gradient(total, network.kernel)) for total in (sparse, dense))
    np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6)
    assert np.abs(theirs).max() > 1e-3


def plain_loss(logits: tf.Tensor, seen: tf.Tensor, targets: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
    """Return the loss as it is read in a paper, its gradient left to TensorFlow."""
    p = tf.nn.log_softmax(tf.where(seen, -1e9, logits))
    return -tf.reduce_sum(weights * tf.gather(p, targets, batch_dims=1)) / tf.reduce_sum(weights)


def check_sampled_loss(network: keras.Model, histories: Histories, rng: np.random.Generator) -> None:
    """Compare it with the whole softmax: equal where all movies are drawn, and in the mean where some are."""
    network.drop.rate = 0.0
    for block in network.blocks:
        block.drop.rate = 0.0
    everything, some = (Negatives.of(rng.random(MOVIES) + 0.1, number) for number in (MOVIES, 20))
    make = partial(SequenceExamples, following=1, decay=1.0, length=12, batch=8, share=1.0)
    batch = next(make(everything).epoch(histories, rng))
    logits = network(*batch.inputs)
    before = batch.is_excluded.copy()
    before[np.arange(len(before)), batch.targets[:, 0]] = False
    whole = float(plain_loss(logits, before, batch.targets, batch.weights))
    np.testing.assert_allclose(float(sampled_loss(network, batch)), whole, rtol=1e-4)
    compiled = tf.function(
        lambda negatives, is_excluded, log_odds: sampled_loss(
            network, batch._replace(negatives=negatives, is_excluded=is_excluded, log_odds=log_odds)
        )
    )
    sampled = []
    for _ in range(200):
        drawn = some.draw(rng)
        log_odds = np.log(some.odds[drawn]).astype(np.float32)
        part = (drawn.astype(np.int32), batch.is_excluded[:, drawn], log_odds)
        sampled.append(float(compiled(*map(tf.constant, part))))
    assert np.std(sampled) > 1e-3
    assert abs(np.mean(sampled) - whole) < 0.02 * whole


def check_adam(rng: np.random.Generator) -> None:
    """Take some steps beside Keras' Adam and its schedule."""
    steps, highest = 3 * WARM_UP_STEPS, 0.01
    start = rng.normal(size=(4, 3)).astype(np.float32)
    ours, theirs = keras.Variable(start), keras.Variable(start)
    falling = keras.optimizers.schedules.CosineDecay(
        0.0, steps - WARM_UP_STEPS, alpha=LAST_RATE, warmup_target=highest, warmup_steps=WARM_UP_STEPS
    )
    adam, reference = Adam(Rate(highest, steps)), keras.optimizers.Adam(falling)
    for _ in range(steps + 5):
        gradient = tf.constant(rng.normal(size=(4, 3)).astype(np.float32))
        adam.apply([gradient], [ours])
        reference.apply_gradients([(gradient, theirs)])
    np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-4, atol=1e-6)
    assert np.abs(ours.numpy() - start).max() > highest


def check_few_steps() -> None:
    """However few steps there are, the learning rate rises and falls."""
    for steps in (2, 3, 10, 60):
        rate = Rate(1.0, steps)
        rates = [float(rate.at(step)) for step in range(steps)]
        assert max(rates) > 0.5, rates
        assert steps < 10 or rates[-1] < 0.5, rates


def check_large_data(chosen: Architecture, histories: Histories) -> None:
    """An epoch of data that takes more steps than are planned is a part of it."""
    steps = []
    counted = replace(chosen, steps=8, loss=lambda network, batch: steps.append(1) or chosen.loss(network, batch))
    assert chosen.examples.steps(histories) > 2 == counted.epoch_steps(histories)
    assert counted.epochs(histories, most=50) == 4
    tf.config.run_functions_eagerly(True)
    training.train(counted, histories, training.Plan(4, 4, 4, seed=0, deadline=NEVER), None, lambda _: None)
    tf.config.run_functions_eagerly(False)
    assert len(steps) == 8


def check_no_number(chosen: Architecture, histories: Histories) -> None:
    """A loss that is not a number ends the fit."""
    broken = replace(chosen, loss=lambda network, batch: chosen.loss(network, batch) * np.float32("nan"))
    try:
        training.train(broken, histories, training.Plan(9, 9, 9, seed=0, deadline=NEVER), None, lambda _: None)
    except ArithmeticError as error:
        assert "not a number in epoch 1" in str(error)
    else:
        raise AssertionError("it went on")


class Clock:
    """Time that passes when it is looked at: a hundredth of a second, and once many more."""

    def __init__(self, slow_look: int = 0, lost: float = 0.0) -> None:
        """Store at which look, counted from 1, how many seconds more pass."""
        self.seconds, self.looks, self.slow_look, self.lost = 0.0, 0, slow_look, lost

    def monotonic(self) -> float:
        """Return the seconds so far."""
        self.looks += 1
        self.seconds += 0.01 + self.lost * (self.looks == self.slow_look)
        return self.seconds


def check_short_time(chosen: Architecture, histories: Histories) -> None:
    """Train for more epochs than there is time for: the learning rate falls all the same, over fewer of them."""
    plan, said = training.Plan(100_000, 100_000, 100_000, seed=0, deadline=1.0), list[str]()
    rates = []
    training.time, training.Rate = Clock(), lambda *arguments: rates.append(Rate(*arguments)) or rates[-1]
    epochs = training.train(chosen, histories, plan, None, said.append).epoch
    training.time, training.Rate = time, Rate
    assert any("there is time for" in line for line in said), said
    assert sum(line.startswith("epoch ") for line in said) == epochs < plan.epochs
    last_step = epochs * chosen.examples.steps(histories) - 1
    assert float(rates[0].at(last_step)) < 0.3 * rates[0].highest


def check_slow_epoch(chosen: Architecture, histories: Histories) -> None:
    """An epoch that was slow by chance makes the plan shorter only until the time turns out to be there."""
    looks = chosen.examples.steps(histories) + 3  # of an epoch, at least
    training.time = Clock(slow_look=looks, lost=100 * 0.01 * looks)
    plan, said = training.Plan(10, 10, 10, seed=0, deadline=400 * 0.01 * looks), list[str]()
    result = training.train(chosen, histories, plan, None, said.append)
    training.time = time
    planned = [line.split()[4] for line in said if line.startswith("there is time for")]
    assert len(planned) > 1, said
    assert int(planned[0]) < 10 == int(planned[-1]), said
    assert (result.epoch, result.epochs) == (10, 10), said


def main() -> None:
    """Raise an AssertionError where they do not agree."""
    check_adam(np.random.default_rng(1))
    rng = np.random.default_rng(0)
    keras.utils.set_random_seed(0)
    histories = random_histories(rng)
    for blocks in (1, 2):
        sizes = {"hidden": 32, "dropout": 0.5, "length": 12, "width": 16, "blocks": blocks}
        options = Options(
            architectures=ARCHITECTURES,
            movies=MOVIES,
            following=3,
            is_next=False,
            epochs=2,
            stop_after=0,
            max_seconds=60,
            seed=0,
            **sizes,
        )
        for name in ARCHITECTURES:
            found = difference(architecture(name, histories, options), histories, rng)
            assert found < 1e-5, f"{name} with {blocks} blocks: {found}"
        check_sampled_loss(architecture(SEQUENCE, histories, options).network(), histories, rng)
    check_few_steps()
    check_sparse_product(architecture(AUTOENCODER, histories, options), histories, rng)
    check_no_number(architecture(AUTOENCODER, histories, options), histories)
    check_large_data(architecture(SEQUENCE, histories, replace(options, length=2)), histories)
    check_short_time(architecture(AUTOENCODER, histories, options), histories)
    check_slow_epoch(architecture(AUTOENCODER, histories, options), histories)
    seen = rng.random((8, MOVIES)) < 0.3
    targets = np.stack([rng.permutation(np.flatnonzero(~row))[:3] for row in seen]).astype(np.int32)
    arguments = tf.constant(seen), tf.constant(targets), tf.constant(rng.random((8, 3)).astype(np.float32))
    logits = tf.Variable(rng.normal(0, 3, (8, MOVIES)).astype(np.float32))
    values, gradients = [], []
    for loss in (next_movies_loss, plain_loss):
        with tf.GradientTape() as tape:
            values.append(loss(logits, *arguments))
        gradients.append(tape.gradient(values[-1], logits))
    np.testing.assert_allclose(*values, rtol=1e-5)
    np.testing.assert_allclose(*gradients, rtol=1e-4, atol=1e-7)


if __name__ == "__main__":
    main()
