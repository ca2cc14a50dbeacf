"""Counting what had happened by a moment, for many cells and moments at once."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from movierec.features.types import Floats, Ints


@dataclass(frozen=True, eq=False)
class AsOf:
    """Events in cells (a movie, or a movie within a group of users), sorted by cell and time.

    Attributes:
        moments: the distinct times of all events, ascending (microseconds).
        keys: cell · (moments + 1) + number of the event's moment, ascending; exact for any span of time.
        totals: running sum of the events' values, one longer than `keys` (float64).
    """

    moments: Ints
    keys: Ints
    totals: NDArray[np.float64]

    @classmethod
    def of(cls, cells: Ints, times: Ints, values: Floats) -> "AsOf":
        """Sort the events; linear in their number but for the sort."""
        moments, numbers = np.unique(times, return_inverse=True)
        keys = cells * (len(moments) + 1) + numbers
        order = np.argsort(keys, kind="stable")
        totals = np.concatenate([[0.0], np.cumsum(values[order], dtype=np.float64)])
        return cls(moments, keys[order], totals)

    def count(self, cells: Ints, until: Ints, since: Ints | None = None) -> Floats:
        """Count each cell's events with since < time <= until (float32)."""
        first, last = self._range(cells, until, since)
        return (last - first).astype(np.float32)

    def total(self, cells: Ints, until: Ints) -> Floats:
        """Sum each cell's values with time <= until (float32)."""
        first, last = self._range(cells, until, None)
        return (self.totals[last] - self.totals[first]).astype(np.float32)

    def _range(self, cells: Ints, until: Ints, since: Ints | None) -> tuple[Ints, Ints]:
        base = cells * (len(self.moments) + 1)
        start = base if since is None else base + np.searchsorted(self.moments, since, side="right")
        stop = base + np.searchsorted(self.moments, until, side="right")
        return np.searchsorted(self.keys, start), np.searchsorted(self.keys, stop)
