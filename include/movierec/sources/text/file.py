"""One file of a dataset, wherever it is stored: opened, unpacked and checksummed as a stream."""

import hashlib
import io
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from movierec.errors import SourceError
from movierec.rating_scale import RatingScale
from movierec.sources.text import formats
from movierec.sources.text.encoding import Readable
from movierec.sources.text.lines import BLOCK_BYTES
from movierec.sources.text.read_errors import plain_read_errors
from movierec.sources.text.tables_as_text import json_lines_as_csv, parquet_as_csv

# Text is packed to a tenth, repetitive text to a fiftieth; what is packed further is made to fill disks.
MAX_RATIO = 200
MIN_LIMIT_BYTES = 1 << 28

Opener = Callable[[], AbstractContextManager[IO[bytes]]]


class Stream:
    """Bytes of a file as they are read; damage is reported with its position."""

    def __init__(self, where: str, raw: Readable, limit: int | None = None) -> None:
        """Read `raw`, of which there may be `limit` bytes; `where` is what messages call it."""
        self._where = where
        self._raw = raw
        self._limit = limit
        self._position = 0
        self._peeked = b""

    def read(self, size: int) -> bytes:
        """Return up to so many bytes, none at the end.

        Raises:
            SourceError: the file is cut off, corrupt, cannot be read, or longer than its limit.
        """
        if self._peeked:
            data, self._peeked = self._peeked[:size], self._peeked[size:]
            return data
        with plain_read_errors(f"{self._where} is damaged after {self._position:,} bytes"):
            data = self._raw.read(size)
        self._position += len(data)
        if self._limit is not None and self._position > self._limit:
            raise SourceError(
                f"{self._where} unpacks to more than {self._limit:,} bytes, which no dataset of its size does; "
                "unpack it yourself if this is meant"
            )
        return data

    def peek(self, size: int) -> bytes:
        """Return the first bytes, which are read again afterwards."""
        self._peeked = self.read(size)
        return self._peeked


class _Forward(io.RawIOBase):
    """A file that can be read from its start to its end, of anything that bytes can be read from."""

    def __init__(self, source: Readable) -> None:
        self._source = source

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = self._source.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def buffered(source: Readable) -> io.BufferedReader:
    """Return a file object that can be read once, for libraries that take nothing else."""
    return io.BufferedReader(_Forward(source))


@dataclass(frozen=True)
class StoredFile:
    """A file as it is stored: the first bytes of its content, and the content from the start, in two forms.

    `raw` is a file in which one can go back, where nothing had to be unpacked.
    """

    head: bytes
    stream: Stream
    raw: IO[bytes]


@dataclass(frozen=True)
class File:
    """One file of a dataset.

    Attributes:
        name: path inside the dataset, the same whether that is a folder or a zip; without `.gz` and the like.
        where: what messages call it.
        opener: opens its bytes as they are stored.
        path: the file on disk that its bytes are in.
        scale: the scale of its ratings, where the layout fixes it.
        is_inside: it is inside of an archive.
        is_generated: its bytes are made here, as CSV by the letter.
        others: further files on disk that they are made of.
    """

    name: str
    where: str
    opener: Opener
    path: Path
    scale: RatingScale | None = None
    is_inside: bool = False
    is_generated: bool = False
    others: tuple[Path, ...] = ()

    @contextmanager
    def open(self) -> Iterator[Stream]:
        """Open the content as text: unpacked where it is packed, as CSV where it is Parquet or JSON lines.

        Raises:
            SourceError: the file cannot be opened.
        """
        with self.open_stored() as stored:
            head, stream = stored.head, stored.stream
            if formats.is_parquet(head):
                yield Stream(self.where, parquet_as_csv(self.where, stored.raw))
            elif formats.is_json_lines(head):
                yield Stream(self.where, json_lines_as_csv(self.where, stream))
            else:
                yield stream

    def is_made_here(self) -> bool:
        """Tell whether what `open` gives is CSV that was made here, of Parquet, JSON lines or a known layout."""
        if self.is_generated:
            return True
        with self.open_stored() as stored:
            return formats.is_parquet(stored.head) or formats.is_json_lines(stored.head)

    @contextmanager
    def open_stored(self) -> Iterator["StoredFile"]:
        """Open the content, unpacked where it is packed, in whatever form it is.

        Raises:
            SourceError: the file cannot be opened.
        """
        with ExitStack() as stack:
            with plain_read_errors(f"{self.where} cannot be read"):
                raw = io.BufferedReader(stack.enter_context(self.opener()))  # type: ignore[type-var]
                head = raw.peek(formats.HEAD_BYTES)[: formats.HEAD_BYTES]
                stream = Stream(self.where, formats.unpack(head, raw), self._limit(head))
            if formats.is_packed(head):
                yield StoredFile(stream.peek(formats.HEAD_BYTES), stream, buffered(stream))
            else:
                yield StoredFile(head, stream, raw)

    def _limit(self, head: bytes) -> int | None:
        """Return how many bytes may come out of a packed file; None where nothing is unpacked."""
        if not self.is_inside and not formats.is_packed(head):
            return None
        return max(MIN_LIMIT_BYTES, MAX_RATIO * self.path.stat().st_size)

    def head(self, size: int) -> bytes:
        """Return the first bytes of the content."""
        with self.open() as stream:
            return stream.read(size)

    def version(self) -> tuple[int, ...]:
        """Return numbers that change when somebody writes to a file on disk that holds its bytes."""
        stats = [path.stat() for path in (self.path, *self.others)]
        return tuple(part for each in stats for part in (each.st_ino, each.st_size, each.st_mtime_ns))

    def sha256(self) -> str:
        """Return the checksum of the content, which is the same whether it is packed or not."""
        digest = hashlib.sha256()
        with self.open_stored() as stored:
            while data := stored.stream.read(BLOCK_BYTES):
                digest.update(data)
        return digest.hexdigest()
