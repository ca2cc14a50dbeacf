"""Parquet and JSON lines as CSV, so that what reads text reads them too; lists in a value are separated by `|`."""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from itertools import chain
from typing import IO, Any

from movierec.errors import SourceError
from movierec.scratch import scratch_file
from movierec.sources.text.encoding import Readable, is_utf8
from movierec.sources.text.lines import BLOCK_BYTES, text_blocks
from movierec.sources.text.read_errors import plain_read_errors

BATCH_ROWS = 50_000
MAX_KEYS = 10_000
_INDEX = "__index_level_"  # a column in which pandas keeps the labels of rows
# How MongoDB's tools write what JSON has no type for: an object with one such key and the value.
# https://www.mongodb.com/docs/manual/reference/mongodb-extended-json/
TYPES_OF_MONGODB = ("$oid", "$date", "$numberInt", "$numberLong", "$numberDouble", "$numberDecimal")


class GeneratedBytes:
    """Bytes that are made while they are read."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        """Read the parts one after the other."""
        self._parts = parts
        self._rest = b""

    def read(self, size: int, /) -> bytes:
        """Return so many bytes, fewer at the end: whoever looks at the beginning sees more than the header."""
        parts, length = [self._rest], len(self._rest)
        while length < size and (part := next(self._parts, None)) is not None:
            parts.append(part)
            length += len(part)
        whole = b"".join(parts)
        data, self._rest = whole[:size], whole[size:]
        return data


def parquet_as_csv(where: str, raw: IO[bytes]) -> Readable:
    """Return the rows of a Parquet file as CSV with a header.

    Raises:
        SourceError: the file is damaged.
    """
    parts = _parquet_parts(where, raw)
    header = next(parts)  # read now, so that a file that is none is told before anything is made of it
    return GeneratedBytes(chain([header], parts))


def _parquet_parts(where: str, raw: IO[bytes]) -> Iterator[bytes]:
    """Yield the header, then the rows, batch by batch; a copy on disk goes with whoever reads them."""
    import pyarrow as pa  # noqa: PLC0415 - takes a while, and hardly a file needs it
    from pyarrow import csv as arrow  # noqa: PLC0415
    from pyarrow import parquet  # noqa: PLC0415

    with plain_read_errors(f"{where} is a damaged Parquet file", (pa.ArrowException, OSError)), ExitStack() as opened:
        file = parquet.ParquetFile(raw if raw.seekable() else opened.enter_context(_on_disk(raw)))
        columns = [(at, name) for at, name in enumerate(file.schema_arrow.names) if not name.startswith(_INDEX)]
        names = [name for _, name in columns]
        yield csv_line(names)
        for batch in file.iter_batches(BATCH_ROWS):
            table = pa.table([_as_text(batch.column(at)) for at, _ in columns], names=names)
            sink = io.BytesIO()
            arrow.write_csv(table, sink, arrow.WriteOptions(include_header=False))
            yield sink.getvalue()


def _as_text(column: Any) -> Any:
    """Return a column as CSV can hold it: whole numbers without a point, moments in ISO 8601, lists separated by |."""
    import pyarrow as pa  # noqa: PLC0415

    kind = column.type
    if pa.types.is_dictionary(kind):
        return _as_text(column.dictionary_decode())
    if pa.types.is_integer(kind) or pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return column
    if pa.types.is_floating(kind):
        return pa.array([None if value is None else _number(value) for value in column.to_pylist()], pa.string())
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return pa.array([None if value is None else value.isoformat() for value in column.to_pylist()], pa.string())
    return pa.array([_text(value) for value in column.to_pylist()], pa.string())


def _number(value: float) -> str:
    return str(int(value)) if value.is_integer() else repr(value)


def json_lines_as_csv(where: str, raw: Readable) -> Readable:
    """Return JSON objects, one per line, as CSV; a line that is none, or contradicts itself, becomes too short a row.

    Raises:
        SourceError: while it is read: a line is too long to be one, or the objects have too many different keys.
    """
    return GeneratedBytes(_json_parts(where, raw))


def _json_parts(where: str, raw: Readable) -> Iterator[bytes]:
    columns: dict[str, None] = {}
    with scratch_file() as buffer:  # a key may first stand in the last line, and memory has an end
        for block in text_blocks(where, raw):
            for line in block.splitlines():
                columns |= dict.fromkeys(_json_object(line) or ())
            if len(columns) > MAX_KEYS:
                raise SourceError(
                    f"{where}: the objects have more than {MAX_KEYS:,} different keys; that is not a table"
                )
            buffer.write(block)
        buffer.seek(0)
        yield csv_line(columns)
        for line in filter(None, map(bytes.strip, buffer)):
            value = _json_object(line)
            text = line.decode("utf-8", "backslashreplace")
            yield csv_line([_text(value.get(name)) for name in columns] if value else [text])


class _Contradiction(dict[str, Any]):
    """An object in which a key has two values: which of them is meant, nobody can tell."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    is_clear = len(value) == len(pairs) or all(value[key] == each for key, each in pairs)
    return value if is_clear else _Contradiction(value)


def _json_object(line: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(line, parse_float=str, parse_int=str, object_pairs_hook=_object)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) and not isinstance(value, _Contradiction) else None


@contextmanager
def _on_disk(raw: Readable) -> Iterator[IO[bytes]]:
    """Open what can only be read once as a file in which one can go back."""
    with scratch_file() as file:
        while data := raw.read(BLOCK_BYTES):
            file.write(data)
        file.seek(0)
        yield file


def _text(value: object) -> str | None:
    while isinstance(value, dict) and len(value) == 1 and (key := next(iter(value))) in TYPES_OF_MONGODB:
        value = value[key]
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, Decimal):
        return f"{value:f}" if value != value.to_integral_value() else f"{value:.0f}"
    if isinstance(value, list) and all(isinstance(part, (str, int, float)) for part in value):
        return "|".join(map(str, value))
    if isinstance(value, bytes):  # text that its writer has not called text, or no text at all
        return value.decode() if is_utf8(value) else value.hex()
    return json.dumps(value, ensure_ascii=False, default=str)


def csv_line(values: Iterable[object]) -> bytes:
    """Return a row as a line of CSV."""
    sink = io.StringIO()
    csv.writer(sink, lineterminator="\n").writerow(["" if value is None else value for value in values])
    return sink.getvalue().encode("utf-8", "backslashreplace")
