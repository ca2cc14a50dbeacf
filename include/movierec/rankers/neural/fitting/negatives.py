"""Movies that stand for the whole catalogue in a step: a sample whose odds are known exactly."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from movierec.rankers.neural.histories import Floats, Ints

POWER = 0.5  # of how often a movie was rated: between uniform and by popularity


@dataclass(frozen=True, eq=False)
class Negatives:
    """Draws different movies, each with its own odds.

    Attributes:
        odds: how likely each movie is to be drawn, from 0 to 1 (movies).
    """

    odds: Floats

    @classmethod
    def of(cls, popularity: Floats, number: int) -> Self:
        """Make the odds rise with the square root of popularity (any scale), to 1 at most."""
        odds = np.zeros(len(popularity))
        is_sure = np.full(len(popularity), number >= len(popularity))
        weights = np.asarray(popularity, np.float64) ** POWER
        while not is_sure.all():
            odds = weights * (number - is_sure.sum()) / weights[~is_sure].sum()
            more = ~is_sure & (odds >= 1)
            if not more.any():
                break
            is_sure |= more
        return cls(np.where(is_sure, 1.0, odds))

    def draw(self, rng: np.random.Generator) -> Ints:
        """Draw movies: systematic sampling in random order (Madow, 1949), which meets the odds exactly."""
        order = rng.permutation(len(self.odds))
        ends = np.cumsum(self.odds[order])
        number = round(ends[-1])
        positions = np.searchsorted(ends, rng.random() + np.arange(number), side="right")
        return np.sort(order[np.minimum(positions, len(order) - 1)])
