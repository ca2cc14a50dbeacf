"""Somebody's own delimited files, read fast; where a value is wrong, the error names its file, line and column."""

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

import pyarrow as pa
from pyarrow import csv as arrow

from movierec.comparison.opening import open_text, readable
from movierec.comparison.value_rules import NO_VALUE, Rule
from movierec.data.aliases import aliases_of, means
from movierec.errors import ConfigError
from movierec.sources.message_parts import nearest, seen_names
from movierec.sources.text.records import SINGLE_QUOTES, has_escapes, has_quotes, stand_in_single_quotes

_ROW_OF_ERROR = re.compile(r"(Expected \d+ columns, got \d+).*", re.DOTALL)
SAMPLE_LINES = 1_000
DELIMITERS = ("\t", ",", ";", "|")


@dataclass(frozen=True)
class Layout:
    """How a file is written and which of its columns is which: our name to the header's word.

    Tab-separated files of the field quote nothing: a title may begin with a quote. With `has_escapes`, a backslash
    stands before a quote inside of quotes, as Spark and MySQL write it.
    """

    path: Path
    delimiter: str
    words: Mapping[str, str]
    header: tuple[str, ...]
    is_quoted: bool = True
    has_escapes: bool = False

    @property
    def quote(self) -> str | bool:
        """The sign that quotes a value, False where none does."""
        return '"' if self.is_quoted else False

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
        sample = [text.rstrip("\r\n") for text in islice(file, SAMPLE_LINES)]
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
        hints = nearest({name: (name, *aliases_of(name)) for name in missing}, header)
        raise ConfigError(f"{path} lacks {' and '.join(missing)}; its columns are {seen_names(header)}{hints}")
    if stand_in_single_quotes(sample, delimiter):
        raise ConfigError(f"{path}: {SINGLE_QUOTES}")
    is_escaped = has_escapes(sample, delimiter, len(header))
    is_quoted = is_escaped or delimiter != "\t" or has_quotes([line, *sample], delimiter)
    return Layout(path, delimiter, words, header, is_quoted, is_escaped)


def read_columns(layout: Layout, kinds: Mapping[str, pa.DataType], decimal_point: str = ".") -> pa.Table | None:
    """Read the columns of `kinds` under our names; None where a value is not of its kind.

    Raises:
        ConfigError: the file is damaged or not a table.
    """
    words = {layout.words[name]: kind for name, kind in kinds.items()}
    try:
        with readable(layout.path) as source:
            table = arrow.read_csv(
                source,
                read_options=arrow.ReadOptions(block_size=1 << 24),
                parse_options=arrow.ParseOptions(
                    delimiter=layout.delimiter,
                    quote_char=layout.quote,
                    double_quote=not layout.has_escapes,
                    escape_char="\\" if layout.has_escapes else False,
                    newlines_in_values="title" in kinds,
                ),
                convert_options=arrow.ConvertOptions(
                    column_types=words,
                    include_columns=list(words),
                    null_values=NO_VALUE,
                    strings_can_be_null=True,
                    decimal_point=decimal_point,
                ),
            )
    except pa.ArrowException as error:
        if "conversion error" in str(error):
            return None
        reason = _ROW_OF_ERROR.sub(r"\1", str(error).strip())  # a row may be about a person
        raise ConfigError(f"{layout.path} is not a table: {reason}") from error
    except OSError as error:
        raise ConfigError(f"{layout.path} cannot be read: {error}") from error
    return table.rename_columns(list(kinds))


def refusal(layout: Layout, rules: Mapping[str, Rule]) -> ConfigError:
    """Return an error that names the first value which breaks a rule, its line and column."""
    with open_text(layout.path) as file:
        rows = rows_of(layout, file)
        next(rows)
        positions = {name: layout.header.index(layout.words[name]) for name in rules}
        for row in rows:
            for name, (is_right, allowed) in rules.items():
                value = row[positions[name]].strip() if positions[name] < len(row) else ""
                if row and not is_right(value):
                    where = f"{layout.path}, line {rows.line_num}, column {layout.words[name]}"
                    return ConfigError(f"{where}: '{value[:60]}' is not allowed; allowed is {allowed}")
    return ConfigError(f"{layout.path} holds a value that cannot be read in one of {', '.join(rules)}")


def rows_of(layout: Layout, file: TextIO) -> Any:
    """Return a reader of a file's rows, the header among them, which also counts lines."""
    return csv.reader(
        file,
        delimiter=layout.delimiter,
        quoting=csv.QUOTE_MINIMAL if layout.quote else csv.QUOTE_NONE,
        doublequote=not layout.has_escapes,
        escapechar="\\" if layout.has_escapes else None,
    )
