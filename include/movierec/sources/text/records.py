"""Rows of a text file one by one: quotes, rows of the wrong length, columns that no contract knows.

What is wrong with a row is noted in its `extra`, and the row is kept: `overflow` (surplus fields), `missing` (how many
fields), `quoting` (quotes that do not pair: the line is taken as it stands), `encoding`.
"""

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import compress

from movierec.sources.text.copytext import Record
from movierec.sources.text.encoding import FOREIGN, INVALID, decode
from movierec.sources.text.quoting import NULL, escaped_row, escaped_rows

MAX_QUOTED_BYTES = 1 << 16  # a quote that stays open for longer was never closed
UNQUOTED = "the quotes do not pair; the line is taken as it stands"
TOO_LONG = f"the quotes do not pair within {MAX_QUOTED_BYTES >> 10} KB; the line is taken as it stands"
MergeFields = Callable[[list[str]], tuple[list[str], dict[str, object]]]


def has_values(fields: Sequence[str]) -> bool:
    """Tell whether a line is a row: it is none where it is blank, or holds no value, as below a table of Excel."""
    return any(fields) and (len(fields) > 1 or bool(fields[0].strip()))


@dataclass(frozen=True)
class Dialect:
    """How a kind of file is written.

    Attributes:
        delimiter: separates two fields.
        is_quoted: fields may be in double quotes (RFC 4180).
        is_western: bytes that are not UTF-8 are windows-1252.
        is_foreign: lines that are not UTF-8 are of an encoding that is not read.
        has_nulls: `\\N` is null.
        header: names of the columns, where the file has no line for them.
        expected_extras: columns that belong to this kind of file but to no contract: kept, and not reported as new.
        renames: the contract's names of columns whose own names mean something else elsewhere.
        has_spaced_genres: spaces separate genres.
        has_escapes: a backslash protects what would otherwise end or divide a value.
        merge_fields: makes the contract's fields of a line's, where that takes more than naming them.
    """

    delimiter: str = ","
    is_quoted: bool = False
    is_western: bool = False
    is_foreign: bool = False
    has_nulls: bool = False
    header: tuple[str, ...] = ()
    expected_extras: frozenset[str] = frozenset()
    merge_fields: MergeFields | None = None
    renames: Mapping[str, str] = field(default_factory=dict)
    has_spaced_genres: bool = False
    has_escapes: bool = False


@dataclass(frozen=True)
class Rows:
    """Parses lines into rows.

    Attributes:
        dialect: how the file is written.
        file_columns: the columns' names in the file.
        contract_columns: the contract's name of each, or None.
    """

    dialect: Dialect
    file_columns: Sequence[str]
    contract_columns: Sequence[str | None]

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The contract's columns in the order of the file."""
        return tuple(name for name in self.contract_columns if name)

    @cached_property
    def _is_plain(self) -> bool:
        return all(self.contract_columns) and not self.dialect.has_nulls

    @property
    def new_columns(self) -> list[str]:
        """The columns that neither the contract nor the dialect knows."""
        pairs = zip(self.file_columns, self.contract_columns, strict=True)
        return [name for name, known in pairs if not known and name not in self.dialect.expected_extras]

    def parse(self, block: bytes, is_last: bool) -> tuple[list[Record], bytes]:
        """Return the rows of a block of whole lines, and the lines that need the next block because a quote is open."""
        lines = block.split(b"\n")
        lines.pop()
        if block.count(b"\r") > block.count(b"\r\n"):
            lines = [part for line in lines for part in self._split(line)]
        records: list[Record] = []
        number = 0
        while number < len(lines):
            parsed = self._parse(lines, number, is_last)
            if parsed is None:
                return records, b"\n".join([*lines[number:], b""])
            record, count = parsed
            if record:
                records.append(record)
            number += count
        return records, b""

    def _split(self, line: bytes) -> list[bytes]:
        """Return a line, or the rows that CR alone divides it into, each with as many fields as there are columns."""
        parts = [part for part in line.removesuffix(b"\r").split(b"\r") if part]
        sign = self.dialect.delimiter.encode()
        may_be = len(parts) > 1 and b'"' not in line  # inside of quotes it stands in a value
        are_rows = may_be and all(part.count(sign) == self._width - 1 for part in parts)
        return parts if are_rows else [line]

    def _parse(self, lines: list[bytes], number: int, is_last: bool) -> tuple[Record | None, int] | None:
        line = lines[number].removesuffix(b"\r")
        if not line:
            return None, 1
        text, is_text = decode(line)
        marks: dict[str, object] = {} if is_text else self._invalid
        is_in_quotes = self.dialect.is_quoted and '"' in text
        is_too_long = False
        for is_escaped, has_blanks in self._ways_of_reading(text, is_in_quotes):
            window = _Window(self.dialect, lines, number, has_blanks)
            values = window.values(is_escaped)
            if values is None and window.needs_more and not is_last:
                return None
            if values is not None and (len(values) == self._width or (window.count == 1 and not is_escaped)):
                return self._record(values, marks if window.is_text else self._invalid), window.count
            is_too_long = is_too_long or window.is_too_long
        if is_in_quotes and (escaped := escaped_row(text, self.dialect.delimiter, self._width)):
            return self._record(escaped, marks), 1
        if is_in_quotes:
            marks["quoting"] = TOO_LONG if is_too_long else UNQUOTED
        return self._record(text.split(self.dialect.delimiter), marks), 1

    def _ways_of_reading(self, text: str, is_in_quotes: bool) -> list[tuple[bool, bool]]:
        """Return how a line is tried that may go on in the next: whether escaped, whether with blanks before quotes."""
        may_be_escaped = self.dialect.has_escapes and ("\\" in text or '"' in text)
        has_blanks = is_in_quotes and f'{self.dialect.delimiter} "' in text
        ways = [(True, False), (False, True), (False, False)]
        return list(compress(ways, (may_be_escaped, has_blanks, is_in_quotes)))

    @property
    def _invalid(self) -> dict[str, object]:
        return dict(FOREIGN if self.dialect.is_foreign else INVALID)

    @property
    def _width(self) -> int:
        return len(self.file_columns)

    def _record(self, values: list[str], marks: dict[str, object]) -> Record | None:
        """Return a row, None where the line is none."""
        if not has_values(values):
            return None
        if self.dialect.merge_fields:
            values, more = self.dialect.merge_fields(values)
            marks = more | marks
        width = self._width
        if len(values) == width and not marks and self._is_plain:
            return values, None
        fields = [None if value == NULL and self.dialect.has_nulls else value for value in values]
        named = zip(self.file_columns, self.contract_columns, fields, strict=False)
        extra = {
            name: value
            for name, known, value in named
            if not known and (value or name not in self.dialect.expected_extras)
        }
        if len(values) > width:
            marks["overflow"] = values[width:]
        elif len(values) < width:
            marks.setdefault("missing", width - len(values))
        kept = [value for known, value in zip(self.contract_columns, fields, strict=False) if known]
        return [*kept, *[None] * (len(self.columns) - len(kept))], (extra | marks) or None


class _Window:
    """The lines in which a quoted row has to end."""

    def __init__(self, dialect: Dialect, lines: list[bytes], first: int, has_blanks: bool) -> None:
        self._dialect = dialect
        self._lines = lines
        self._first = first
        self._has_blanks = has_blanks
        self.is_text = True
        self.needs_more = False
        self.is_too_long = False
        self.count = 0

    def values(self, is_escaped: bool) -> list[str] | None:
        """Return the fields of the row, without the backslashes that protect something where it is escaped.

        None where the quotes do not fit.
        """
        texts, delimiter = self._texts(), self._dialect.delimiter
        plain = csv.reader(texts, delimiter=delimiter, strict=True, skipinitialspace=self._has_blanks)
        reader = escaped_rows(texts, delimiter, self._dialect.is_quoted) if is_escaped else plain
        try:
            values: list[str] = next(reader)
        except (csv.Error, StopIteration):
            return None
        self.count = reader.line_num
        return values

    def _texts(self) -> Iterator[str]:
        size = 0
        for number in range(self._first, len(self._lines)):
            if size > MAX_QUOTED_BYTES:
                self.is_too_long = True
                return
            line = self._lines[number]
            text, is_text = decode(line)
            self.is_text = self.is_text and is_text
            size += len(line) + 1
            yield text + "\n"
        self.needs_more = True
