"""Somebody's own delimited files, read fast; where a value is wrong, the error names its file, line and column."""

import csv
import gzip
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import pyarrow as pa
from pyarrow import csv as arrow

from movierec.comparison.value_rules import NO_VALUE, Rule
from movierec.data.aliases import means
from movierec.errors import ConfigError

DELIMITERS = ("\t", ",", ";")


@dataclass(frozen=True)
class Layout:
    """A file's delimiter and which of its columns is which: our name to the header's word."""

    path: Path
    delimiter: str
    words: Mapping[str, str]
    header: tuple[str, ...]

    @property
    def quote(self) -> str | bool:
        """Tab-separated files of the field quote nothing; a title may begin with a quotation mark there."""
        return False if self.delimiter == "\t" else '"'


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
    return Layout(path, delimiter, words, header)


def read_columns(layout: Layout, kinds: Mapping[str, pa.DataType]) -> pa.Table | None:
    """Read the columns of `kinds` under our names; None where a value is not of its kind.

    Raises:
        ConfigError: the file is damaged or not a table.
    """
    words = {layout.words[name]: kind for name, kind in kinds.items()}
    try:
        table = arrow.read_csv(
            layout.path,
            read_options=arrow.ReadOptions(block_size=1 << 24),
            parse_options=arrow.ParseOptions(
                delimiter=layout.delimiter, quote_char=layout.quote, newlines_in_values="title" in kinds
            ),
            convert_options=arrow.ConvertOptions(
                column_types=words, include_columns=list(words), null_values=NO_VALUE, strings_can_be_null=True
            ),
        )
    except pa.ArrowInvalid as error:
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


@contextmanager
def open_text(path: Path) -> Iterator[TextIO]:
    """Open a text file, unpacked if it is gzip.

    Raises:
        ConfigError: it is missing, damaged or not UTF-8.
    """
    try:
        with (gzip.open if path.suffix == ".gz" else Path.open)(path, "rt", encoding="utf-8-sig", newline="") as file:
            yield file
    except UnicodeDecodeError as error:
        byte = error.object[error.start]
        raise ConfigError(f"{path} is not UTF-8 (byte 0x{byte:02x}); save it as UTF-8 and try again") from error
    except (EOFError, gzip.BadGzipFile) as error:
        raise ConfigError(f"{path} is not a whole gzip file: {error}") from error
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror or error}") from error
