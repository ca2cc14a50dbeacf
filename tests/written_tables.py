"""Tables as programs write them: each dialect, packer, id, number and moment that docs/data.md says is read."""

import bz2
import csv
import gzip
import io
import json
import lzma
import tarfile
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pyarrow as pa
from hypothesis import strategies as st
from pyarrow import parquet

from movierec.rating_scale import RatingScale

FIRST_MOMENT = 964_982_703  # 30 July 2000: a day that is no month settles the order of dates
Row = tuple[int, int, int, int]  # user, movie, half stars, seconds since 1970


def rating_rows(users: Sequence[int], movies: Sequence[int]) -> list[Row]:
    """Return ratings with every half star among them, no two at one moment."""
    return [
        (user, movie, (at * 7 + number) % 10 + 1, FIRST_MOMENT + at * 86_400 + number)
        for at, user in enumerate(users)
        for number, movie in enumerate(movies)
    ]


def _zstd(data: bytes) -> bytes:
    return bytes(pa.compress(data, codec="zstd", asbytes=True))


def _moment(pattern: str, zone: timezone = UTC) -> Callable[[int], str]:
    return lambda at: datetime.fromtimestamp(at, zone).strftime(pattern)


def _dotted(number: int) -> str:
    """Return 1.234.567; one separator alone may be a decimal point."""
    return f"{number:,}".replace(",", ".") if number >= 1_000_000 else str(number)


HEADERS = (
    ("userId", "movieId", "rating", "timestamp"),
    ("user_id", "item_id", "stars", "date"),
    ("User ID", "FILM_ID", "Rating", "Rated-At"),
)
SCALES = (RatingScale(), RatingScale(1, 10), RatingScale(0, 100), RatingScale(0, 1), RatingScale(-10, 10))
PLAIN_IDS: dict[str, Callable[[int], str]] = {
    "plain": str,
    "float": lambda number: f"{number}.0",
    "padded": lambda number: f"{number:09}",
    "spaced": lambda number: f" {number} ",
}
IDS = PLAIN_IDS | {
    "comma float": lambda number: f"{number},0",
    "thousands": lambda number: f"{number:,}",
    "dots": _dotted,
    "narrow spaces": lambda number: f"{number:,}".replace(",", "\u202f"),
}
PLAIN_MOMENTS: dict[str, Callable[[int], str]] = {
    "seconds": str,
    "milliseconds": lambda at: f"{at}000",
    "microseconds": lambda at: f"{at}000000",
    "nanoseconds": lambda at: f"{at}000000000",
    "float": lambda at: f"{at}.0",
    "exponent": lambda at: f"{at / 1e8:.8f}E+08",
    "iso": _moment("%Y-%m-%dT%H:%M:%SZ"),
    "zone": _moment("%Y-%m-%dT%H:%M:%S+02:00", timezone(timedelta(hours=2))),
    "space": _moment("%Y-%m-%d %H:%M:%S"),
}
MOMENTS = PLAIN_MOMENTS | {
    "thousands": lambda at: f"{at:,}",
    "american": _moment("%m/%d/%Y %H:%M:%S"),
    "german": _moment("%d.%m.%Y %H:%M:%S"),
    "words": _moment("%d %b %Y %H:%M:%S"),
    "month first": _moment("%B %d, %Y %H:%M:%S"),
}
DELIMITERS = {
    **{"csv": ",", "semicolon": ";", "tab": "\t", "bar": "|", "quoted": ","},
    **{"escaped": ",", "escaped semicolon": ";", "escaped tab": "\t", "escaped bar": "|", "escaped quotes": ","},
}
ESCAPED = tuple(form for form in DELIMITERS if form.startswith("escaped"))
QUOTING = {"quoted": csv.QUOTE_ALL, "escaped quotes": csv.QUOTE_ALL, **dict.fromkeys(ESCAPED[:-1], csv.QUOTE_NONE)}
FORMS = (*DELIMITERS, "jsonl", "typed jsonl", "parquet", "typed parquet")
PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": _zstd,
}
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16")
LINE_ENDS = ("\n", "\r\n", "\r")


@dataclass(frozen=True)
class Writing:
    """How a table of ratings is written."""

    form: str
    header: tuple[str, ...]
    scale: RatingScale
    user_form: str
    movie_form: str
    moment: str
    has_commas: bool
    packer: str
    encoding: str
    line_end: str

    @property
    def suffix(self) -> str:
        """The end of a file's name."""
        kind = self.form.removeprefix("typed ")
        return (kind if kind in ("jsonl", "parquet", "dat") else "csv") + self.packer

    def content(self, rows: Sequence[Row]) -> bytes:
        """Return the file."""
        plain = self._bytes(rows)
        return PACKERS[self.packer](plain)

    def _bytes(self, rows: Sequence[Row]) -> bytes:
        if self.form.startswith("typed"):
            values = [(user, movie, self._number(half), at) for user, movie, half, at in rows]
            return jsonl(self.header, values) if self.form == "typed jsonl" else self._typed_parquet(values)
        return table_of(self.form, self.header, [self._texts(row) for row in rows], self.line_end, self.encoding)

    def _number(self, half_stars: int) -> float:
        low, high = self.scale.low, self.scale.high
        return half_stars / 2 if self.scale == RatingScale() else low + (half_stars - 1) * (high - low) / 9

    def _texts(self, row: Row) -> tuple[str, str, str, str]:
        user, movie, half, at = row
        rating = f"{self._number(half):.9f}".rstrip("0").rstrip(".")
        rating = rating.replace(".", ",") if self.has_commas else rating
        return IDS[self.user_form](user), IDS[self.movie_form](movie), rating, MOMENTS[self.moment](at)

    def _typed_parquet(self, values: Sequence[tuple[int, int, float, int]]) -> bytes:
        users, movies, ratings, moments = (list(column) for column in zip(*values, strict=True))
        unit = {"milliseconds": "ms", "microseconds": "us", "nanoseconds": "ns"}.get(self.moment, "s")
        factor = {"ms": 10**3, "us": 10**6, "ns": 10**9}.get(unit, 1)
        times = pa.array([at * factor for at in moments], pa.timestamp(unit, "UTC"))
        columns = (pa.array(users, pa.int64()), pa.array(movies, pa.int32()), pa.array(ratings, pa.float64()), times)
        return parquet_of(dict(zip(self.header, columns, strict=True)))


def table_of(
    form: str, header: Sequence[str], rows: Sequence[Sequence[str]], line_end: str = "\n", encoding: str = "utf-8"
) -> bytes:
    """Return a table of texts in one of `FORMS`, or with `::` between its fields and no header (`dat`)."""
    if form == "parquet":
        return parquet_of({name: [row[at] for row in rows] for at, name in enumerate(header)})
    if form == "jsonl":
        return jsonl(header, rows)
    if form == "dat":
        return "".join(f"{'::'.join(row)}{line_end}" for row in rows).encode(encoding)
    sink = io.StringIO()
    writer = csv.writer(
        sink,
        delimiter=DELIMITERS[form],
        lineterminator=line_end,
        quoting=QUOTING.get(form, csv.QUOTE_MINIMAL),
        doublequote=form not in ESCAPED,
        escapechar="\\" if form in ESCAPED else None,
    )
    writer.writerows([header, *rows])
    return sink.getvalue().encode(encoding)


def jsonl(header: Sequence[str], rows: Sequence[Sequence[object]]) -> bytes:
    return "".join(json.dumps(dict(zip(header, row, strict=True))) + "\n" for row in rows).encode()


def parquet_of(columns: dict[str, object]) -> bytes:
    sink = io.BytesIO()
    parquet.write_table(pa.table(columns), sink)
    return sink.getvalue()


def writings(
    forms: Sequence[str] = FORMS,
    ids: Sequence[str] = tuple(IDS),
    moments: Sequence[str] = tuple(MOMENTS),
    encodings: Sequence[str] = ENCODINGS,
    line_ends: Sequence[str] = LINE_ENDS,
) -> st.SearchStrategy[Writing]:
    """Return every way of writing a table that these parts make."""
    return st.builds(
        Writing,
        form=st.sampled_from(forms),
        header=st.sampled_from(HEADERS),
        scale=st.sampled_from(SCALES),
        user_form=st.sampled_from(ids),
        movie_form=st.sampled_from(ids),
        moment=st.sampled_from(moments),
        has_commas=st.booleans(),
        packer=st.sampled_from(list(PACKERS)),
        encoding=st.sampled_from(encodings),
        line_end=st.sampled_from(line_ends),
    )


def _tar(mode: str) -> Callable[[dict[str, bytes]], bytes]:
    def pack(files: dict[str, bytes]) -> bytes:
        sink = io.BytesIO()
        with tarfile.open(fileobj=sink, mode=mode) as archive:  # type: ignore[call-overload]
            for name, data in files.items():
                entry = tarfile.TarInfo(f"ml/{name}")
                entry.size = len(data)
                archive.addfile(entry, io.BytesIO(data))
        return sink.getvalue()

    return pack


def _zip(files: dict[str, bytes]) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(f"archive/ml/{name}", data)
    return sink.getvalue()


ARCHIVES: dict[str, Callable[[dict[str, bytes]], bytes]] = {
    ".tar": _tar("w"),
    ".tar.gz": _tar("w:gz"),
    ".tar.bz2": _tar("w:bz2"),
    ".tar.xz": _tar("w:xz"),
    ".tar.zst": lambda files: _zstd(_tar("w")(files)),
    ".zip": _zip,
}


def put(folder: Path, files: dict[str, bytes], archive: str = "") -> Path:
    """Write files into a folder, or into one archive in it; return what is named as the dataset."""
    if archive:
        files = {f"set{archive}": ARCHIVES[archive](files)}
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder / f"set{archive}" if archive else folder
