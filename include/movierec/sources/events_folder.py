"""Feedback events in files of one JSON object per line (NDJSON), plain or gzip, each loaded once.

A file whose last line has no end may still be growing: it waits for the next night, unless nobody has touched it for
ten minutes.
"""

import gzip
import logging
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import partial
from pathlib import Path
from typing import BinaryIO, cast

from movierec.checksum import sha256_of
from movierec.errors import SourceError
from movierec.sources.events import PIECE_NAME, Event, event_chunks, parse_line
from movierec.sources.source import Chunk, Notes, Piece, SourceState
from movierec.sources.table_contracts import FEEDBACK_EVENT
from movierec.sources.text import formats
from movierec.sources.text.archive import leads_out, links_out, special_files
from movierec.sources.text.encoding import WIDE_MARKS
from movierec.sources.text.lines import BLOCK_BYTES, MAX_LINE_BYTES

log = logging.getLogger(__name__)

SUFFIXES = (".ndjson", ".jsonl", ".ndjson.gz", ".jsonl.gz")
SETTLED_SECONDS = 600  # after which a file is taken to be complete
_ALLOWED = f"events are files of one JSON object per line, called {', '.join(SUFFIXES)}"


@dataclass(frozen=True)
class EventsFolder:
    """The files of a folder, in the order of their names; `exclude` names those that are left out on purpose."""

    folder: Path
    exclude: tuple[str, ...] = ()

    def pieces(self, state: SourceState) -> Iterator[Piece]:
        """Yield one piece per file that has not been loaded.

        Raises:
            SourceError: the folder does not exist, or a file is cut off or breaks the contract.
        """
        seen: set[str] = set()
        for name in links_out(self.folder):
            state.remark(f"{name} is not read: it is a link out of the folder")
        for name, kind in special_files(self.folder).items():
            state.remark(f"{name} is not read: it is {kind}")
        for path in self._other_files():
            state.remark(f"{path.name} is not read: {_ALLOWED}; MOVIEREC_EXCLUDE={path.name} says that this is meant")
        for name in self._folders():
            state.remark(f"{name} is not read: it is a folder; allowed are the files beside it")
        for path in self._files():
            if reason := _why_unread(path):
                state.remark(f"{path.name} is not read: it is {reason}")
                continue
            fingerprint = sha256_of(path)
            if fingerprint in seen or state.has_fingerprint(FEEDBACK_EVENT.table, fingerprint):
                continue
            if not _is_finished(path):
                state.remark(f"{path.name} waits for the next night: its last line has no end, it may still be written")
                continue
            seen.add(fingerprint)
            yield Piece(FEEDBACK_EVENT, PIECE_NAME, "changes", partial(_read, path), fingerprint)

    def _files(self) -> list[Path]:
        if self.folder.is_file():
            return [self.folder]
        if not self.folder.is_dir():
            raise SourceError(f"{self.folder}: the folder does not exist; allowed: a folder of {', '.join(SUFFIXES)}")
        return [path for path in self._visible_files() if path.name.endswith(SUFFIXES)]

    def _other_files(self) -> list[Path]:
        return (
            [path for path in self._visible_files() if not path.name.endswith(SUFFIXES)] if self.folder.is_dir() else []
        )

    def _folders(self) -> list[str]:
        if not self.folder.is_dir():
            return []
        names = sorted(path.name for path in self.folder.iterdir() if path.is_dir() and not path.name.startswith("."))
        return [name for name in names if not any(fnmatch(name, pattern) for pattern in self.exclude)]

    def _visible_files(self) -> list[Path]:
        files = sorted(path for path in self.folder.iterdir() if path.is_file() and not path.name.startswith("."))
        inside = [path for path in files if not leads_out(path, self.folder)]
        return [path for path in inside if not any(fnmatch(path.name, name) for name in self.exclude)]


def _read(path: Path, notes: Notes) -> Iterator[Chunk]:
    before = path.stat()
    try:
        yield from event_chunks(str(path), _events(path), notes)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise SourceError(f"{path}: the gzip file is cut off or damaged ({error}); nothing of it is loaded") from error
    after = path.stat()
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise OSError(f"{path} changed while it was read")  # not a SourceError: the next attempt may succeed


def _events(path: Path) -> Iterator[Event]:
    """Yield every line; a blank one only where another follows."""
    with _open(path) as lines:
        blank = 0
        for number, line in enumerate(_lines(path, lines)):
            text = line.removeprefix(b"\xef\xbb\xbf" if number == 0 else b"").decode("utf-8", "backslashreplace")
            if not text.strip():
                blank += 1
                continue
            yield from (Event(None) for _ in range(blank))
            blank = 0
            yield parse_line(text.rstrip("\r\n"))


def _lines(path: Path, content: BinaryIO) -> Iterator[bytes]:
    while line := content.readline(MAX_LINE_BYTES + 1):
        if len(line) > MAX_LINE_BYTES:
            raise SourceError(f"{path}: a line is longer than {MAX_LINE_BYTES >> 20} MB; allowed is an object per line")
        yield line


def _why_unread(path: Path) -> str | None:
    """Return what a file is, where it is not a text of objects; gzip is unpacked by whoever reads it."""
    with path.open("rb") as file:
        head = file.read(formats.HEAD_BYTES)
    if formats.is_packed(head):
        return None if head.startswith(formats.GZIP_MAGIC) else "packed in another way than by gzip, which is not read"
    if head.startswith(WIDE_MARKS):
        return "text in UTF-16 or UTF-32, which is not read; save it as UTF-8"
    if formats.is_parquet(head):
        return "Parquet, which is not read here; save it as one JSON object per line"
    return formats.why_no_lines(head)


def _open(path: Path) -> BinaryIO:
    """Open a file, whatever its name says about being compressed."""
    with path.open("rb") as file:
        is_gzip = file.read(2) == formats.GZIP_MAGIC
    return cast(BinaryIO, gzip.open(path, "rb")) if is_gzip else path.open("rb")


def _is_finished(path: Path) -> bool:
    if time.time() - path.stat().st_mtime > SETTLED_SECONDS:
        return True
    last = b"\n"
    try:
        with _open(path) as content:
            while block := content.read(BLOCK_BYTES):
                last = block
    except (EOFError, zlib.error):
        return False
    return last.endswith(b"\n")
