"""Training examples, drawn anew for every epoch: a user's history up to a cut, and what came after it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from movierec.rankers.neural import autoencoder
from movierec.rankers.neural.histories import Floats, Histories, Ints


class Batch(NamedTuple):
    """Some examples, of which all movies are scored; a row is a cut.

    Attributes:
        inputs: what the network reads, in the order of its arguments.
        seen: whether the movie came before the cut (rows × movies), so that it cannot be what comes next.
        targets: columns of the movies that came next (rows × `following`, int32).
        weights: of the targets (float32), 0 where there are no more.
    """

    inputs: tuple[Any, ...]
    seen: NDArray[np.bool_]
    targets: NDArray[np.int32]
    weights: Floats


class Examples(Protocol):
    """A source of batches."""

    def steps(self, histories: Histories) -> int:
        """Return how many batches an epoch has."""

    def epoch(self, histories: Histories, rng: np.random.Generator) -> Iterator[Any]:
        """Draw an epoch's batches."""


def targets_after(
    histories: Histories, users: Ints, cuts: Ints, following: int, decay: float
) -> tuple[NDArray[np.int32], Floats]:
    """Return the next movies after each cut, and their signal · decay^(how many came between)."""
    ahead = np.arange(following)
    ratings = (histories.starts[users] + cuts)[:, None] + ahead
    exists = ratings < histories.starts[users + 1][:, None]
    ratings = np.where(exists, ratings, 0)
    weights = histories.signal[ratings] * exists * decay**ahead
    return histories.movies[ratings].astype(np.int32), weights.astype(np.float32)


def network_inputs(inputs: autoencoder.Inputs, rows: int) -> tuple[Any, ...]:
    """Return what `networks.Autoencoder` is called with: cells, values, the order of cells by column, how many rows."""
    columns = inputs.cells[:, 1]
    smallest = np.min_scalar_type(columns.max(initial=0))  # two bytes are sorted by counting
    return (*inputs, np.argsort(columns.astype(smallest), kind="stable"), np.int64(rows))


@dataclass(frozen=True)
class AutoencoderExamples:
    """Cuts at random positions: `cuts` of every user's history and epoch, `batch` of them in a step.

    A share of the input, `dropout`, is left out. That is done here: what the network does not see costs it nothing.
    """

    movies: int
    following: int
    cuts: int
    batch: int
    dropout: float = 0.0
    decay: float = 1.0

    def steps(self, histories: Histories) -> int:
        """Return how many batches an epoch has."""
        return -(-int((np.diff(histories.starts) > 1).sum()) * self.cuts // self.batch)

    def epoch(self, histories: Histories, rng: np.random.Generator) -> Iterator[Batch]:
        """Draw an epoch's batches."""
        histories = histories.shuffled(rng)
        sizes, ends = np.diff(histories.starts), histories.moment_ends
        users = rng.permutation(np.repeat(np.flatnonzero(sizes > 1), self.cuts))
        cuts = rng.integers(1, sizes[users])
        for start in range(0, len(users), self.batch):
            some = slice(start, start + self.batch)
            yield self._batch(histories, ends, users[some], cuts[some], rng)

    def _batch(self, histories: Histories, ends: Ints, users: Ints, cuts: Ints, rng: np.random.Generator) -> Batch:
        before, rows = histories.up_to(users, cuts), np.repeat(np.arange(len(users)), cuts)
        ends = ends[np.repeat(histories.starts[users], cuts) + before.positions]
        ages = cuts[rows] - np.minimum(ends, cuts[rows])
        seen = np.zeros((len(users), self.movies), bool)
        seen[rows, before.movies] = True
        whole = autoencoder.inputs(before, rows, ages, self.movies)
        cells, values = whole.of(rng.random(len(whole.values), np.float32) >= self.dropout)
        return Batch(
            network_inputs(autoencoder.Inputs(cells, values / np.float32(1 - self.dropout)), len(users)),
            seen,
            *targets_after(histories, users, cuts, self.following, self.decay),
        )
