"""Rating files like MovieLens', of any size: skewed viewers and movies, ids with gaps, a few bad rows; one seed."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from movierec.data.arrays import Doubles, Ints

MOVIES = 27_000
LARGEST_MOVIE_ID = 131_000
USERS_AT_ONCE = 2_500
MIN_RATINGS, MEDIAN_RATINGS = 20, 70  # ratings of a viewer in MovieLens 20M: 20 or more, the median is near 70
STAR_SHARES = (0.012, 0.034, 0.014, 0.072, 0.044, 0.215, 0.11, 0.278, 0.077, 0.144)  # of 0.5, 1, … 5 in MovieLens 20M
FIRST, LAST = 820_454_400, 1_577_836_800  # 1996 to 2020
BAD_ONE_IN = 10_000
TABLE_SIZE = 1 << 20
HEADER = b"userId,movieId,rating,timestamp\r\n"
GENRES = ("Action", "Adventure", "Children", "Comedy", "Crime", "Drama", "Film-Noir", "Horror", "Sci-Fi", "Thriller")


@dataclass(frozen=True)
class Block:
    """Ratings of some viewers, in the order of viewer and movie."""

    user_id: Ints
    movie_id: Ints
    half_stars: Ints
    rated_at: Ints

    def __getitem__(self, selection: Any) -> "Block":
        """Return some of the ratings."""
        return Block(
            self.user_id[selection], self.movie_id[selection], self.half_stars[selection], self.rated_at[selection]
        )

    def __len__(self) -> int:
        """Return the number of ratings."""
        return len(self.user_id)


def movie_ids(seed: int) -> Ints:
    """Return the ids of the catalogue, in order and with gaps."""
    ids = np.random.default_rng(seed).choice(LARGEST_MOVIE_ID, MOVIES, replace=False)
    return np.sort(ids).astype(np.int64) + 1


def blocks(rows: int, seed: int) -> Iterator[Block]:
    """Yield so many ratings, no pair of viewer and movie twice, one viewer after another."""
    generator = np.random.default_rng([seed, 1])
    ids = movie_ids(seed)
    # Drawing from a long list that holds each movie as often as it is likely is far faster than by probabilities.
    movies = generator.permutation(MOVIES)[_lookup_table(1 / np.arange(15, MOVIES + 15) ** 1.05)]
    stars = _lookup_table(np.array(STAR_SHARES)) + 1
    first_user = 1
    while rows:
        counts = MIN_RATINGS + np.exp(
            generator.normal(np.log(MEDIAN_RATINGS - MIN_RATINGS), 1.25, USERS_AT_ONCE)
        ).astype(np.int64)
        users = np.repeat(np.arange(USERS_AT_ONCE), np.minimum(counts, MOVIES // 4))
        pairs = np.unique(users * MOVIES + movies[generator.integers(0, TABLE_SIZE, len(users))])[:rows]
        users = pairs // MOVIES
        first_times = generator.integers(FIRST, LAST - 4_000_000, USERS_AT_ONCE)
        yield Block(
            users + first_user,
            ids[pairs % MOVIES],
            stars[generator.integers(0, TABLE_SIZE, len(pairs))],
            first_times[users] + generator.integers(0, 4_000_000, len(pairs)),
        )
        rows -= len(pairs)
        first_user += USERS_AT_ONCE


def _lookup_table(weights: Doubles) -> Ints:
    """Return the indices of the weights, each as often among `TABLE_SIZE` entries as its weight says."""
    ends = np.round(np.cumsum(weights) / weights.sum() * TABLE_SIZE).astype(np.int64)
    return np.repeat(np.arange(len(weights)), np.diff(ends, prepend=0))


def write(folder: Path, rows: int, seed: int = 1) -> None:
    """Write `ratings.csv` and `movies.csv` in the layout of MovieLens 20M; memory does not grow with the rows."""
    folder.mkdir(parents=True, exist_ok=True)
    _write_movies(folder / "movies.csv", movie_ids(seed))
    with (folder / "ratings.csv").open("wb") as file:
        file.write(HEADER)
        start = 0
        for block in blocks(rows, seed):
            write_block(file, _with_bad_rows(block, start))
            start += len(block)


def write_block(file: IO[bytes], block: Block) -> None:
    """Write ratings as lines."""
    import pyarrow as pa  # noqa: PLC0415 - a quarter of a second, and only writing needs it
    from pyarrow import csv  # noqa: PLC0415

    words = pa.array([f"{half / 2:.1f}" for half in range(23)])
    columns = [block.user_id, block.movie_id, words.take(pa.array(block.half_stars)), block.rated_at]
    table = pa.table(columns, names=["user_id", "movie_id", "rating", "rated_at"])
    sink = pa.BufferOutputStream()
    csv.write_csv(table, sink, csv.WriteOptions(include_header=False, quoting_style="none"))
    file.write(sink.getvalue().to_pybytes().replace(b"\n", b"\r\n"))


def _with_bad_rows(block: Block, start: int) -> Block:
    """Return the block with a bad row now and then: no stars at all, or eleven."""
    positions = np.arange(start, start + len(block))
    half_stars = np.where(positions % BAD_ONE_IN == BAD_ONE_IN - 1, positions // BAD_ONE_IN % 2 * 22, block.half_stars)
    return Block(block.user_id, block.movie_id, half_stars, block.rated_at)


def _write_movies(path: Path, ids: Ints) -> None:
    lines = [
        f'{movie_id},"Story of {movie_id}, The ({1920 + movie_id % 100})",'
        f"{GENRES[movie_id % 10]}|{GENRES[(movie_id // 10 + movie_id % 10 + 1) % 10]}\r\n"
        for movie_id in ids.tolist()
    ]
    path.write_text("movieId,title,genres\r\n" + "".join(lines), encoding="utf-8", newline="")
