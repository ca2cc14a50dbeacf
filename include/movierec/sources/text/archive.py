"""Files in a folder, in a zip, or on their own, gzip or not: found and read in place, never unpacked to disk."""

import gzip
import hashlib
import io
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import IO

from movierec.errors import SourceError
from movierec.sources.text.encoding import Readable

BLOCK_BYTES = 1 << 20
MAX_FILES = 10_000
MAX_DEPTH = 3
_GZIP = b"\x1f\x8b"
_FAULTS = (OSError, EOFError, zlib.error, zipfile.BadZipFile, RuntimeError, NotImplementedError)

Opener = Callable[[], AbstractContextManager[IO[bytes]]]


class Stream:
    """Bytes of a file as they are read; damage is reported with its place."""

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
        except _FAULTS as error:
            raise SourceError(f"{self._where} is damaged after {self._position:,} bytes: {_reason(error)}") from error
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
            except _FAULTS as error:
                raise SourceError(f"{self.where} cannot be read: {_reason(error)}") from error
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


def files(place: Path) -> list[File]:
    """List what a folder or a zip holds, by name; a file on its own is a list of one.

    Raises:
        SourceError: the place does not exist, cannot be read, or is a corrupt zip.
    """
    try:
        if place.is_dir():
            found = [_on_disk(path, path.relative_to(place).as_posix()) for path in _walk(place, MAX_DEPTH)]
        elif place.exists() and _looks_like_zip(place):
            found = _zipped(place)
        else:
            found = [_on_disk(place, place.name)] if place.exists() else []
    except _FAULTS as error:
        raise SourceError(f"{place} cannot be read: {_reason(error)}") from error
    if not found and not place.exists():
        raise SourceError(f"{place} does not exist; allowed is a folder, a zip or a file")
    if len(found) > MAX_FILES:
        raise SourceError(f"{place} holds more than {MAX_FILES:,} files; that is no dataset")
    return sorted(_without_top_folder(found), key=lambda file: file.name)


def single(place: Path) -> File:
    """Return the one file at a place: itself, or the only one in a zip.

    Raises:
        SourceError: there is none or more than one, or it is a folder.
    """
    if place.is_dir():
        raise SourceError(f"{place} is a folder; allowed is a file, or a zip of one")
    found = files(place)
    if len(found) != 1:
        raise SourceError(f"{place} holds {len(found)} files; allowed is a file, or a zip of one")
    return found[0]


def _walk(folder: Path, depth: int) -> Iterator[Path]:
    for path in folder.iterdir():
        if _is_hidden(path.name):
            continue
        if path.is_file():
            yield path
        elif path.is_dir() and depth > 1:
            yield from _walk(path, depth - 1)


def _on_disk(path: Path, name: str) -> File:
    return File(_plain(name), str(path), lambda: path.open("rb"), path)


def _zipped(place: Path) -> list[File]:
    with zipfile.ZipFile(place) as archive:
        inside = [entry for entry in archive.infolist() if not entry.is_dir()]
    return [
        File(_plain(entry.filename), f"{place}: {entry.filename}", _opener(place, entry.filename), place)
        for entry in inside
        if not any(map(_is_hidden, PurePosixPath(entry.filename).parts))
    ]


def _looks_like_zip(place: Path) -> bool:
    if zipfile.is_zipfile(place):
        return True
    with place.open("rb") as file:
        if file.read(4) == b"PK\x03\x04":
            raise SourceError(f"{place} is a damaged zip: its end is missing")
    return False


def _opener(place: Path, name: str) -> Opener:
    @contextmanager
    def open_entry() -> Iterator[IO[bytes]]:
        with zipfile.ZipFile(place) as archive, archive.open(name) as entry:
            yield entry

    return open_entry


def _without_top_folder(found: list[File]) -> list[File]:
    """Drop the one folder that everything lies in: a dataset is the same with and without it."""
    tops = {PurePosixPath(file.name).parts[0] for file in found}
    if len(tops) != 1 or any(len(PurePosixPath(file.name).parts) == 1 for file in found):
        return found
    return _without_top_folder([replace(file, name=file.name.partition("/")[2]) for file in found])


def _plain(name: str) -> str:
    return name.removesuffix(".gz")


def _is_hidden(name: str) -> bool:
    return name.startswith((".", "__MACOSX"))


def _reason(error: BaseException) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
