"""How values of a text file are quoted and escaped, told by its lines.

Who escapes puts a backslash before every delimiter, quote, line end and backslash of a value, be it in quotes or not:
pandas and csv without doubled quotes, Spark, MySQL's `select … into outfile`, PostgreSQL's COPY. Before anything else a
backslash is a letter, as in C:\\films, and speaks against. A value of nothing but `\\N` is null and speaks for neither.

https://docs.python.org/3/library/csv.html#csv.Dialect.escapechar
https://dev.mysql.com/doc/refman/8.4/en/load-data.html (Field and Line Handling)
"""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from movierec.sources.text.lines import MAX_LINE_BYTES

SINGLE_QUOTES = "values stand in single quotes, which are not read as quotes; allowed are double ones"
NULL = "\\N"
MIN_QUOTED_LINES = 20
MAX_WEIGHED_LINES = 50_000  # with backslashes; whoever escapes has shown it by then
MAX_HELD = 1 << 16  # letters of a row that goes on in the next line
_SINGLE_QUOTED = re.compile(r"\s*'[^']+'\s*")
_ESCAPE = re.compile(r"\\(\r\n|.|$)", re.DOTALL)
_HELD = re.compile(r"(?<!\\)(?:\\\\)*\\$")
csv.field_size_limit(MAX_LINE_BYTES)  # its own limit, 128 KB, would make of a long value a quote that is broken
_CONTROLS = {"n": "\\\n", "r": "\\\r", "t": "\\\t"}  # as letters between tabs, in PostgreSQL's COPY and mysql's output


@dataclass
class Evidence:
    """What the backslashes of a file speak for.

    Attributes:
        escapes: how often one protects what stands behind it.
        letters: how often one stands before what needs no protection.
        nulls: lines with a value of nothing but `\\N`.
    """

    escapes: int = 0
    letters: int = 0
    nulls: int = 0

    @property
    def has_escapes(self) -> bool:
        """Whether backslashes are to be taken off."""
        return self.escapes > self.letters

    def add(self, other: "Evidence") -> None:
        """Count what speaks elsewhere, too."""
        self.escapes += other.escapes
        self.letters += other.letters
        self.nulls += other.nulls


def weigh(lines: Iterable[str], delimiter: str, width: int, is_quoted: bool) -> Evidence:
    """Count what the backslashes in lines speak for; a row that goes on in the next line is looked at whole."""
    evidence = Evidence()
    for row in islice(_rows(lines, delimiter, width, is_quoted), MAX_WEIGHED_LINES):
        evidence.add(_weigh_row(row, delimiter, width, is_quoted))
    return evidence


def _rows(lines: Iterable[str], delimiter: str, width: int, is_quoted: bool) -> Iterator[str]:
    """Yield rows with backslashes; after a line that ends in one, what is not a whole row is the rest of its row."""

    def is_row(text: str) -> bool:
        return _has_width(_fields(text, delimiter, is_quoted), width)

    unfinished = ""
    for line in lines:
        row = line
        if unfinished:
            if is_row(unfinished) and is_row(line):
                yield unfinished
            else:
                row = f"{unfinished}\n{line}"
            unfinished = ""
        if "\\" in row and _HELD.search(row) and len(row) < MAX_HELD:
            unfinished = row
        elif "\\" in row:
            yield row
    if unfinished:
        yield unfinished


def _weigh_row(text: str, delimiter: str, width: int, is_quoted: bool) -> Evidence:
    parts = [part for part in text.split(delimiter) if "\\" in part]
    evidence = Evidence(nulls=NULL in parts)
    if all(part == NULL for part in parts):
        return evidence
    plain = _fields(text, delimiter, is_quoted)
    is_plain = _has_width(plain, width)
    is_escaped = _has_width(_escaped_fields(text, delimiter, is_quoted), width)
    if is_plain != is_escaped:
        evidence.escapes, evidence.letters = int(is_escaped), int(is_plain)
    elif plain is not None and is_plain:
        for value in plain:
            evidence.add(_weigh_value(value, delimiter))
    return evidence


def _weigh_value(value: str, delimiter: str) -> Evidence:
    if value == NULL:
        return Evidence()
    behind = [found[1] for found in _ESCAPE.finditer(value)]
    neutral = {"", "\n", "\r\n", delimiter, *(_CONTROLS if delimiter == "\t" else ())}
    escapes = sum(letter in ("\\", '"') for letter in behind)
    return Evidence(escapes, sum(letter not in neutral for letter in behind) - escapes)


def _has_width(fields: Sequence[str] | None, width: int) -> bool:
    return fields is not None and len(fields) == width


def _fields(text: str, delimiter: str, is_quoted: bool) -> list[str] | None:
    """Return the fields of a row as it stands, None where it is not one row."""
    if is_quoted:
        return _only_row(text, csv.reader(_lines(text), delimiter=delimiter, strict=True))
    return None if "\n" in text else text.split(delimiter)


def _escaped_fields(text: str, delimiter: str, is_quoted: bool) -> list[str] | None:
    """Return the fields of a row without its backslashes, None where it is not one row."""
    return _only_row(text, escaped_rows(_lines(text), delimiter, is_quoted))


def _lines(text: str) -> list[str]:
    return [f"{line}\n" for line in text.split("\n")]


def _only_row(text: str, reader: Any) -> list[str] | None:
    try:
        values: list[str] = next(reader)
    except (csv.Error, StopIteration):
        return None
    return values if reader.line_num == len(_lines(text)) else None


def escaped_rows(lines: Iterable[str], delimiter: str, is_quoted: bool, strict: bool = True) -> Any:
    """Return a reader of rows in which backslashes protect delimiters, quotes, line ends and backslashes.

    Before anything else a backslash stays. The reader yields lists of texts, and counts lines in `line_num`.
    """
    kept = {"\\", '"', delimiter, "\n", "\r"}
    controls = _CONTROLS if delimiter == "\t" else {}

    def protected(found: re.Match[str]) -> str:
        behind = found[1]
        return found[0] if behind in kept else controls.get(behind, f"\\\\{behind}")

    return csv.reader(
        (_ESCAPE.sub(protected, line) if "\\" in line else line for line in lines),
        delimiter=delimiter,
        quoting=csv.QUOTE_MINIMAL if is_quoted else csv.QUOTE_NONE,
        escapechar="\\",
        strict=strict,
    )


def escaped_row(text: str, delimiter: str, width: int) -> list[str] | None:
    """Return the fields of a line whose quotes are behind backslashes, in a file that doubles them elsewhere.

    None where it has no such quote, or then not as many fields as it should.
    """
    values = _escaped_fields(text, delimiter, is_quoted=True) if '\\"' in text else None
    return values if values is not None and len(values) == width else None


def has_quotes(texts: Sequence[str], delimiter: str, has_escapes: bool = False) -> bool:
    """Tell whether quotes are quotes in lines that may as well hold them as letters, as those of tabs do.

    The header stands in them, or all lines make sense so and a value is quoted that needs it: one with the delimiter,
    with a doubled quote, or with a comma, for which Excel quotes. Where backslashes protect what they stand before, it
    is one with the delimiter or a quote behind a backslash.
    """
    if not texts or texts[0].lstrip().startswith('"'):
        return bool(texts)
    signs = (delimiter, '\\"') if has_escapes else (delimiter, '""', ",")
    values = _values_in_quotes(delimiter, has_escapes)
    if not any(sign in value for text in texts for value in values.findall(text) for sign in signs):
        return False
    lines = [f"{text}\n" for text in texts]
    plain = csv.reader(lines, delimiter=delimiter, strict=True)
    try:
        rows = list(escaped_rows(lines, delimiter, is_quoted=True) if has_escapes else plain)
    except csv.Error:
        return False
    return all(len(row) == len(rows[0]) for row in rows if row)


def _values_in_quotes(delimiter: str, has_escapes: bool) -> re.Pattern[str]:
    sign, part = re.escape(delimiter), r'(?:[^"\\]|\\.)*' if has_escapes else r'(?:[^"]|"")*'
    return re.compile(rf'(?:^|{sign})"({part})"(?=$|{sign})')


def has_blanks(texts: Sequence[str], delimiter: str) -> bool:
    """Tell whether values in quotes stand behind a blank that does not belong to them, as in `1, "Heat", "Crime"`."""
    with_blanks = [text for text in texts if f'{delimiter} "' in text]
    try:
        rows = list(csv.reader(with_blanks, delimiter=delimiter, strict=True, skipinitialspace=True))
    except csv.Error:
        return False
    plain = list(csv.reader(with_blanks, delimiter=delimiter))
    return rows != [[value.lstrip(" ") for value in row] for row in plain] and len(set(map(len, rows))) == 1


def stand_in_single_quotes(texts: Sequence[str], delimiter: str) -> bool:
    """Tell whether most lines have a value in single quotes, which do not quote here: they would become part of it."""
    quoted = sum(any(map(_SINGLE_QUOTED.fullmatch, text.split(delimiter))) for text in texts)
    return quoted * 2 > len(texts) >= MIN_QUOTED_LINES
