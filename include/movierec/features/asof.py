"""Counting what had happened by a moment, for many cells and moments at once."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from movierec.data.arrays import Doubles, Floats, Ints
from movierec.kernels.parallel import compiled, over_rows


@dataclass(frozen=True, eq=False)
class AsOf:
    """Events in cells (a movie, or a movie within a group of users), sorted by cell and time.

    Attributes:
        starts: where each cell's events start, and where the last one's end.
        times: of the events (microseconds).
        totals: running sum of the events' values, one longer than `times` (float64).
    """

    starts: Ints
    times: Ints
    totals: Doubles

    @classmethod
    def of(cls, cells: Ints, times: Ints, values: Floats, size: int) -> Self:
        """Sort the events of cells 0 … size - 1; linear in their number but for the sort."""
        order = np.lexsort((times, cells))
        starts = np.searchsorted(cells[order], np.arange(size + 1))
        return cls(starts, times[order], np.concatenate([[0.0], np.cumsum(values[order], dtype=np.float64)]))

    def count(self, cells: Ints, until: Ints, since: Ints | None = None) -> Floats:
        """Count each cell's events with since < time <= until (float32)."""
        first = self.starts[cells] if since is None else self._first_after(cells, since)
        return (self._first_after(cells, until) - first).astype(np.float32)

    def total(self, cells: Ints, until: Ints, since: Ints | None = None) -> Floats:
        """Sum each cell's values with since < time <= until (float32)."""
        first = self.starts[cells] if since is None else self._first_after(cells, since)
        return (self.totals[self._first_after(cells, until)] - self.totals[first]).astype(np.float32)

    def _first_after(self, cells: Ints, times: Ints) -> Ints:
        """Return the index of the first event of each cell after a time."""
        indices = np.empty(len(cells), np.int64)
        over_rows(_find_first_after, len(cells), self.starts, self.times, cells, times, indices)
        return indices


@compiled
def _find_first_after(start, stop, starts, event_times, cells, times, indices):  # type: ignore[no-untyped-def]
    """Bisect each cell's events for the first one after the time."""
    for row in range(start, stop):
        low, high = starts[cells[row]], starts[cells[row] + 1]
        while low < high:
            middle = (low + high) // 2
            if event_times[middle] <= times[row]:
                low = middle + 1
            else:
                high = middle
        indices[row] = low
