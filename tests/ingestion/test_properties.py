"""Ratings in every dialect, scale, form of id and form of number that is claimed to be read: the same rows of core."""

import bz2
import csv
import gzip
import io
import json
import lzma
import tarfile
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from movierec.db import connect
from movierec.ingestion.batch import open_batch
from movierec.ingestion.core import build_core
from movierec.ingestion.extract import extract
from movierec.ingestion.stage import stage
from movierec.rating_scale import RatingScale
from movierec.sources.movielens import MovieLens

# (user, movie, half stars, seconds): every half star, ids with and without leading zeros
ROWS = [
    (user, movie, (user * 7 + movie) % 10 + 1, 964_982_703 + user * 86_400 + movie)
    for user in range(4)
    for movie in range(12)
]
HEADERS = (
    ("userId", "movieId", "rating", "timestamp"),
    ("user_id", "item_id", "stars", "date"),
    ("User ID", "FILM_ID", "Rating", "Rated-At"),
)
SCALES = (RatingScale(), RatingScale(1, 10), RatingScale(0, 100), RatingScale(0, 1), RatingScale(-10, 10))
IDS = {
    "plain": str,
    "float": lambda number: f"{number}.0",
    "padded": lambda number: f"{number:07}",
    "spaced": lambda number: f" {number} ",
}
MOMENTS = {
    "seconds": str,
    "milliseconds": lambda at: f"{at}000",
    "float": lambda at: f"{at}.0",
    "exponent": lambda at: f"{at / 1e8:.8f}E+08",
    "iso": lambda at: datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    "space": lambda at: datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S"),
    "american": lambda at: datetime.fromtimestamp(at, UTC).strftime("%m/%d/%Y %H:%M:%S"),
    "german": lambda at: datetime.fromtimestamp(at, UTC).strftime("%d.%m.%Y %H:%M:%S"),
}
FORMS = ("csv", "semicolon", "tab", "bar", "dat", "quoted", "parquet", "jsonl")
PACKERS = {"": bytes, ".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}
ENCODINGS = {"utf-8": "utf-8", "bom": "utf-8-sig", "utf-16": "utf-16"}
LINE_ENDS = ("\n", "\r\n", "\r")


def rating(half_stars: int, scale: RatingScale, comma: bool) -> str:
    value = scale.low + (half_stars / 2 - 0.5) * (scale.high - scale.low) / 4.5
    text = f"{value:.9f}".rstrip("0").rstrip(".") if scale != RatingScale() else f"{half_stars / 2:g}"
    return text.replace(".", ",") if comma else text


def content(form: str, header, rows, line_end: str) -> tuple[str, bytes | str]:
    """Return the ending of the file's name and what the file holds."""
    if form == "parquet":
        sink = io.BytesIO()
        parquet.write_table(pa.table({name: [row[at] for row in rows] for at, name in enumerate(header)}), sink)
        return "parquet", sink.getvalue()
    if form == "jsonl":
        return "jsonl", "".join(json.dumps(dict(zip(header, row, strict=True))) + "\n" for row in rows)
    if form == "dat":
        return "dat", "".join(f"{'::'.join(row)}{line_end}" for row in rows)
    delimiter = {"semicolon": ";", "tab": "\t", "bar": "|"}.get(form, ",")
    sink = io.StringIO()
    quoting = csv.QUOTE_ALL if form == "quoted" else csv.QUOTE_MINIMAL
    csv.writer(sink, delimiter=delimiter, lineterminator=line_end, quoting=quoting).writerows([header, *rows])
    return "csv", sink.getvalue()


@pytest.fixture(scope="module")
def database(server):
    """One warehouse for all examples: each is a night of its own on files of its own."""
    import psycopg  # noqa: PLC0415
    from psycopg import sql  # noqa: PLC0415

    from movierec.local import postgres  # noqa: PLC0415

    with psycopg.connect(postgres.conninfo(server, "postgres"), autocommit=True) as conn:
        conn.execute(sql.SQL("create database properties template warehouse owner movierec_etl"))
    yield postgres.conninfo(server, "properties")
    with psycopg.connect(postgres.conninfo(server, "postgres"), autocommit=True) as conn:
        conn.execute(sql.SQL("drop database properties with (force)"))


@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    form=st.sampled_from(FORMS),
    header=st.sampled_from(HEADERS),
    scale=st.sampled_from(SCALES),
    user_form=st.sampled_from(list(IDS)),
    movie_form=st.sampled_from(list(IDS)),
    moment=st.sampled_from(list(MOMENTS)),
    comma=st.booleans(),
    packer=st.sampled_from(list(PACKERS)),
    encoding=st.sampled_from(list(ENCODINGS)),
    line_end=st.sampled_from(LINE_ENDS),
    in_tar=st.booleans(),
    order=st.randoms(use_true_random=False),
)
def test_the_same_table_in_every_form_gives_the_same_core(
    database,
    tmp_path_factory,
    form,
    header,
    scale,
    user_form,
    movie_form,
    moment,
    comma,
    packer,
    encoding,
    line_end,
    in_tar,
    order,
):
    comma = comma and form in ("semicolon", "tab", "bar", "quoted")
    rows = [
        (IDS[user_form](user), IDS[movie_form](movie), rating(half, scale, comma), MOMENTS[moment](at))
        for user, movie, half, at in ROWS
    ]
    order.shuffle(rows)
    suffix, text = content(form, header, rows, line_end)
    packer = "" if form in ("parquet", "jsonl") else packer
    data = text if isinstance(text, bytes) else text.encode(ENCODINGS[encoding] if form != "jsonl" else "utf-8")
    files = {
        f"ratings.{suffix}{packer}": PACKERS[packer](data),
        "movies.csv": ("movieId,title,genres\n" + "".join(f"{n},Film {n},Drama\n" for n in range(12))).encode(),
    }
    folder = tmp_path_factory.mktemp("data")
    with connect(database) as conn:
        batch_id = open_batch(conn, folder.name, str(folder))
        extract(conn, batch_id, "movielens", MovieLens(str(place(folder, files, in_tar)), folder), declared=scale)
        stage(conn, batch_id)
        build_core(conn, batch_id)
        found = conn.execute(
            "select user_id, movie_id, round(rating::numeric * 2, 3)::real, extract(epoch from rated_at)::bigint "
            "from core.ratings order by 1, 2"
        ).fetchall()
        conn.commit()
    assert found == [(user, movie, half, at) for user, movie, half, at in ROWS]


def place(folder: Path, files: dict[str, bytes], in_tar: bool) -> Path:
    if not in_tar:
        for name, data in files.items():
            (folder / name).write_bytes(data)
        return folder
    with tarfile.open(folder / "set.tar", "w") as archive:
        for name, data in files.items():
            entry = tarfile.TarInfo(f"ml/{name}")
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return folder / "set.tar"
