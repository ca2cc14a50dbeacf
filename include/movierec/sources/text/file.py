"""One file of a dataset, wherever it is stored: opened, unpacked and checksummed as a stream."""

import gzip
import hashlib
import io
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from movierec.errors import SourceError
from movierec.sources.text.encoding import Readable

BLOCK_BYTES = 1 << 20
READ_ERRORS = (OSError, EOFError, zlib.error, zipfile.BadZipFile, RuntimeError, NotImplementedError)
_GZIP = b"\x1f\x8b"

Opener = Callable[[], AbstractContextManager[IO[bytes]]]


class Stream:
    """Bytes of a file as they are read; damage is reported with its position."""

    def __init__(self, where: str, raw: Readable) -> None:
        """Read `raw`; `where` is what messages call it."""
        self._where = where
        self._raw = raw
        self._position = 0

    def read(self, size: int) -> bytes:
        """Return up to so many bytes, none at the end.

        Raises:
            SourceError: the file is cut off, corrupt or cannot be read.
        """
        try:
            data = self._raw.read(size)
        except READ_ERRORS as error:
            raise SourceError(f"{self._where} is damaged after {self._position:,} bytes: {reason_of(error)}") from error
        self._position += len(data)
        return data


@dataclass(frozen=True)
class File:
    """One file of a dataset.

    Attributes:
        name: path inside the dataset, the same whether that is a folder or a zip; without `.gz`.
        where: what messages call it.
        opener: opens its bytes as they are stored.
        path: the file on disk that its bytes are in.
    """

    name: str
    where: str
    opener: Opener
    path: Path

    @contextmanager
    def open(self) -> Iterator[Stream]:
        """Open the content, unpacked where it is gzip.

        Raises:
            SourceError: the file cannot be opened.
        """
        with ExitStack() as stack:
            try:
                raw = io.BufferedReader(stack.enter_context(self.opener()))  # type: ignore[type-var]
                is_packed = raw.peek(2)[:2] == _GZIP
            except READ_ERRORS as error:
                raise SourceError(f"{self.where} cannot be read: {reason_of(error)}") from error
            yield Stream(self.where, gzip.GzipFile(fileobj=raw) if is_packed else raw)

    def head(self, size: int) -> bytes:
        """Return the first bytes of the content."""
        with self.open() as stream:
            return stream.read(size)

    def version(self) -> tuple[int, int, int]:
        """Return what changes when somebody writes to the file on disk."""
        status = self.path.stat()
        return status.st_ino, status.st_size, status.st_mtime_ns

    def sha256(self) -> str:
        """Return the checksum of the content, which is the same whether it is packed or not."""
        digest = hashlib.sha256()
        with self.open() as stream:
            while data := stream.read(BLOCK_BYTES):
                digest.update(data)
        return digest.hexdigest()


def reason_of(error: BaseException) -> str:
    """Return what an error says, or at least its name."""
    return (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
