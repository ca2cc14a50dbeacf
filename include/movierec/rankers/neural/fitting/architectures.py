"""What each architecture is made of: its network, its examples, its learning rate and how numpy scores with it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from movierec.rankers.neural import autoencoder, sequence
from movierec.rankers.neural.fitting.examples import AutoencoderExamples, Examples, network_inputs
from movierec.rankers.neural.fitting.losses import loss_over_all, sampled_loss
from movierec.rankers.neural.fitting.negatives import Negatives
from movierec.rankers.neural.fitting.networks import Autoencoder, Sequence
from movierec.rankers.neural.fitting.sequence_examples import SequenceExamples
from movierec.rankers.neural.histories import Arrays, Floats, Histories
from movierec.rankers.neural.options import AUTOENCODER, Options

CUTS = 6  # of each user's history in an epoch of the autoencoder
CUTS_AT_ONCE = 256
STEPS = 12.0  # of the autoencoder, by the root of the number of users: on inner windows of 610, 943 and 6,040 users
PIECES_AT_ONCE = 32
NEGATIVES = 512  # of a step of the sequence model
HEADS = 2
SEQUENCE_DROPOUT = 0.2
CUTS_SHARE = 5.0  # share of a sequence's positions that are cuts: this divided by how many movies after one are targets
SEQUENCE_DECAY = 0.93  # of what a later one of the next movies counts
MIN_EPOCHS = 4
SEQUENCE_EPOCHS, SEQUENCE_STEPS = 16, 8_000  # at most


@dataclass(frozen=True)
class Architecture:
    """One architecture for one job.

    Attributes:
        network: makes a new network.
        examples: what it learns from.
        read: what the network reads of whole histories.
        loss: of a network and a batch.
        score: scores whole histories with its weights, in numpy.
        learning_rate: Adam's, after the warm-up.
        steps: after which little is gained, and small data is learned by heart.
    """

    network: Callable[[], Any]
    examples: Examples
    read: Callable[[Histories], tuple[Any, ...]]
    loss: Callable[[Any, Any], Any]
    score: Callable[[Arrays, Histories], Floats]
    learning_rate: float
    steps: float

    def epoch_steps(self, histories: Histories) -> int:
        """Return the steps of an epoch, which of large data is a random part, so that time is looked at in between."""
        return max(1, min(self.examples.steps(histories), int(np.ceil(self.steps / MIN_EPOCHS))))

    def epochs(self, histories: Histories, most: int) -> int:
        """Return over how many epochs the learning rate falls: what makes so many `steps`, at most so many."""
        return int(np.clip(round(self.steps / self.epoch_steps(histories)), 1, most))


def architecture(name: str, histories: Histories, options: Options) -> Architecture:
    """Return the architecture of this name, of the size that the options ask for."""
    popularity = log_popularity(histories, options.movies)
    if name == AUTOENCODER:
        return Architecture(
            network=lambda: Autoencoder(popularity, options.hidden),
            examples=AutoencoderExamples(options.movies, options.following, CUTS, CUTS_AT_ONCE, options.dropout),
            read=lambda histories: network_inputs(
                autoencoder.whole(histories, options.movies), len(histories.starts) - 1
            ),
            loss=loss_over_all,
            score=autoencoder.scores,
            learning_rate=4.5e-3,
            steps=STEPS * np.sqrt(len(histories.starts) - 1),
        )
    levels = int(histories.levels.max()) + 1
    shape = (options.length, options.width, options.blocks, HEADS, SEQUENCE_DROPOUT)
    examples = SequenceExamples(
        negatives=Negatives.of(np.exp(popularity), NEGATIVES),
        following=options.following,
        decay=SEQUENCE_DECAY,
        length=options.length,
        batch=PIECES_AT_ONCE,
        share=min(1.0, CUTS_SHARE / options.following),
    )
    return Architecture(
        network=lambda: Sequence(popularity, levels, *shape),
        examples=examples,
        read=lambda histories: _read_sequences(histories, options.length),
        loss=sampled_loss,
        score=sequence.scores,
        learning_rate=3e-3,
        steps=min(SEQUENCE_STEPS, SEQUENCE_EPOCHS * examples.steps(histories)),
    )


def log_popularity(histories: Histories, movies: int) -> Floats:
    """Return the logarithm of each movie's share of the ratings, one rating added to each."""
    counts = np.bincount(histories.movies, minlength=movies) + 1.0
    return np.asarray(np.log(counts / counts.sum()), np.float32)


def _read_sequences(histories: Histories, length: int) -> tuple[Any, ...]:
    movies, levels = sequence.latest_ratings(histories, length)
    return movies, levels, np.arange(1, len(movies) + 1) * length - 1
