"""Somebody's own files, opened as text as a night opens them: packed, in an archive, Parquet, of other encodings."""

import gzip
import io
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TextIO

from movierec.errors import ConfigError, DiskFullError, SourceError
from movierec.sources.text import formats
from movierec.sources.text.archive import SPREADSHEET, SPREADSHEETS, single_file
from movierec.sources.text.encoding import WIDE_MARKS, begins_with_header
from movierec.sources.text.file import File, buffered
from movierec.sources.text.lines import text_blocks
from movierec.sources.text.survey import is_windows_1252
from movierec.sources.text.tables_as_text import GeneratedBytes


def _file(path: Path) -> File:
    """Return the file at a path, or the only one in the archive there.

    Raises:
        ConfigError: the archive holds several, is damaged, or is a spreadsheet.
    """
    try:
        return single_file(path)
    except SourceError as error:
        raise ConfigError(str(error)) from error


def _is_plain(path: Path) -> bool:
    """Tell whether a file is UTF-8 as it is, or packed as its name says.

    Raises:
        ConfigError: it is of a kind that is not read.
    """
    if path.is_dir():
        raise ConfigError(f"{path} is a folder; allowed is a file, or a zip of one: put the parts of a table together")
    if not path.is_file():
        return True  # who opens it says why it cannot be read
    file = _file(path)
    try:
        with path.open("rb") as content:
            is_packed = formats.is_packed(content.read(formats.HEAD_BYTES))
        with file.open_stored() as stored:
            head = stored.head
    except (OSError, SourceError):
        return True
    if reason := formats.why_unread_content(head):
        raise ConfigError(f"{path} is {SPREADSHEET if path.suffix.lower() in SPREADSHEETS else reason}")
    is_text = not formats.is_parquet(head) and not formats.is_json_lines(head) and begins_with_header(head)
    is_as_named = not file.is_inside and (not is_packed or path.suffix == ".gz")
    return is_text and is_as_named and not head.startswith(WIDE_MARKS) and not _is_western(path, file.version())


@lru_cache(maxsize=100)
def _is_western(path: Path, version: tuple[int, ...]) -> bool:
    """Tell whether a file, of which the answer holds for this version, is windows-1252."""
    file = _file(path)
    return not file.is_made_here() and is_windows_1252(file)


def is_made_here(path: Path) -> bool:
    """Tell whether the text that is read is made here, of Parquet or JSON lines, as CSV by the letter."""
    return not _is_plain(path) and _file(path).is_made_here()


@contextmanager
def _open_converted(path: Path) -> Iterator[io.BufferedReader]:
    """Open a packed file, another encoding, Parquet or JSON lines as text in UTF-8."""
    try:
        file = _file(path)
        with file.open() as stream:
            yield buffered(GeneratedBytes(text_blocks(file.where, stream, _is_western(path, file.version()))))
    except SourceError as error:
        raise ConfigError(str(error)) from error


@contextmanager
def readable(path: Path) -> Iterator[Path | io.BufferedReader]:
    """Yield what Arrow reads: the path where that will do."""
    if _is_plain(path):
        yield path
        return
    with _open_converted(path) as stream:
        yield stream


@contextmanager
def open_text(path: Path) -> Iterator[TextIO]:
    """Open a text file, unpacked if it is gzip.

    Raises:
        ConfigError: it is missing, damaged or not UTF-8.
    """
    try:
        if _is_plain(path):
            with (gzip.open if path.suffix == ".gz" else Path.open)(
                path, "rt", encoding="utf-8-sig", newline=""
            ) as file:
                yield file
        else:
            with _open_converted(path) as stream:
                yield io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
    except UnicodeDecodeError as error:
        byte = error.object[error.start]
        raise ConfigError(f"{path} is not UTF-8 (byte 0x{byte:02x}); save it as UTF-8 and try again") from error
    except (EOFError, gzip.BadGzipFile) as error:
        raise ConfigError(f"{path} is not a whole gzip file: {error}") from error
    except DiskFullError:  # that of text that is made on the way; the file is well
        raise
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror or error}") from error
