"""Adam (Kingma and Ba, ICLR 2015) with a learning rate that rises and falls.

A step for a variable is one pass over memory, where Keras makes one for every term of the formula: for three million
weights that is a tenth of a whole fit.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

WARM_UP_STEPS = 50  # at most; half of few
LAST_RATE = 0.05  # of the learning rate
DECAY, SQUARED_DECAY, TINY = 0.9, 0.999, 1e-7  # β₁, β₂ and ε of the paper


class Rate:
    """A learning rate that rises for `WARM_UP_STEPS`, then falls along a cosine to `LAST_RATE` of itself."""

    def __init__(self, highest: float, steps: int) -> None:
        """Store what it is after the warm-up, and by which step it has fallen, those of the warm-up among them."""
        self.highest = highest
        self.steps = tf.Variable(float(steps))

    def fall_by(self, steps: int) -> None:
        """Let it have fallen by another step."""
        self.steps.assign(float(steps))

    def at(self, step: Any) -> Any:
        """Return the rate of a step, counted from 0 (a scalar tensor)."""
        step = tf.cast(step, tf.float32)
        warm_up = tf.minimum(float(WARM_UP_STEPS), tf.maximum(1.0, tf.floor(self.steps / 2)))
        fallen = tf.minimum((step - warm_up) / tf.maximum(1.0, self.steps - warm_up), 1.0)
        cosine = LAST_RATE + (1 - LAST_RATE) * (1 + tf.cos(np.pi * fallen)) / 2
        return self.highest * tf.where(step < warm_up, step / warm_up, cosine)


class Adam:
    """Adam for the variables of one network."""

    def __init__(self, rate: Rate) -> None:
        """Store the learning rate; the moments are made at the first step."""
        self.rate = rate
        self.step = tf.Variable(0, dtype=tf.int64)
        self.moments: list[tuple[tf.Variable, tf.Variable]] = []

    def apply(self, gradients: Sequence[Any], variables: Sequence[Any]) -> None:
        """Take a step; the variables are the same ones, in the same order, each time."""
        if not self.moments:
            with tf.init_scope():
                zeros = [tf.zeros(variable.shape) for variable in variables]
                self.moments = [(tf.Variable(each), tf.Variable(each)) for each in zeros]
        rate = self.rate.at(self.step)
        taken = tf.cast(self.step.assign_add(1), tf.float32)
        for gradient, variable, (mean, square) in zip(gradients, variables, self.moments, strict=True):
            tf.raw_ops.ResourceApplyAdam(
                var=variable.value.handle,
                m=mean.handle,
                v=square.handle,
                beta1_power=DECAY**taken,
                beta2_power=SQUARED_DECAY**taken,
                lr=rate,
                beta1=DECAY,
                beta2=SQUARED_DECAY,
                epsilon=TINY,
                grad=tf.convert_to_tensor(gradient),
            )
