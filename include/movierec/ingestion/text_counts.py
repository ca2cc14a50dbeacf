"""How often each text stands in a column of COPY lines, counted while they pass on their way into the database."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

MAX_TEXTS = 10_000  # a column with more of them is counted by the database
_TAB, _NEWLINE = b"\t\n"
_WORD = 8  # bytes; texts up to this length are compared as whole numbers
_MASKS = np.array([(1 << 8 * length) - 1 for length in range(_WORD + 1)], dtype="<u8")


class TextCounts:
    """Counts the texts of one column.

    Attributes:
        rows: how many rows each text stands in, as COPY writes it; None where that was not counted, because there are
            too many texts or rows that do not count.
    """

    def __init__(self, column: str) -> None:
        """Count the texts of this column."""
        self.rows: Counter[bytes] | None = Counter()
        self._column = column

    def add(self, data: bytes, columns: Sequence[str]) -> None:
        """Count whole lines in COPY's text format, which have these columns."""
        if self.rows is None:
            return
        if self._column not in columns or "is_deleted" in columns:
            self.rows = None
            return
        starts, lengths = _fields(data, columns.index(self._column), len(columns))
        is_short = lengths <= _WORD
        # Texts at any byte, read as whole numbers: a number for a line instead of an object for a line.
        words = np.ndarray(len(data) + 1, "<u8", data + bytes(_WORD), strides=(1,))
        short = words[starts[is_short]] & _MASKS[lengths[is_short]]
        for word, rows in zip(*np.unique(short, return_counts=True), strict=True):
            self.rows[int(word).to_bytes(_WORD, "little").rstrip(b"\0")] += int(rows)
        for start, length in zip(starts[~is_short].tolist(), lengths[~is_short].tolist(), strict=True):
            self.rows[data[start : start + length]] += 1
        if len(self.rows) > MAX_TEXTS:
            self.rows = None

    def texts(self) -> dict[str, int] | None:
        """Return the rows of each text that COPY does not escape, which null and control characters are."""
        if self.rows is None:
            return None
        return {text.decode(): rows for text, rows in self.rows.items() if b"\\" not in text}


def _fields(data: bytes, column: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Return where a column's texts start and how long they are, line by line."""
    text = np.frombuffer(data, dtype=np.uint8)
    ends = np.flatnonzero((text == _TAB) | (text == _NEWLINE)).reshape(-1, width)
    starts = ends[:, column - 1] + 1 if column else np.concatenate([[0], ends[:-1, -1] + 1])
    return starts, ends[:, column] - starts
