"""Tables as programs write them: each dialect, packer, id, number and moment that docs/data.md says is read."""

import bz2
import csv
import gzip
import io
import json
import lzma
import tarfile
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pyarrow as pa
from hypothesis import strategies as st
from pyarrow import parquet

from movierec.rating_scale import RatingScale

FIRST_MOMENT = 964_982_703  # 30 July 2000: a day that is not a month settles the order of dates
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
INFERRED_SCALES = (
    *(RatingScale(), RatingScale(1, 10), RatingScale(0.5, 10), RatingScale(0, 100), RatingScale(1, 100)),
    RatingScale(0, 1),
)
DECLARED_SCALES = (RatingScale(-10, 10), RatingScale(0, 5), RatingScale(0, 10), RatingScale(1, 13))
SCALES = INFERRED_SCALES + DECLARED_SCALES
PLAIN_IDS: dict[str, Callable[[int], str]] = {
    "plain": str,
    "float": lambda number: f"{number}.0",
    "padded": lambda number: f"{number:09}",
    "spaced": lambda number: f" {number} ",
    "no-break spaces": lambda number: f"\u00a0{number}\u00a0",
}
IDS = PLAIN_IDS | {
    "comma float": lambda number: f"{number},0",
    "thousands": lambda number: f"{number:,}",
    "dots": _dotted,
    "narrow spaces": lambda number: f"{number:,}".replace(",", "\u202f"),
    "spaces": lambda number: f"{number:,}".replace(",", " "),
    "apostrophes": lambda number: f"{number:,}".replace(",", "\u2019"),
}
PLAIN_MOMENTS: dict[str, Callable[[int], str]] = {
    "seconds": str,
    "milliseconds": lambda at: f"{at}000",
    "microseconds": lambda at: f"{at}000000",
    "nanoseconds": lambda at: f"{at}000000000",
    "ticks": lambda at: f"{(at + 62_135_596_800) * 10_000_000}",
    "float": lambda at: f"{at}.0",
    "exponent": lambda at: f"{at / 1e8:.8f}E+08",
    "iso": _moment("%Y-%m-%dT%H:%M:%SZ"),
    "zone": _moment("%Y-%m-%dT%H:%M:%S+02:00", timezone(timedelta(hours=2))),
    "space": _moment("%Y-%m-%d %H:%M:%S"),
    "utc": _moment("%Y-%m-%d %H:%M:%S UTC"),
    "basic": _moment("%Y%m%dT%H%M%SZ"),
}
MOMENTS = PLAIN_MOMENTS | {
    "thousands": lambda at: f"{at:,}",
    "java": lambda at: f"{at / 1e8:.8f}".rstrip("0") + "E8",
    "not padded": _moment("%Y-%-m-%-d %-H:%M:%S"),
    "american": _moment("%m/%d/%Y %H:%M:%S"),
    "american afternoon": _moment("%-m/%-d/%Y %-I:%M:%S %p"),
    "german": _moment("%d.%m.%Y %H:%M:%S"),
    "words": _moment("%d %b %Y %H:%M:%S"),
    "month first": _moment("%B %d, %Y %H:%M:%S"),
}
DELIMITERS = {
    **{"csv": ",", "semicolon": ";", "tab": "\t", "bar": "|", "quoted": ",", "blank before quotes": ","},
    **{"escaped": ",", "escaped semicolon": ";", "escaped tab": "\t", "escaped bar": "|", "escaped quotes": ","},
}
ESCAPED = tuple(form for form in DELIMITERS if form.startswith("escaped"))
ALL_QUOTED = ("quoted", "escaped quotes", "blank before quotes")
QUOTING = dict.fromkeys(ALL_QUOTED, csv.QUOTE_ALL) | dict.fromkeys(ESCAPED[:-1], csv.QUOTE_NONE)
FORMS = (*DELIMITERS, "jsonl", "typed jsonl", "parquet", "typed parquet")
PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": _zstd,
}
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-32")
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
    lead: str = ""  # before the header

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
        table = table_of(self.form, self.header, [self._texts(row) for row in rows], self.line_end, self.encoding)
        if not self.lead or self.form not in DELIMITERS:
            return table
        lead = self.lead.replace(";", DELIMITERS[self.form]).replace("\n", self.line_end)
        return (lead + table.decode(self.encoding)).encode(self.encoding)

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
    text = sink.getvalue()
    if form == "blank before quotes":
        text = text.replace('","', '", "')
    return text.encode(encoding)


def jsonl(header: Sequence[str], rows: Sequence[Sequence[object]]) -> bytes:
    return "".join(json.dumps(dict(zip(header, row, strict=True))) + "\n" for row in rows).encode()


def parquet_of(columns: dict[str, object]) -> bytes:
    sink = io.BytesIO()
    parquet.write_table(pa.table(columns), sink)
    return sink.getvalue()


LEADS = ("", "sep=;\n", "\n\n")  # before a header


def parts_of_writings(
    forms: Sequence[str] = FORMS, ids: Sequence[str] = tuple(IDS), moments: Sequence[str] = tuple(MOMENTS)
) -> dict[str, Sequence[object]]:
    """Return what each part of a writing may be."""
    return {
        "form": forms,
        "header": HEADERS,
        "scale": SCALES,
        "user_form": ids,
        "movie_form": ids[::-1],
        "moment": moments,
        "has_commas": (False, True),
        "packer": tuple(PACKERS),
        "encoding": ENCODINGS,
        "line_end": LINE_ENDS,
        "lead": LEADS,
    }


def writings(parts: Mapping[str, Sequence[object]]) -> st.SearchStrategy[Writing]:
    """Return every way of writing a table that parts make."""
    return st.builds(Writing, **{name: st.sampled_from(values) for name, values in parts.items()})


def writings_with_each_part(parts: Mapping[str, Sequence[object]]) -> list[Writing]:
    """Return so few ways of writing a table that each value of each part occurs in one."""
    return [
        Writing(**{name: values[number % len(values)] for name, values in parts.items()})  # type: ignore[arg-type]
        for number in range(max(map(len, parts.values())))
    ]


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
