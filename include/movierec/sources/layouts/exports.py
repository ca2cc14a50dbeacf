"""Exports of one person's own ratings, of Letterboxd and IMDb: the person is user 1; movies come from the same file."""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from movierec.rating_scale import RatingScale
from movierec.sources.layouts.rewriting import RawTable, RewrittenDataset, Row, generated_file

_GONE = ("deleted", "orphaned")  # folders of an export of Letterboxd
PERSON = "1"  # the user of a person's own export


def is_letterboxd(raw: RawTable) -> bool:
    """Tell whether a table is one of Letterboxd's ratings; its diary has the column Rewatch besides."""
    return raw.has("Date", "Name", "Year", "Letterboxd URI", "Rating") and "Rewatch" not in raw.names


def put_letterboxd(dataset: RewrittenDataset, raw: RawTable) -> None:
    """Put ratings and movies in the place of an export of Letterboxd, nothing where its ratings were taken back."""
    if PurePosixPath(raw.file.name).parent.name in _GONE:
        remark = f"{raw.file.name} is not read: it has the ratings that the person has taken back"
        dataset.replace([raw], [], remark)
        return

    def ratings() -> Iterator[Sequence[str]]:
        for row in raw.rows():
            if row["Rating"].strip():
                yield PERSON, _movie_id(row["Letterboxd URI"]), row["Rating"], row["Date"]

    def movies() -> Iterator[Sequence[str]]:
        for row in raw.rows():
            yield _movie_id(row["Letterboxd URI"]), row["Name"], row["Year"]

    generated = [
        generated_file(raw, "ratings", ("user_id", "movie_id", "rating", "rated_at"), ratings, RatingScale()),
        generated_file(raw, "movies", ("movie_id", "title", "release_year"), movies),
    ]
    unrated = sum(not row["Rating"].strip() for row in raw.rows())
    more = f"; {unrated} films without a rating are left out of the ratings" if unrated else ""
    dataset.personal.append(generated[0].name)
    dataset.replace([raw], generated, f"{raw.file.name} is an export of Letterboxd; its person is user {PERSON}{more}")


def _movie_id(address: str) -> str:
    """Return a number for the address of a movie's page, always the same one."""
    return str(int.from_bytes(hashlib.sha256(address.strip().encode()).digest()[:4]) >> 1)


def is_imdb(raw: RawTable) -> bool:
    """Tell whether a table is one of IMDb's ratings; its lists have the column Position besides."""
    return raw.has("Const", "Your Rating", "Date Rated", "Title") and "Position" not in raw.names


def put_imdb(dataset: RewrittenDataset, raw: RawTable) -> None:
    """Put ratings, movies and links in the place of an export of IMDb."""

    def rows() -> Iterator[tuple[str, Row]]:
        return ((str(int(row["Const"][2:])), row) for row in raw.rows() if row["Const"][2:].isdecimal())

    def ratings() -> Iterator[Sequence[str]]:
        for movie, row in rows():
            yield PERSON, movie, row["Your Rating"], row["Date Rated"]

    def movies() -> Iterator[Sequence[str]]:
        for movie, row in rows():
            genres = "|".join(part.strip() for part in row.get("Genres", "").split(","))
            yield movie, row["Title"], row.get("Year", ""), row.get("Release Date", ""), genres

    def links() -> Iterator[Sequence[str]]:
        for movie, row in rows():
            yield movie, row["Const"]

    generated = [
        generated_file(raw, "ratings", ("user_id", "movie_id", "rating", "rated_at"), ratings, RatingScale(1, 10)),
        generated_file(raw, "movies", ("movie_id", "title", "release_year", "release_date", "genres"), movies),
        generated_file(raw, "links", ("movie_id", "imdb_id"), links),
    ]
    dataset.personal.append(generated[0].name)
    broken = sum(not row["Const"][2:].isdecimal() for row in raw.rows())
    more = f"; {broken} rows without an id such as tt0114709 are left out" if broken else ""
    more += raw.without("Const", "Your Rating", "Date Rated", "Title", "Year", "Genres", "Release Date")
    dataset.replace([raw], generated, f"{raw.file.name} is an export of IMDb; its person is user {PERSON}{more}")
