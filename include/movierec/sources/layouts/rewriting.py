"""What rewriting a dataset takes: tables as they came, the files that are made of them, and what is said of it."""

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO

from movierec.rating_scale import RatingScale
from movierec.sources.message_parts import list_names
from movierec.sources.text.delimited import first_lines, header
from movierec.sources.text.encoding import AsUtf8, decode
from movierec.sources.text.file import File, buffered
from movierec.sources.text.lines import line_blocks
from movierec.sources.text.quoting import NULL
from movierec.sources.text.records import Dialect
from movierec.sources.text.tables_as_text import GeneratedBytes, csv_line

Row = Mapping[str, str]
MakeRows = Callable[[], Iterator[Sequence[str]]]


@dataclass(frozen=True)
class RawTable:
    """A file with a header, as it came."""

    file: File
    delimiter: str
    names: tuple[str, ...]

    def rows(self) -> Iterator[Row]:
        """Yield rows that have a value and as many fields as the header; nothing but `\\N` is nothing."""
        with self.file.open() as stream:
            for values in self._parsed(AsUtf8(stream)):
                if values is not None and len(values) == len(self.names) and any(values):
                    yield {name: "" if value == NULL else value for name, value in zip(self.names, values, strict=True)}

    def _parsed(self, stream: AsUtf8) -> Iterator[list[str] | None]:
        """Yield the fields of each row after the header, None for one that csv does not understand."""
        reader = self._reader(stream)
        next(reader, None)
        while True:
            try:
                yield next(reader)
            except csv.Error:
                yield None
            except StopIteration:
                return

    def _reader(self, stream: AsUtf8) -> Iterator[list[str]]:
        lines = _lines(self.file.where, stream)
        if self.delimiter == "\t":
            return csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        return csv.reader(lines, delimiter=self.delimiter)

    def count_broken_rows(self) -> int:
        """Count rows that `rows` leaves out because they have more or fewer fields than the header."""
        with self.file.open() as stream:
            rows = self._parsed(AsUtf8(stream))
            return sum(values is None or (bool(values) and len(values) != len(self.names)) for values in rows)

    def without(self, *names: str) -> str:
        """Say of which columns, beside these, nothing is made."""
        unused = [name for name in self.names if name not in names]
        return f"; nothing is made of the columns {list_names(unused)}" if unused else ""

    def has(self, *names: str) -> bool:
        """Tell whether the file has all of these columns."""
        return set(names) <= set(self.names)


def raw_table(file: File) -> RawTable | None:
    """Return a file with a header of several columns, None where it is none."""
    lines = first_lines(file, 1)
    if not lines:
        return None
    for delimiter in ("\t", ",", ";"):
        names = header(lines[0], Dialect(delimiter, is_quoted=True))
        if len(names) > 1:
            return RawTable(file, delimiter, tuple(names))
    return None


def _lines(where: str, stream: AsUtf8) -> Iterator[str]:
    for block in line_blocks(where, stream):
        for line in block.split(b"\n")[:-1]:
            text = decode(line, is_western=True)[0].removesuffix("\r")
            # CR alone ends a line, too, but for one within quotes
            parts = text.split("\r") if '"' not in text else [text]
            yield from (f"{part}\n" for part in parts)


@dataclass
class RewrittenDataset:
    """The files of a dataset with known layouts put into contracts.

    Attributes:
        files: what is to be read, in place of the files that were turned into others.
        remarks: a sentence for each layout that was recognised.
        personal: names of the files in which one person's own ratings stand.
    """

    files: list[File]
    remarks: list[str] = field(default_factory=list)
    personal: list[str] = field(default_factory=list)

    def replace(
        self, used: Sequence[RawTable], generated: Sequence[File], remark: str, *, has_every_row: bool = False
    ) -> None:
        """Put files in the place of others; rows that are left out are counted, unless every row is looked at later."""
        used_names = {raw.file.name for raw in used}
        self.files = [file for file in self.files if file.name not in used_names] + list(generated)
        self.remarks.append(remark)
        looked_at = () if has_every_row else used
        broken = {raw.file.name: rows for raw in looked_at if (rows := raw.count_broken_rows())}
        self.remarks += [
            f"{name}: {rows} rows are left out, which have more or fewer fields than the header"
            for name, rows in broken.items()
        ]


def generated_file(
    raw: RawTable, table: str, columns: Sequence[str], rows: MakeRows, scale: RatingScale | None = None
) -> File:
    """Return a file of a contract's columns that is made of others whenever it is read."""

    @contextmanager
    def opener() -> Iterator[IO[bytes]]:
        lines = (csv_line(values) for part in (iter([columns]), rows()) for values in part)
        yield buffered(GeneratedBytes(lines))

    name, where = f"{raw.file.name} ({table})", f"{raw.file.where} ({table})"
    return File(name, where, opener, raw.file.path, scale, is_generated=True)
