"""Numbering the lines of COPY text, and doing so one chunk ahead of COPY."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import numpy as np

Item = TypeVar("Item")

_NEWLINE = ord("\n")


def number_lines(data: bytes, start: bytes, first: int) -> tuple[bytes, int]:
    """Put `start`, a line number counted from `first`, and a tab in front of every line; also return how many lines.

    Numbers are padded with zeros to one width. The work is done on whole arrays: line by line it would take as long as
    COPY itself.
    """
    text = np.frombuffer(data, dtype=np.uint8)
    ends = np.flatnonzero(text == _NEWLINE)
    lines = len(ends)
    digits = len(str(first + lines - 1))
    width = len(start) + digits + 1
    prefixes = np.empty((lines, width), dtype=np.uint8)
    prefixes[:, : len(start)] = np.frombuffer(start, dtype=np.uint8)
    numbers = np.arange(first, first + lines, dtype=np.int64)
    for column in range(len(start) + digits - 1, len(start) - 1, -1):
        numbers, digit = np.divmod(numbers, 10)
        prefixes[:, column] = digit + ord("0")
    prefixes[:, -1] = ord("\t")
    starts = np.concatenate([[0], ends[:-1] + 1]) + np.arange(lines) * width
    is_prefix = np.zeros(len(text) + lines * width, dtype=bool)
    is_prefix[starts[:, np.newaxis] + np.arange(width)] = True
    numbered = np.empty(len(is_prefix), dtype=np.uint8)
    numbered[is_prefix] = prefixes.ravel()
    numbered[~is_prefix] = text
    return numbered.tobytes(), lines


def prefetch(worker: ThreadPoolExecutor, items: Iterator[Item], work: Callable[[Item], bytes]) -> Iterator[bytes]:
    """Yield `work(item)` for each item; the worker does the next one while the caller uses the last."""
    end: Any = object()

    def step() -> Any:
        item = next(items, end)
        return end if item is end else work(item)

    upcoming = worker.submit(step)
    while (result := upcoming.result()) is not end:
        upcoming = worker.submit(step)
        yield result
