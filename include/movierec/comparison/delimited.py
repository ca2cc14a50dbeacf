"""Somebody's own delimited files, read fast; where a value is wrong, the error names its file, line and column."""

import csv
import gzip
import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import pyarrow as pa
from pyarrow import csv as arrow

from movierec.comparison.value_rules import NO_VALUE, Rule
from movierec.data.aliases import means
from movierec.errors import ConfigError, SourceError
from movierec.sources.text import formats
from movierec.sources.text.archive import SPREADSHEET, SPREADSHEETS
from movierec.sources.text.file import File, buffered

DELIMITERS = ("\t", ",", ";", "|")


@dataclass(frozen=True)
class Layout:
    """A file's delimiter and which of its columns is which: our name to the header's word."""

    path: Path
    delimiter: str
    words: Mapping[str, str]
    header: tuple[str, ...]
    has_quoted_header: bool = False

    @property
    def quote(self) -> str | bool:
        """Tab-separated files of the field quote nothing, unless the header does; a title may begin with a quote."""
        return False if self.delimiter == "\t" and not self.has_quoted_header else '"'

    @property
    def unused(self) -> list[str]:
        """The columns of which nothing is made."""
        return [word for word in self.header if word not in self.words.values()]


def read_layout(path: Path, wanted: Sequence[str], needed: Sequence[str]) -> Layout:
    """Recognise the delimiter and the columns by the header.

    Raises:
        ConfigError: the file cannot be read, is empty, or lacks one of the `needed` columns, or two are the same.
    """
    with open_text(path) as file:
        line = file.readline().rstrip("\r\n")
    if not line.strip():
        raise ConfigError(f"{path} is empty; needed is a header with {', '.join(needed)}, and rows")
    delimiter = max(DELIMITERS, key=line.count)
    header = tuple(next(csv.reader([line], delimiter=delimiter)))
    words: dict[str, str] = {}
    for name in wanted:
        matching = [word for word in header if means(name, word)]
        if len(matching) > 1:
            raise ConfigError(f"{path}: the columns {' and '.join(matching)} both mean {name}; allowed is one")
        if matching:
            words[name] = matching[0]
    missing = [name for name in needed if name not in words]
    if missing:
        raise ConfigError(f"{path} lacks {' and '.join(missing)}; its columns are {', '.join(header)}")
    return Layout(path, delimiter, words, header, line.lstrip().startswith('"'))


def read_columns(layout: Layout, kinds: Mapping[str, pa.DataType]) -> pa.Table | None:
    """Read the columns of `kinds` under our names; None where a value is not of its kind.

    Raises:
        ConfigError: the file is damaged or not a table.
    """
    words = {layout.words[name]: kind for name, kind in kinds.items()}
    try:
        with _readable(layout.path) as source:
            table = arrow.read_csv(
                source,
                read_options=arrow.ReadOptions(block_size=1 << 24),
                parse_options=arrow.ParseOptions(
                    delimiter=layout.delimiter, quote_char=layout.quote, newlines_in_values="title" in kinds
                ),
                convert_options=arrow.ConvertOptions(
                    column_types=words, include_columns=list(words), null_values=NO_VALUE, strings_can_be_null=True
                ),
            )
    except pa.ArrowException as error:
        if "conversion error" in str(error):
            return None
        raise ConfigError(f"{layout.path} is not a table: {str(error).strip()}") from error
    except OSError as error:
        raise ConfigError(f"{layout.path} cannot be read: {error}") from error
    return table.rename_columns(list(kinds))


def refusal(layout: Layout, rules: Mapping[str, Rule]) -> ConfigError:
    """Return an error that names the first value which breaks a rule, its line and column."""
    with open_text(layout.path) as file:
        rows = csv.reader(
            file, delimiter=layout.delimiter, quoting=csv.QUOTE_MINIMAL if layout.quote else csv.QUOTE_NONE
        )
        next(rows)
        positions = {name: layout.header.index(layout.words[name]) for name in rules}
        for row in rows:
            for name, (is_right, allowed) in rules.items():
                value = row[positions[name]].strip() if positions[name] < len(row) else ""
                if row and not is_right(value):
                    where = f"{layout.path}, line {rows.line_num}, column {layout.words[name]}"
                    return ConfigError(f"{where}: '{value[:60]}' is not allowed; allowed is {allowed}")
    return ConfigError(f"{layout.path} holds a value that cannot be read in one of {', '.join(rules)}")


def _is_plain(path: Path) -> bool:
    """Tell whether a file is text as it is, or text that is packed as its name says.

    Raises:
        ConfigError: it is of a kind that is not read.
    """
    try:
        with path.open("rb") as file:
            head = file.read(formats.HEAD_BYTES)
    except OSError:
        return True  # who opens it says why it cannot be read
    if reason := formats.why_unread(head):
        reason = SPREADSHEET if path.suffix.lower() in SPREADSHEETS else reason
        raise ConfigError(f"{path} is {reason}")
    is_packed = formats.is_packed(head) and path.suffix != ".gz"
    return not (is_packed or formats.is_parquet(head) or formats.is_json_lines(head))


@contextmanager
def _open_converted(path: Path) -> Iterator[io.BufferedReader]:
    """Open a packed file, Parquet or JSON lines as text."""
    try:
        with File(path.name, str(path), lambda: path.open("rb"), path).open() as stream:
            yield buffered(stream)
    except SourceError as error:
        raise ConfigError(str(error)) from error


@contextmanager
def _readable(path: Path) -> Iterator[Path | io.BufferedReader]:
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
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror or error}") from error
