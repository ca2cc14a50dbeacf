"""Text files with one row per line, read as the table of a contract at nearly the speed of COPY itself."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from movierec.errors import SourceError
from movierec.sources.contract import Contract
from movierec.sources.source import Chunk, Notes
from movierec.sources.text.archive import File
from movierec.sources.text.blocks import Converter, Sieve, cut
from movierec.sources.text.encoding import AsUtf8, decode
from movierec.sources.text.records import Format, Rows

SAMPLE_ROWS = 1_000
MAX_HEADER_BYTES = 1 << 16

MakeSieve = Callable[[Sequence[str | None], Notes], Sieve]


@dataclass(frozen=True)
class Table:
    """A file read as the table of a contract.

    Attributes:
        file: the file.
        contract: the table.
        form: how the file is written.
        sieve: makes the filter for blocks of whole lines, given the contract's names of the columns; None keeps all.
    """

    file: File
    contract: Contract
    form: Format
    sieve: MakeSieve | None = None

    def read(self, notes: Notes) -> Iterator[Chunk]:
        """Yield every row after the header, whatever it holds; an empty line is no row.

        Raises:
            SourceError: the file is empty, damaged, or breaks the contract.
        """
        with self.file.open() as stream:
            blocks = cut(self.file.where, AsUtf8(stream))
            rows, first = self._start(next(blocks, b""))
            notes.new_columns += rows.new_columns
            keep = self.sieve(rows.found, notes) if self.sieve else bytes
            yield from Converter(rows).chunks(chain([first] if first else [], blocks), keep)

    def offer(self) -> tuple[str, Callable[[Notes], Iterator[Chunk]]]:
        """Return the file's checksum, and a reader that refuses the file if it is no longer the one of the checksum."""
        version = self.file.version()

        def read(notes: Notes) -> Iterator[Chunk]:
            yield from self.read(notes)
            if self.file.version() != version:
                raise SourceError(f"{self.file.where} was written to while it was read; try again when it is complete")

        return self.file.sha256(), read

    def check(self) -> None:
        """Look at the header and the first rows only.

        Raises:
            SourceError: the file is empty, damaged, or breaks the contract.
        """
        with self.file.open() as stream:
            self._start(next(cut(self.file.where, AsUtf8(stream)), b""))

    def _start(self, first: bytes) -> tuple[Rows, bytes]:
        """Return how the rows are made up, and the first block without the header."""
        if not first.strip():
            raise SourceError(f"{self.file.where} is empty; {_required(self.contract, self.form)}")
        seen: Sequence[str] = self.form.header
        if not seen:
            line, _, first = first.partition(b"\n")
            if len(line) > MAX_HEADER_BYTES:
                raise SourceError(
                    f"{self.file.where}: the first line has {len(line):,} bytes; {_required(self.contract, self.form)}"
                )
            seen = header(line, self.form)
        rows = Rows(self.form, seen, self.contract.match(self.file.where, seen))
        self.contract.require_types(self.file.where, _sample(rows, first))
        return rows, first


def header(line: bytes, form: Format) -> list[str]:
    """Return the names in a line of them; RecBole's types (`user_id:token`) are dropped."""
    text, _ = decode(line.rstrip(b"\r\n"), form.is_western)
    names = [name.strip() for name in text.split(form.delimiter)]
    return [(name.strip('"') if form.is_quoted else name).partition(":")[0].strip() for name in names]


def first_lines(file: File, count: int = SAMPLE_ROWS) -> list[bytes]:
    """Return the first lines of a file, for finding out what it is."""
    with file.open() as stream:
        block = next(cut(file.where, AsUtf8(stream)), b"")
    return [line.removesuffix(b"\r") for line in block.split(b"\n", count)[:count] if line]


def _required(contract: Contract, form: Format) -> str:
    names = ", ".join(column.name for column in contract.columns if column.required)
    return f"required are rows with {names}" if form.header else f"required is a header with {names}"


def _sample(rows: Rows, block: bytes) -> list[Mapping[str, str | None]]:
    end = 0
    for _ in range(SAMPLE_ROWS):
        end = block.find(b"\n", end) + 1 or len(block)
    records, _ = rows.take(block[:end], is_last=True)
    return [dict(zip(rows.columns, values, strict=True)) for values, _ in records]
