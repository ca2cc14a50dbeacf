"""Text files with one row per line, read as the table of a contract at nearly the speed of COPY itself."""

import csv
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from movierec.data.aliases import normalise_name
from movierec.errors import SourceError
from movierec.sources.contract import MIN_SAMPLE_VALUES, Contract
from movierec.sources.message_parts import are_names, kind_of, list_names, seen_names, seen_values
from movierec.sources.source import Chunk, Notes
from movierec.sources.text.blocks import Converter, LineFilter
from movierec.sources.text.copytext import Record
from movierec.sources.text.encoding import decode
from movierec.sources.text.file import File
from movierec.sources.text.lines import text_blocks
from movierec.sources.text.quoting import SINGLE_QUOTES, stand_in_single_quotes
from movierec.sources.text.records import MAX_QUOTED_BYTES, TOO_LONG, Dialect, Rows

SAMPLE_ROWS = 1_000
MAX_HEADER_BYTES = 1 << 16
MAX_HEADER_LINES = 20  # in which a name in quotes ends
MAX_LINES_ABOVE = 20  # a header, such as a caption
DELIMITERS = {",": True, ";": True, "\t": False, "|": False}  # and whether fields may be quoted between them
_TYPED_NAME = re.compile(r".*:(?:token|float)(?:_seq)?")

Checksum = tuple[tuple[int, ...], str]
MakeLineFilter = Callable[[Sequence[str | None], Notes], LineFilter]


@dataclass(frozen=True)
class Table:
    """A file read as the table of a contract.

    Attributes:
        file: the file.
        contract: the table.
        dialect: how the file is written.
        make_filter: makes the filter of its lines, given the contract's names of the columns; None keeps all.
        checksum: the file's version and its checksum, where it has been read to its end already.
    """

    file: File
    contract: Contract
    dialect: Dialect
    make_filter: MakeLineFilter | None = None
    checksum: Checksum | None = None

    @property
    def way_of_reading(self) -> str:
        """What is special about the file's dialect: read without regard to it, the same file has other rows."""
        dialect = self.dialect
        marks = {"escapes": dialect.has_escapes, "nulls": dialect.has_nulls, "western": dialect.is_western}
        marks["foreign"] = dialect.is_foreign
        return "".join(f", {name}" for name, is_there in marks.items() if is_there and not dialect.header)

    def read(self, notes: Notes) -> Iterator[Chunk]:
        """Yield every row after the header, whatever it holds; an empty line is not a row.

        Raises:
            SourceError: the file is empty, damaged, or breaks the contract.
        """
        with self.file.open() as stream:
            blocks = text_blocks(self.file.where, stream, self.dialect.is_western)
            rows, first = self._start(next(blocks, b""))
            notes.new_columns += rows.new_columns
            notes.has_spaced_genres = self.dialect.has_spaced_genres
            keep = self.make_filter(rows.contract_columns, notes) if self.make_filter else bytes
            yield from Converter(rows).chunks(chain([first] if first else [], blocks), keep)

    def checksum_and_reader(self) -> tuple[str, Callable[[Notes], Iterator[Chunk]]]:
        """Return the file's checksum, and a reader that refuses the file if it is no longer the one of the checksum."""
        version, checksum = self.checksum or (self.file.version(), self.file.sha256())

        def read(notes: Notes) -> Iterator[Chunk]:
            yield from self.read(notes)
            if self.file.version() != version:
                raise SourceError(f"{self.file.where} was written to while it was read; try again when it is complete")

        return checksum, read

    def check(self) -> None:
        """Look at the header and the first rows only.

        Raises:
            SourceError: the file is empty, damaged, or breaks the contract.
        """
        with self.file.open() as stream:
            self._start(next(text_blocks(self.file.where, stream, self.dialect.is_western), b""))

    def _start(self, first: bytes) -> tuple[Rows, bytes]:
        """Return the parser of the rows, and the first block without the header."""
        if not first.strip():
            raise SourceError(f"{self.file.where} is empty; {_required(self.contract, self.dialect)}")
        columns: Sequence[str] = self.dialect.header
        if not columns:
            line, first = split_header(first, self.dialect.is_quoted)
            if len(line) > MAX_HEADER_BYTES:
                size = f"{len(line):,} bytes"
                required = _required(self.contract, self.dialect)
                raise SourceError(f"{self.file.where}: the first line has {size}; {required}")
            columns = header(line, self.dialect)
            if self.contract.is_personal and is_like_rows(columns, first, self.dialect):
                raise SourceError(
                    f"{self.file.where}: {seen_values(columns)}; {_required(self.contract, self.dialect)}"
                )
            _require_header(self.file.where, columns, first, self.contract, self.dialect)
        named = [self.dialect.renames.get(name, name) for name in columns]
        rows = Rows(self.dialect, columns, self.contract.match(self.file.where, named))
        records = _sample(rows, first)
        lines = [decode(line, is_western=True)[0] for line in first.split(b"\n", SAMPLE_ROWS)[:SAMPLE_ROWS]]
        if stand_in_single_quotes(lines, self.dialect.delimiter):
            raise SourceError(f"{self.file.where}: {SINGLE_QUOTES}")
        self._require_width(columns, records)
        self.contract.require_types(
            self.file.where, [dict(zip(rows.columns, values, strict=True)) for values, _ in records]
        )
        return rows, first

    def _require_width(self, columns: Sequence[str], records: Sequence[Record]) -> None:
        """Refuse a file most of whose first rows have more or fewer fields than it has columns."""
        ragged = sum(bool(extra and {"missing", "overflow"} & set(extra)) for _, extra in records)
        if len(records) < MIN_SAMPLE_VALUES or ragged * 2 <= len(records):
            return
        for row, (_, extra) in enumerate(records, start=1):
            if extra and extra.get("quoting") == TOO_LONG:
                raise SourceError(
                    f"{self.file.where}: a quote that opens in row {row} does not end within {MAX_QUOTED_BYTES >> 10} "
                    "KB, so that lines below it are no rows; allowed are values of at most so many over several lines"
                )
        raise SourceError(
            f"{self.file.where}: {ragged:,} of the first {len(records):,} lines have more or fewer fields than "
            f"there are columns; allowed are {len(columns)} fields: {list_names(columns)}"
        )


def _require_header(where: str, columns: Sequence[str], below: bytes, contract: Contract, dialect: Dialect) -> None:
    """Refuse a first line that is no header, where it is known what it is.

    Either the header stands below it, or the line is one column to all delimiters and several to spaces, or one value
    in quotes as a whole.
    """
    required = _required(contract, dialect)
    if sentence := late_header(below.split(b"\n", MAX_LINES_ABOVE), contract, columns):
        raise SourceError(f"{where}: {sentence}; {required}")
    if len(columns) != 1:
        return
    if any(_count_known(columns[0].split(sign), contract) > 1 for sign in DELIMITERS):
        sentence = "each line stands in quotes as one value; allowed are quotes around each"
        raise SourceError(f"{where}: {sentence}; {required}")
    words = columns[0].replace('"', "").split()
    if _count_known(words, contract) > 1 or (
        len(words) > 2 and not are_names(words)  # noqa: PLR2004
    ):
        seen = f"; seen: {seen_names(words)}"
        raise SourceError(
            f"{where} is separated by spaces; allowed are commas, semicolons, tabs and |{seen}; {required}"
        )


def late_header(lines: Sequence[bytes], contract: Contract, columns: Sequence[str]) -> str | None:
    """Say so where the header of a contract stands in lines below the first, whose fields are `columns`."""
    needed = {column.name for column in contract.columns if column.required}
    if needed <= set(contract.resolve(columns)):
        return None
    return header_among(lines, lambda names: needed <= set(contract.resolve(names)))


def header_among(lines: Sequence[bytes], is_header: Callable[[list[str]], bool]) -> str | None:
    """Say so where one of the lines below the first is the header, such as below a caption.

    Args:
        lines: below the first; only so many are looked at as may stand above a header.
        is_header: tells a header by its names.
    """
    for line in lines[:MAX_LINES_ABOVE]:
        for sign in DELIMITERS:
            names = header(line, Dialect(sign, is_quoted=True))
            if is_header(names):
                return f"the header ({list_names(names)}) stands below other lines: leave those out"
    return None


def _count_known(names: Sequence[str], contract: Contract) -> int:
    return sum(name in contract.words for name in map(normalise_name, names))


def header(line: bytes, dialect: Dialect) -> list[str]:
    """Return the names in a line of them; of RecBole's files the types (`user_id:token`) are dropped.

    A column without a name, as pandas writes that of its index, is called by its number.
    """
    text, _ = decode(line.rstrip(b"\r\n"))
    names = [" ".join(name.split()) for name in _fields(text, dialect)]
    names = [name.strip('"').strip() if dialect.is_quoted else name for name in names]
    if all(_TYPED_NAME.fullmatch(name) for name in names):
        return [name.rpartition(":")[0] for name in names]
    return [name or f"column {number}" for number, name in enumerate(names, start=1)]


def _fields(text: str, dialect: Dialect) -> list[str]:
    """Return the fields of a line, of one whose quotes do not pair what its delimiters divide."""
    if dialect.is_quoted and '"' in text:
        try:
            return next(csv.reader([text], delimiter=dialect.delimiter, skipinitialspace=True, strict=True))
        except (csv.Error, StopIteration):
            pass
    return text.split(dialect.delimiter)


def split_header(block: bytes, is_quoted: bool) -> tuple[bytes, bytes]:
    """Return a block's first line and the others; the first goes on as long as a quote is open, for a few lines."""
    end = block.find(b"\n") + 1 or len(block)
    if is_quoted and block.count(b'"', 0, end) % 2:
        further = end
        for _ in range(MAX_HEADER_LINES):
            further = block.find(b"\n", further) + 1 or len(block)
            if block.count(b'"', 0, further) % 2 == 0:
                return block[:further].rstrip(b"\r\n"), block[further:]
    return block[:end].removesuffix(b"\n"), block[end:]


def is_like_rows(names: Sequence[str], rows: bytes, dialect: Dialect) -> bool:
    """Tell whether a first line can hardly be a header: in every column it is of one kind with the lines below."""
    lines = [line for line in rows.split(b"\n", SAMPLE_ROWS)[:SAMPLE_ROWS] if line.strip()]
    below = [list(map(kind_of, header(line, dialect))) for line in lines]
    kinds = list(map(kind_of, names))
    return bool(below) and all(row == kinds for row in below)


def first_lines(file: File, count: int = SAMPLE_ROWS) -> list[bytes]:
    """Return the first lines of a file, for finding out what it is."""
    with file.open() as stream:
        block = next(text_blocks(file.where, stream), b"")
    return [line.removesuffix(b"\r") for line in block.split(b"\n", count)[:count] if line]


def _required(contract: Contract, dialect: Dialect) -> str:
    names = ", ".join(column.name for column in contract.columns if column.required)
    return f"required are rows with {names}" if dialect.header else f"required is a header with {names}"


def _sample(rows: Rows, block: bytes) -> list[Record]:
    end = 0
    for _ in range(SAMPLE_ROWS):
        end = block.find(b"\n", end) + 1 or len(block)
    records, open_lines = rows.parse(block[:end], is_last=end == len(block))
    if open_lines:  # of a quote that ends below, unless that is too far
        further = open_lines + block[end : block.rfind(b"\n", end, end + 2 * MAX_QUOTED_BYTES) + 1]
        records += rows.parse(further, is_last=len(further) > MAX_QUOTED_BYTES)[0]
    return records[:SAMPLE_ROWS]
