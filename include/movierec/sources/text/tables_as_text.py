"""Parquet and JSON lines as CSV, so that what reads text reads them too; lists in a value are separated by `|`."""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from typing import IO, Any

from movierec.errors import SourceError
from movierec.sources.text.encoding import Readable

BATCH_ROWS = 50_000


class Generated:
    """Bytes that are made while they are read."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        """Read the parts one after the other."""
        self._parts = parts
        self._rest = b""

    def read(self, size: int, /) -> bytes:
        """Return up to so many bytes, none at the end."""
        while not self._rest:
            part = next(self._parts, None)
            if part is None:
                return b""
            self._rest = part
        data, self._rest = self._rest[:size], self._rest[size:]
        return data


def parquet_as_csv(where: str, raw: IO[bytes]) -> Readable:
    """Return the rows of a Parquet file as CSV with a header.

    Raises:
        SourceError: the file is damaged.
    """
    import pyarrow as pa  # noqa: PLC0415 - takes a while, and hardly a file needs it
    from pyarrow import parquet  # noqa: PLC0415

    try:
        file = parquet.ParquetFile(raw if raw.seekable() else io.BytesIO(raw.read()))
    except (pa.ArrowException, OSError) as error:
        raise SourceError(f"{where} is a damaged Parquet file: {error}") from error
    return Generated(_parquet_parts(where, file))


def _parquet_parts(where: str, file: Any) -> Iterator[bytes]:
    import pyarrow as pa  # noqa: PLC0415
    from pyarrow import csv as arrow  # noqa: PLC0415

    names = [name for name in file.schema_arrow.names if not name.startswith("__index_level_")]
    yield csv_line(names)
    try:
        for batch in file.iter_batches(BATCH_ROWS, columns=names):
            table = pa.table([_as_text(batch.column(name)) for name in names], names=names)
            sink = io.BytesIO()
            arrow.write_csv(table, sink, arrow.WriteOptions(include_header=False))
            yield sink.getvalue()
    except (pa.ArrowException, OSError) as error:
        raise SourceError(f"{where} is a damaged Parquet file: {error}") from error


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


def json_lines_as_csv(raw: Readable) -> Readable:
    """Return JSON objects, one per line, as CSV; a line that is no object becomes a row that is too short."""
    return Generated(_json_parts(raw))


def _json_parts(raw: Readable) -> Iterator[bytes]:
    lines = _lines(raw)
    columns: dict[str, None] = {}
    objects = []
    for line in lines:  # all of them: a key may first stand in the last line
        try:
            value = json.loads(line, parse_float=str, parse_int=str)
        except ValueError:
            value = None
        if isinstance(value, dict):
            columns |= dict.fromkeys(value)
        objects.append(value if isinstance(value, dict) else line.decode("utf-8", "backslashreplace"))
    yield csv_line(columns)
    for value in objects:
        yield csv_line([_text(value.get(name)) for name in columns] if isinstance(value, dict) else [value])


def _lines(raw: Readable) -> Iterator[bytes]:
    rest = b""
    while data := raw.read(1 << 20):
        *lines, rest = (rest + data).split(b"\n")
        yield from filter(None, (line.strip() for line in lines))
    if rest.strip():
        yield rest.strip()


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(part, (str, int, float)) for part in value):
        return "|".join(map(str, value))
    return value.hex() if isinstance(value, bytes) else json.dumps(value, ensure_ascii=False, default=str)


def csv_line(values: Iterable[object]) -> bytes:
    """Return a row as a line of CSV."""
    sink = io.StringIO()
    csv.writer(sink, lineterminator="\n").writerow(["" if value is None else value for value in values])
    return sink.getvalue().encode("utf-8", "backslashreplace")
