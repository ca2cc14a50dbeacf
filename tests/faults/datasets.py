"""One small dataset, clean, and the layouts it can be written in."""

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

FIRST_SECOND = 1_000_000_000
GENRES = ("Action", "Comedy", "Drama", "Horror", "War")
FLAGS = 19
NAMED_FLAGS = {"Action": 1, "Comedy": 5, "Drama": 8, "Horror": 11, "War": 17}  # their places in u.genre

Row = tuple[str, ...]


@dataclass
class Rows:
    """The rows of every table, as text, in the order of the project's columns.

    Attributes:
        ratings: user_id, movie_id, rating, rated_at.
        movies: movie_id, title with its year, genres separated by bars.
        users: user_id, gender, age, occupation, zip_code.
        tags: user_id, movie_id, tag, tagged_at.
        links: movie_id, imdb_id, tmdb_id.
    """

    ratings: list[Row] = field(default_factory=list)
    movies: list[Row] = field(default_factory=list)
    users: list[Row] = field(default_factory=list)
    tags: list[Row] = field(default_factory=list)
    links: list[Row] = field(default_factory=list)


def dice_of(seed: object) -> random.Random:
    """Return dice that fall the same way for the same seed."""
    return random.Random(str(seed))  # noqa: S311 (nothing here is secret)


def clean(seed: int, ratings: int = 2000, movies: int = 200, users: int = 100) -> Rows:
    """Make rows in which nothing is wrong and no rating stands twice."""
    dice = dice_of(seed)
    pairs = dice.sample([(user, movie) for user in range(1, users + 1) for movie in range(1, movies + 1)], ratings)
    return Rows(
        ratings=[
            (str(user), str(movie), str(dice.randint(1, 5)), str(FIRST_SECOND + number * 60))
            for number, (user, movie) in enumerate(pairs)
        ],
        movies=[
            (
                str(movie),
                f"Film number {movie} ({1950 + movie % 60})",
                "|".join(sorted(dice.sample(GENRES, dice.randint(1, 3)))),
            )
            for movie in range(1, movies + 1)
        ],
        users=[
            (str(user), dice.choice("MF"), str(dice.randint(18, 80)), "writer", f"{10_000 + user}")
            for user in range(1, users + 1)
        ],
        tags=[
            (*map(str, pair), f"word {number % 50}", str(FIRST_SECOND + number * 60))
            for number, pair in enumerate(pairs[: ratings // 10])
        ],
        links=[(str(movie), f"{100_000 + movie:07}", str(5_000 + movie)) for movie in range(1, movies + 1)],
    )


def write_csv(folder: Path, rows: Rows) -> Path:
    """Write the layout of ml-latest, 20M, 25M and 32M."""
    return _write(
        folder,
        {
            "movies.csv": _csv("movieId,title,genres", rows.movies),
            "links.csv": _csv("movieId,imdbId,tmdbId", rows.links),
            "ratings.csv": _csv("userId,movieId,rating,timestamp", rows.ratings),
            "tags.csv": _csv("userId,movieId,tag,timestamp", rows.tags),
        },
    )


def write_dat(folder: Path, rows: Rows) -> Path:
    """Write the layout of ml-1m and ml-10m."""
    return _write(
        folder,
        {
            "movies.dat": _lines("::", rows.movies),
            "users.dat": _lines("::", rows.users),
            "ratings.dat": _lines("::", rows.ratings),
            "tags.dat": _lines("::", rows.tags),
        },
    )


def write_hundred(folder: Path, rows: Rows) -> Path:
    """Write the layout of ml-100k."""
    users = [(user, age, gender, *rest) for user, gender, age, *rest in (row for row in rows.users)]
    return _write(
        folder,
        {
            "u.item": _lines("|", [_flagged(row) for row in rows.movies]),
            "u.user": _lines("|", users),
            "u.data": _lines("\t", rows.ratings),
        },
    )


def write_atomic(folder: Path, rows: Rows) -> Path:
    """Write RecBole's atomic files."""
    users = [(user, age, gender, *rest) for user, gender, age, *rest in rows.users]
    return _write(
        folder,
        {
            "set.item": _lines("\t", [("item_id:token", "movie_title:token_seq", "class:token_seq"), *rows.movies]),
            "set.user": _lines(
                "\t",
                [("user_id:token", "age:token", "gender:token", "occupation:token", "zip_code:token"), *users],
            ),
            "set.inter": _lines(
                "\t", [("user_id:token", "item_id:token", "rating:float", "timestamp:float"), *rows.ratings]
            ),
        },
    )


TABLES = {
    "csv": ("movies", "ratings", "tags", "links"),
    "dat": ("movies", "ratings", "tags", "users"),
    "100k": ("movies", "ratings", "users"),
    "atomic": ("movies", "ratings", "users"),
}
LAYOUTS: dict[str, Callable[[Path, Rows], Path]] = {
    "csv": write_csv,
    "dat": write_dat,
    "100k": write_hundred,
    "atomic": write_atomic,
}


def _flagged(row: Sequence[str]) -> Row:
    """Spell the genres of a movie as the flags of u.item; a row of another length keeps its fields."""
    if len(row) != 3:
        return tuple(row)
    movie, title, genres = row
    places = {NAMED_FLAGS[genre] for genre in genres.split("|")}
    return (movie, title, "01-Jan-1995", "", "", *("1" if place in places else "0" for place in range(FLAGS)))


def _csv(header: str, rows: Iterable[Sequence[str]]) -> bytes:
    quoted = (",".join(_quoted(value) for value in row) for row in rows)
    return "".join(f"{line}\r\n" for line in (header, *quoted)).encode("utf-8", "surrogateescape")


def _quoted(value: str) -> str:
    return '"' + value.replace('"', '""') + '"' if any(sign in value for sign in ',"\n') else value


def _lines(delimiter: str, rows: Iterable[Sequence[str]]) -> bytes:
    return "".join(delimiter.join(row) + "\n" for row in rows).encode("utf-8", "surrogateescape")


def _write(folder: Path, files: dict[str, bytes]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder
