"""Blocks of whole lines, turned into COPY's text format: the clean ones at once, the others row by row."""

import csv
import re
from collections.abc import Callable, Generator, Iterable, Iterator
from itertools import chain

from movierec.sources.source import Chunk
from movierec.sources.text.copytext import chunks
from movierec.sources.text.encoding import is_utf8
from movierec.sources.text.records import Rows

PART_BYTES = 1 << 15  # an unclean block is converted in parts of this size: most of them are clean
SMALL_PART_BYTES = 1 << 9  # and unclean parts in parts of this size, before rows are converted one by one
_NULL = re.compile(rb"(?<![^\t\n])\\N(?![^\t\n])")

LineFilter = Callable[[bytes], bytes]  # takes a block of whole lines, returns the lines to keep


class Converter:
    """Converts blocks of lines into chunks.

    A block is clean if every line has the right number of fields, all is UTF-8, and nothing in it needs escaping or
    unquoting; then its delimiters become tabs. Both ways yield the same for the same rows.
    """

    def __init__(self, rows: Rows) -> None:
        """Convert the lines that `rows` can parse."""
        self._rows = rows
        dialect = rows.dialect
        mark = dialect.delimiter.encode() if len(dialect.delimiter) == 1 else b"\t"
        self._longer = dialect.delimiter.encode() if len(dialect.delimiter) > 1 else b""
        self._line = mark * (len(rows.file_columns) - 1) + b"\n"
        # what Excel writes below a table: a row without a value is none, as a blank line is
        self._blank = b"\n" + self._line[:-1]
        self._blank_rows = re.compile(rb"^" + re.escape(self._line[:-1]) + rb"\r?\n", re.MULTILINE)
        self._rest = bytes(set(range(256)) - {*mark, *b"\n"})
        self._to_tab = bytes.maketrans(mark, b"\t")
        self._unclean = [b"\0"] + ([b'"'] if dialect.is_quoted else []) + ([] if dialect.delimiter == "\t" else [b"\t"])
        self._strange = (b"\0", b"\\", b"\t", f'{dialect.delimiter} "'.encode())
        self._is_plain = dialect.merge_fields is None and all(rows.contract_columns)

    def chunks(self, blocks: Iterable[bytes], keep: LineFilter = bytes) -> Iterator[Chunk]:
        """Yield the rows of all lines that are kept."""
        pending = b""
        for block in chain(blocks, [b""]):
            lines = keep(block) if block else block
            whole = pending + lines if pending else lines
            if (text := self._clean(whole)) is None:
                pending = yield from self._by_row(whole, is_last=not block)
                continue
            pending = b""
            if text:
                yield Chunk(self._rows.columns, text)

    def _by_row(self, block: bytes, is_last: bool) -> Generator[Chunk, None, bytes]:
        """Yield a block's rows; return the lines of an open quote, which go before the next block."""
        pending, start = b"", 0
        while start < len(block):
            end = _line_end(block, start, PART_BYTES)
            texts, pending = self._part(pending + block[start:end], is_last and end == len(block))
            if text := b"".join(texts):
                yield Chunk((*self._rows.columns, "extra"), text)
            start = end
        return pending

    def _part(self, part: bytes, is_last: bool) -> tuple[list[bytes], bytes]:
        """Return the rows of a part, in smaller parts where it is not clean, and the lines of an open quote."""
        texts: list[bytes] = []
        start, few = 0, SMALL_PART_BYTES if self._is_plain else PART_BYTES
        if (whole := self._clean(part)) is None:
            whole = self._unquote(part)
        if whole is not None:
            return [whole.replace(b"\n", b"\t\\N\n")], b""
        while start < len(part):
            end = _line_end(part, start, few)
            text = self._clean(part[start:end])
            if text is not None:
                texts.append(text.replace(b"\n", b"\t\\N\n"))
                start = end
                continue
            records, pending = self._rows.parse(part[start:end], is_last and end == len(part))
            if pending:
                rest, pending = self._rows.parse(pending + part[end:], is_last)
                records, end = records + rest, len(part)
            texts += [chunk.data for chunk in chunks(self._rows.columns, records)]
            if pending:
                return texts, pending
            start = end
        return texts, b""

    def _clean(self, block: bytes) -> bytes | None:
        """Return a block as COPY text, or None where it is not clean."""
        if not self._is_plain or any(byte in block for byte in self._unclean) or not is_utf8(block):
            return None
        if b"\\" in block and not (self._rows.dialect.has_nulls and block.count(b"\\") == len(_NULL.findall(block))):
            return None
        if self._longer:
            block = block.replace(self._longer, b"\t")
        if self._blank in block or block.startswith(self._line[:-1]):
            block = self._blank_rows.sub(b"", block)
        counted = block.translate(None, self._rest)
        if counted != self._line * (len(counted) // len(self._line)):
            return None
        ends = block.count(b"\r")
        if ends != block.count(b"\r\n"):
            return None
        return block.translate(self._to_tab, b"\r" if ends else b"")

    def _unquote(self, block: bytes) -> bytes | None:
        """Return a block with quotes as COPY text, or None where one is strange or anything has to be escaped."""
        if not self._is_plain or not self._rows.dialect.is_quoted or not is_utf8(block):
            return None
        if any(sign in block for sign in self._strange) or block.count(b"\r") != block.count(b"\r\n"):
            return None
        lines = block.decode().split("\n")
        lines.pop()
        reader = csv.reader(lines, delimiter=self._rows.dialect.delimiter, strict=True)
        try:
            rows = list(reader)
        except csv.Error:
            return None
        if len(rows) != len(lines) or any(len(row) != len(self._rows.file_columns) for row in rows):
            return None
        return "".join("\t".join(row) + "\n" for row in rows if any(row)).encode()


def _line_end(block: bytes, start: int, size: int) -> int:
    """Return the end of the last whole line within so many bytes, or else the end of the first line."""
    return block.rfind(b"\n", start, start + size) + 1 or block.index(b"\n", start) + 1
