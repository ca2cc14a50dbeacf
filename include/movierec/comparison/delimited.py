"""Somebody's own delimited files, read fast; where a value is wrong, the error names its file, line and column."""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

import pyarrow as pa
from pyarrow import compute
from pyarrow import csv as arrow

from movierec.comparison.text_files import is_made_here, open_text, readable
from movierec.comparison.value_rules import NO_VALUE, Rule
from movierec.data.aliases import aliases_of, is_name_of
from movierec.errors import ConfigError, DiskFullError
from movierec.sources.message_parts import seen_names, suggest_names
from movierec.sources.text.delimited import MAX_LINES_ABOVE, header_among
from movierec.sources.text.file import buffered
from movierec.sources.text.quoting import (
    SINGLE_QUOTES,
    Evidence,
    escaped_rows,
    has_blanks,
    has_quotes,
    stand_in_single_quotes,
    weigh,
)
from movierec.sources.text.records import has_values
from movierec.sources.text.tables_as_text import GeneratedBytes, csv_line

_ROW_OF_ERROR = re.compile(r"(Expected \d+ columns, got \d+).*", re.DOTALL)
TITLE = "title"
NO_TITLE = ("", "\\N")  # a movie may be called Nan, None or Null
SAMPLE_LINES = 1_000
DELIMITERS = ("\t", ",", ";", "|")  # of two that a header has as often, the first counts


@dataclass(frozen=True)
class FileLayout:
    """How a file is written and which of its columns is which: our name to the header's word.

    Tab-separated files of the field quote nothing: a title may begin with a quote. With `has_escapes`, a backslash
    protects what would otherwise end or divide a value; with `has_blanks`, one stands before each value. With
    `has_empty_rows`, some lines hold no value, as Excel writes them below a table: they are no rows.
    """

    path: Path
    delimiter: str
    words: Mapping[str, str]
    header: tuple[str, ...]
    is_quoted: bool = True
    has_escapes: bool = False
    has_blanks: bool = False
    has_empty_rows: bool = False

    @property
    def quote(self) -> str | bool:
        """The sign that quotes a value, False where none does."""
        return '"' if self.is_quoted else False

    @property
    def unused(self) -> list[str]:
        """The columns of which nothing is made."""
        numbered = enumerate(self.header, start=1)
        return [word.strip() or f"column {number}" for number, word in numbered if word not in self.words.values()]


def read_layout(path: Path, wanted: Sequence[str], needed: Sequence[str]) -> FileLayout:
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
    blanks = has_blanks(sample, delimiter)
    header = tuple(next(csv.reader([line], delimiter=delimiter, skipinitialspace=blanks)))
    words: dict[str, str] = {}
    for name in wanted:
        matching = [word for word in header if is_name_of(name, word)]
        if len(matching) > 1:
            raise ConfigError(f"{path}: the columns {' and '.join(matching)} both mean {name}; allowed is one")
        if matching:
            words[name] = matching[0]
    missing = [name for name in needed if name not in words]
    if missing:
        hints = suggest_names({name: (name, *aliases_of(name)) for name in missing}, header)
        hints += _other_delimiter(line) + _late_header(sample, needed)
        raise ConfigError(f"{path} lacks {' and '.join(missing)}; its columns are {seen_names(header)}{hints}")
    if stand_in_single_quotes(sample, delimiter):
        raise ConfigError(f"{path}: {SINGLE_QUOTES}")
    is_quoted = delimiter != "\t" or has_quotes([line, *sample], delimiter)
    may_be_quoted = is_quoted or has_quotes([line, *sample], delimiter, has_escapes=True)
    with open_text(path) as file:  # titles may be anything; ids and numbers are all alike
        lines = (text.rstrip("\r\n") for text in file) if TITLE in words else iter(sample)
        evidence = Evidence() if is_made_here(path) else weigh(lines, delimiter, len(header), may_be_quoted)
    is_quoted = is_quoted or (evidence.has_escapes and may_be_quoted)
    return FileLayout(path, delimiter, words, header, is_quoted, evidence.has_escapes, blanks)


def read_columns(
    layout: FileLayout, kinds: Mapping[str, pa.DataType], keys: Sequence[str], decimal_point: str = "."
) -> pa.Table | None:
    """Read the columns of `kinds` under our names; None where a value is not of its kind.

    With titles, all of them are texts. Lines without a value are passed over: `keys` are what every row has.

    Raises:
        ConfigError: the file is damaged or not a table.
    """
    without_empty_rows = replace(layout, has_empty_rows=True)
    try:
        table = _read_columns(layout, kinds, decimal_point)
    except ConfigError:
        if not _has_empty_rows(layout):
            raise
        return _read_columns(without_empty_rows, kinds, decimal_point)
    if table is None or not any(table[name].null_count for name in keys) or not _has_empty_rows(layout):
        return table
    return _read_columns(without_empty_rows, kinds, decimal_point)


def _has_empty_rows(layout: FileLayout) -> bool:
    """Tell whether some line holds no value, as a night tells it; an object of JSON is a row, whatever it holds."""
    if is_made_here(layout.path):
        return False
    try:
        with open_text(layout.path) as file:
            return any(row and not has_values(row) for row in rows_of(layout, file))
    except csv.Error:
        return False


def _read_columns(layout: FileLayout, kinds: Mapping[str, pa.DataType], decimal_point: str) -> pa.Table | None:
    words = {layout.words[name]: kind for name, kind in kinds.items()}
    has_titles = TITLE in kinds
    try:
        with _source(layout, has_newlines=has_titles) as (source, parse_options):
            table = arrow.read_csv(
                source,
                read_options=arrow.ReadOptions(block_size=1 << 24),
                parse_options=parse_options,
                convert_options=arrow.ConvertOptions(
                    column_types=words,
                    include_columns=list(words),
                    null_values=NO_TITLE if has_titles else NO_VALUE,
                    strings_can_be_null=True,
                    decimal_point=decimal_point,
                ),
            )
    except (pa.ArrowException, csv.Error) as error:
        if "conversion error" in str(error):
            return None
        number, line = _uneven_row(layout)
        if number and is_made_here(layout.path):  # no row of Parquet is uneven
            sentence = "is none that is read: allowed is a JSON object with one value for each key"
            raise ConfigError(f"{layout.path}: object {number} {sentence}") from error
        reason = _ROW_OF_ERROR.sub(r"\1", str(error).strip())  # a row may be about a person
        where = f", line {line}," if line else ""
        raise ConfigError(f"{layout.path}{where} is not a table: {reason}") from error
    except DiskFullError:  # that of rows that are made on the way; the file is well
        raise
    except OSError as error:
        raise ConfigError(f"{layout.path} cannot be read: {error}") from error
    table = table.rename_columns(list(kinds))
    return _without_values(table) if has_titles else table


def _without_values(table: pa.Table) -> pa.Table:
    """Return texts with those that mean no value as null, but for titles."""
    no_value = pa.array(NO_VALUE)
    for at, name in enumerate(table.column_names):
        if name != TITLE:
            column = table[name]
            texts = compute.if_else(compute.is_in(column, value_set=no_value), pa.scalar(None, column.type), column)
            table = table.set_column(at, name, texts)
    return table


def _other_delimiter(line: str) -> str:
    """Say so where a header's columns are separated by what separates none here."""
    for sign, name in (("::", "'::'"), (" ", "spaces"), ("\x01", "control characters")):
        if line.count(sign) > 1 and not any(each in line for each in DELIMITERS):
            return f"; they are separated by {name}: allowed are commas, semicolons, tabs and | below a header"
    return ""


def _late_header(lines: Sequence[str], needed: Sequence[str]) -> str:
    """Say so where a header with all that is needed stands below other lines, such as a caption."""

    def is_header(names: Sequence[str]) -> bool:
        return all(any(is_name_of(column, name) for name in names) for column in needed)

    sentence = header_among([line.encode() for line in lines[:MAX_LINES_ABOVE]], is_header)
    return f"; {sentence}" if sentence else ""


def _uneven_row(layout: FileLayout) -> tuple[int, int]:
    """Return number and first line of the first row that has more or fewer fields than the header; zeros for none."""
    start = 1
    with open_text(layout.path) as file:
        rows = rows_of(layout, file)
        try:
            for number, row in enumerate(rows):
                if has_values(row) and len(row) != len(layout.header):
                    return number, start
                start = rows.line_num + 1
        except csv.Error:
            pass
    return 0, 0


@contextmanager
def _source(layout: FileLayout, has_newlines: bool) -> Iterator[tuple[Path | io.BufferedReader, arrow.ParseOptions]]:
    """Yield what Arrow reads, and how: as plain CSV where Arrow leaves escapes, blanks or lines without a value."""
    if layout.has_escapes or layout.has_blanks or layout.has_empty_rows:
        with open_text(layout.path) as file:
            lines = map(csv_line, filter(has_values, rows_of(layout, file)))
            yield buffered(GeneratedBytes(lines)), arrow.ParseOptions(newlines_in_values=True)
    else:
        with readable(layout.path) as source:
            options = {"delimiter": layout.delimiter, "quote_char": layout.quote, "newlines_in_values": has_newlines}
            yield source, arrow.ParseOptions(**options)


def invalid_value(layout: FileLayout, rules: Mapping[str, Rule]) -> ConfigError:
    """Return an error that names the first value which breaks a rule, its line and column."""
    with open_text(layout.path) as file:
        rows = rows_of(layout, file)
        next(rows)
        positions = {name: layout.header.index(layout.words[name]) for name in rules}
        for row in rows:
            for name, (is_right, allowed) in rules.items():
                value = row[positions[name]].strip(" \t\r\n") if positions[name] < len(row) else ""
                if has_values(row) and not is_right(value):
                    where = f"{layout.path}, line {rows.line_num}, column {layout.words[name]}"
                    return ConfigError(f"{where}: {value[:60]!r} is not allowed; allowed is {allowed}")
    columns = ", ".join(layout.words[name] for name in rules)
    return ConfigError(
        f"{layout.path}: numbers of {columns} have a decimal point in some rows and a decimal comma in others; "
        "allowed is one of them in all rows"
    )


def rows_of(layout: FileLayout, file: TextIO) -> Any:
    """Return a reader of a file's rows, the header among them, which also counts lines."""
    if layout.has_escapes:
        return escaped_rows(file, layout.delimiter, layout.is_quoted, strict=False)
    return csv.reader(
        file,
        delimiter=layout.delimiter,
        quoting=csv.QUOTE_MINIMAL if layout.is_quoted else csv.QUOTE_NONE,
        skipinitialspace=layout.has_blanks,
    )
