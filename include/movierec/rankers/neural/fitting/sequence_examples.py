"""Training examples of the sequence model: pieces of histories, what came next, and movies that did not."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from movierec.rankers.neural.fitting.examples import targets_after
from movierec.rankers.neural.fitting.negatives import Negatives
from movierec.rankers.neural.histories import PADDING, Floats, Histories, Ints


class SequenceBatch(NamedTuple):
    """Some examples, of which targets and some other movies are scored; a row is a cut.

    Attributes:
        inputs: what the network reads, in the order of its arguments.
        targets: columns of the movies that came next (rows × `following`, int32).
        weights: of the targets (float32), 0 where there are no more.
        negatives: columns of the other movies, the same ones for all rows (int32).
        log_odds: logarithm of how likely each was to be drawn (float32).
        is_excluded: whether it is not a negative for a row: the movie came before the cut, or is a target of the row.
    """

    inputs: tuple[Any, ...]
    targets: NDArray[np.int32]
    weights: Floats
    negatives: NDArray[np.int32]
    log_odds: Floats
    is_excluded: NDArray[np.bool_]


@dataclass(frozen=True)
class SequenceExamples:
    """Pieces of `length` ratings, `batch` of them in a step; a share of the positions, drawn at random, are cuts.

    Where many movies after a cut are targets, those of neighbouring positions are nearly the same.
    """

    negatives: Negatives
    following: int
    decay: float
    length: int
    batch: int
    share: float

    def steps(self, histories: Histories) -> int:
        """Return how many batches an epoch has, about."""
        lengths = np.diff(histories.starts) - 1
        pieces = np.where(lengths > self.length, lengths / self.length + 1, lengths > 0)
        return int(np.ceil(pieces.sum() / self.batch))

    def epoch(self, histories: Histories, rng: np.random.Generator) -> Iterator[SequenceBatch]:
        """Draw an epoch's batches."""
        histories = histories.shuffled(rng)
        users, firsts = self._pieces(np.diff(histories.starts) - 1, rng)
        for start in range(0, len(users), self.batch):
            some = slice(start, start + self.batch)
            yield self._batch(histories, users[some], firsts[some], rng)

    def _pieces(self, lengths: Ints, rng: np.random.Generator) -> tuple[Ints, Ints]:
        """Cut every history, so long without its last rating, into pieces, and return user and first position of each.

        One piece ends where the history does, the others tile a long history from a random position. A piece may begin
        before the history does: the last position is always filled, as it is when users are scored.
        """
        shift = rng.integers(1, self.length + 1, len(lengths))
        more = np.where(lengths > self.length, -(-(lengths - shift) // self.length), 0)
        counts = (lengths > 0) + more
        users = np.repeat(np.arange(len(lengths)), counts)
        number = np.arange(len(users)) - np.repeat(np.cumsum(counts) - counts, counts)
        ends = lengths[users] - (number > 0) * (shift[users] + (number - 1) * self.length)
        order = rng.permutation(len(users))
        return users[order], ends[order] - self.length

    def _batch(self, histories: Histories, users: Ints, firsts: Ints, rng: np.random.Generator) -> SequenceBatch:
        starts, sizes = histories.starts[users], np.diff(histories.starts)[users]
        positions = firsts[:, None] + np.arange(self.length)
        exists = positions >= 0
        index = np.where(exists, starts[:, None] + positions, 0)
        movies = np.where(exists, histories.movies[index], 0).astype(np.int32)
        levels = np.where(exists, histories.levels[index], PADDING).astype(np.int32)
        pieces, slots = np.nonzero(exists & (rng.random(exists.shape) < self.share))
        cuts = firsts[pieces] + slots + 1
        targets, weights = targets_after(histories, users[pieces], cuts, self.following, self.decay)
        drawn = self.negatives.draw(rng)
        rated_from = self._first_positions(histories, starts, sizes)[:, drawn]
        is_excluded = rated_from[pieces] < (cuts + self.following)[:, None].astype(rated_from.dtype)
        rows = (pieces * self.length + slots).astype(np.int32)
        log_odds = np.log(self.negatives.odds[drawn]).astype(np.float32)
        return SequenceBatch((movies, levels, rows), targets, weights, drawn.astype(np.int32), log_odds, is_excluded)

    def _first_positions(self, histories: Histories, starts: Ints, sizes: Ints) -> Ints:
        """Return the position of each movie in the history of each piece (pieces × movies); the largest for none."""
        # The smaller the numbers, the sooner they are compared.
        kind = np.int16 if sizes.max() + self.following < np.iinfo(np.int16).max else np.int64
        first = np.full((len(starts), len(self.negatives.odds)), np.iinfo(kind).max, kind)
        for row, (start, size) in enumerate(zip(starts, sizes, strict=True)):
            first[row, histories.movies[start : start + size]] = np.arange(size)
        return first
