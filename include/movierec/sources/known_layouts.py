"""Datasets whose tables lie otherwise than in contracts, turned into files that have a contract's columns.

Each is recognised by the columns of its files:

- Letterboxd's and IMDb's export of one person's ratings: the person is user 1; movies come from the same file.
- HetRec 2011 (https://grouplens.org/datasets/hetrec-2011/): genres, directors, actors and words of tags in own files.
- Kaggle's "The Movies Dataset": movies by TMDB's id, which `links` leads to; lists are literals of Python.
- TMDB 5000 (Kaggle): lists are JSON.
- MovieLens' tag genome: a row for each movie and tag.
- The Netflix Prize, where no other file has ratings: see `netflix`.
"""

import csv
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from operator import itemgetter
from pathlib import PurePosixPath
from typing import IO

from movierec.rating_scale import RatingScale
from movierec.sources import genome, literals, netflix
from movierec.sources.recognition import recognise
from movierec.sources.table_contracts import RATINGS
from movierec.sources.text.delimited import first_lines, header
from movierec.sources.text.encoding import AsUtf8, decode
from movierec.sources.text.file import File, buffered
from movierec.sources.text.lines import line_blocks
from movierec.sources.text.records import Dialect
from movierec.sources.text.tables_as_text import Generated, csv_line

_GONE = ("deleted", "orphaned")  # folders of an export of Letterboxd
PERSON = "1"  # the user of a person's own export
Row = Mapping[str, str]
MakeRows = Callable[[], Iterator[Sequence[str]]]


@dataclass(frozen=True)
class Raw:
    """A file with a header, as it came."""

    file: File
    delimiter: str
    names: tuple[str, ...]

    def rows(self) -> Iterator[Row]:
        """Yield rows that have as many fields as the header."""
        with self.file.open() as stream:
            reader = self._reader(AsUtf8(stream))
            next(reader, None)
            for values in reader:
                if len(values) == len(self.names):
                    yield dict(zip(self.names, values, strict=True))

    def _reader(self, stream: AsUtf8) -> Iterator[list[str]]:
        lines = _lines(self.file.where, stream)
        if self.delimiter == "\t":
            return csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        return csv.reader(lines, delimiter=self.delimiter)

    def broken(self) -> int:
        """Count rows that `rows` leaves out because they have more or fewer fields than the header."""
        with self.file.open() as stream:
            reader = self._reader(AsUtf8(stream))
            next(reader, None)
            return sum(bool(values) and len(values) != len(self.names) for values in reader)

    def has(self, *names: str) -> bool:
        """Tell whether the file has all of these columns."""
        return set(names) <= set(self.names)


def _lines(where: str, stream: AsUtf8) -> Iterator[str]:
    for block in line_blocks(where, stream):
        yield from (decode(line, is_western=True)[0] + "\n" for line in block.split(b"\n")[:-1])


@dataclass
class Found:
    """The files of a dataset with known layouts put into contracts.

    Attributes:
        files: what is to be read, in place of the files that were turned into others.
        remarks: a sentence for each layout that was recognised.
        personal: names of the files in which one person's own ratings stand.
    """

    files: list[File]
    remarks: list[str] = field(default_factory=list)
    personal: list[str] = field(default_factory=list)

    def replace(self, used: Sequence[Raw], made: Sequence[File], remark: str, *, has_every_row: bool = False) -> None:
        """Put files in the place of others; rows that are left out are counted, unless every row is looked at later."""
        gone = {raw.file.name for raw in used}
        self.files = [file for file in self.files if file.name not in gone] + list(made)
        self.remarks.append(remark)
        looked_at = () if has_every_row else used
        broken = {raw.file.name: rows for raw in looked_at if (rows := raw.broken())}
        self.remarks += [
            f"{name}: {rows} rows are left out, which have more or fewer fields than the header"
            for name, rows in broken.items()
        ]


def with_known_layouts(files: Sequence[File], is_readable: Callable[[File], bool]) -> Found:
    """Return the files of a dataset, those of known layouts in the form of contracts."""
    found = Found(list(files))
    _netflix(found, is_readable)
    raws = [raw for file in found.files if is_readable(file) and (raw := _raw(file))]
    for raw in raws:
        if raw.has("Date", "Name", "Year", "Letterboxd URI", "Rating") and "Rewatch" not in raw.names:
            gone = PurePosixPath(raw.file.name).parent.name in _GONE
            _letterboxd_gone(found, raw) if gone else _letterboxd(found, raw)
        if raw.has("Const", "Your Rating", "Date Rated", "Title") and "Position" not in raw.names:  # as in its lists
            _imdb_export(found, raw)
        if raw.has("id", "title", "imdbID", "spanishTitle"):
            _hetrec(found, raw, raws)
        if raw.has("id", "title", "genres", "release_date") and ("imdb_id" in raw.names or "keywords" in raw.names):
            _tmdb(found, raw, raws)
        if raw.has(*genome.SCORES) and (tags := [each for each in raws if each.names == genome.TAGS]):
            _genome(found, raw, tags[0])
    return found


def _raw(file: File) -> Raw | None:
    lines = first_lines(file, 1)
    if not lines:
        return None
    for delimiter in ("\t", ",", ";"):
        names = header(lines[0], Dialect(delimiter, is_quoted=True))
        if len(names) > 1:
            return Raw(file, delimiter, tuple(names))
    return None


def _made(raw: Raw, table: str, columns: Sequence[str], rows: MakeRows, scale: RatingScale | None = None) -> File:
    """Return a file of a contract's columns that is made of others whenever it is read."""

    @contextmanager
    def opener() -> Iterator[IO[bytes]]:
        lines = (csv_line(values) for part in (iter([columns]), rows()) for values in part)
        yield buffered(Generated(lines))

    name, where = f"{raw.file.name} ({table})", f"{raw.file.where} ({table})"
    return File(name, where, opener, raw.file.path, scale, is_generated=True)


def _letterboxd_gone(found: Found, raw: Raw) -> None:
    found.replace([raw], [], f"{raw.file.name} is not read: it has the ratings that the person has taken back")


def _letterboxd(found: Found, raw: Raw) -> None:
    def ratings() -> Iterator[Sequence[str]]:
        for row in raw.rows():
            if row["Rating"]:
                yield PERSON, _number(row["Letterboxd URI"]), row["Rating"], row["Date"]

    def movies() -> Iterator[Sequence[str]]:
        for row in raw.rows():
            yield _number(row["Letterboxd URI"]), row["Name"], row["Year"]

    made = [
        _made(raw, "ratings", ("user_id", "movie_id", "rating", "rated_at"), ratings, RatingScale()),
        _made(raw, "movies", ("movie_id", "title", "release_year"), movies),
    ]
    found.personal.append(made[0].name)
    found.replace([raw], made, f"{raw.file.name} is an export of Letterboxd; its person is user {PERSON}")


def _number(address: str) -> str:
    """Return a number for a page's address that is always the same."""
    return str(int.from_bytes(hashlib.sha256(address.strip().encode()).digest()[:4]) >> 1)


def _imdb_export(found: Found, raw: Raw) -> None:
    def rows() -> Iterator[Row]:
        return (row for row in raw.rows() if row["Const"][2:].isdecimal())

    def ratings() -> Iterator[Sequence[str]]:
        for row in rows():
            yield PERSON, str(int(row["Const"][2:])), row["Your Rating"], row["Date Rated"]

    def movies() -> Iterator[Sequence[str]]:
        for row in rows():
            genres = "|".join(part.strip() for part in row.get("Genres", "").split(","))
            yield str(int(row["Const"][2:])), row["Title"], row.get("Year", ""), row.get("Release Date", ""), genres

    def links() -> Iterator[Sequence[str]]:
        for row in rows():
            yield str(int(row["Const"][2:])), row["Const"]

    made = [
        _made(raw, "ratings", ("user_id", "movie_id", "rating", "rated_at"), ratings, RatingScale(1, 10)),
        _made(raw, "movies", ("movie_id", "title", "release_year", "release_date", "genres"), movies),
        _made(raw, "links", ("movie_id", "imdb_id"), links),
    ]
    found.personal.append(made[0].name)
    found.replace([raw], made, f"{raw.file.name} is an export of IMDb; its person is user {PERSON}")


def _netflix(found: Found, is_readable: Callable[[File], bool]) -> None:
    parts = [file for file in found.files if netflix.has_ratings(file)]
    gone = set(parts)
    rest = [file for file in found.files if file not in gone]
    if not parts or any(_has_ratings(file) for file in rest if is_readable(file)):
        return
    titles = [file for file in rest if netflix.has_titles(file)][:1]
    made = [netflix.ratings(parts), *map(netflix.titles, titles)]
    gone.update(titles)
    found.files = [file for file in found.files if file not in gone] + made
    more = f" and {len(parts) - 1:,} more have" if len(parts) > 1 else " has"
    found.remarks.append(f"{parts[0].name}{more} the ratings of the Netflix Prize")


def _has_ratings(file: File) -> bool:
    recognised = recognise(file)
    return recognised is not None and recognised.main is RATINGS


def _lists(raws: Sequence[Raw], key: str, value: str) -> tuple[list[Raw], dict[str, str]]:
    """Return the file with a row for each value of a movie, and the values by movie, by their ranking, between |."""
    raw = next((raw for raw in raws if raw.has(key, value) and len(raw.names) <= 4), None)  # noqa: PLR2004
    values: dict[str, list[tuple[int, str]]] = {}
    for row in raw.rows() if raw else ():
        ranking = row.get("ranking", "")
        place = int(ranking) if ranking.isdecimal() else 0
        values.setdefault(row[key], []).append((place, row[value].replace("|", " ")))
    ordered = {movie: sorted(each, key=itemgetter(0)) for movie, each in values.items()}
    return ([raw] if raw else []), {movie: "|".join(name for _, name in each) for movie, each in ordered.items()}


def _hetrec(found: Found, raw: Raw, raws: Sequence[Raw]) -> None:
    of_genres, genres = _lists(raws, "movieID", "genre")
    of_directors, directors = _lists(raws, "movieID", "directorName")
    of_actors, actors = _lists(raws, "movieID", "actorName")

    def movies() -> Iterator[Sequence[str]]:
        for row in raw.rows():
            yield row["id"], row["title"], row.get("year", ""), genres.get(row["id"], "")

    def links() -> Iterator[Sequence[str]]:
        for row in raw.rows():
            yield row["id"], row["imdbID"]

    def credit_rows() -> Iterator[Sequence[str]]:
        for movie in sorted({*directors, *actors}, key=int):
            yield movie, directors.get(movie, ""), actors.get(movie, "")

    made = [
        _made(raw, "movies", ("movie_id", "title", "release_year", "genres"), movies),
        _made(raw, "links", ("movie_id", "imdb_id"), links),
    ]
    if directors or actors:
        made.append(_made(raw, "credits", ("movie_id", "director", "actors"), credit_rows))
    tagged = [each for each in raws if each.has("userID", "movieID", "tagID", "timestamp")]
    words = [each for each in raws if each.names == ("id", "value")]
    if tagged and words:
        made.append(
            _made(tagged[0], "tags", ("user_id", "movie_id", "tag", "tagged_at"), partial(_tags, tagged, words))
        )
    used = [raw, *of_genres, *of_directors, *of_actors, *(tagged[:1] + words[:1] if tagged and words else [])]
    found.replace(used, made, f"{raw.file.name} and the files beside it are HetRec 2011")


def _tags(tagged: Sequence[Raw], words: Sequence[Raw]) -> Iterator[Sequence[str]]:
    word_of = {row["id"]: row["value"] for row in words[0].rows()}
    for row in tagged[0].rows():
        yield row["userID"], row["movieID"], word_of.get(row["tagID"], ""), row["timestamp"]


def _genome(found: Found, raw: Raw, tags: Raw) -> None:
    def rows() -> Iterator[Sequence[str]]:
        return genome.rows(raw.file, raw.delimiter, genome.words(tags.rows()))

    remark = f"{raw.file.name} and {tags.file.name} are a tag genome; each movie has its {genome.MOST_TAGS} best tags"
    found.replace([raw, tags], [_made(raw, "genome", genome.COLUMNS, rows)], remark, has_every_row=True)


def _tmdb(found: Found, raw: Raw, raws: Sequence[Raw]) -> None:
    ids = _ids_of_links(raws)

    def movies() -> Iterator[Sequence[str]]:
        for row in raw.rows():
            if row["id"].isdecimal():  # three rows of "The Movies Dataset" are broken in the middle
                genres = "|".join(literals.texts(row["genres"])) or _unlisted(row["genres"])
                for movie in ids.get(row["id"], []) if ids else [row["id"]]:
                    yield movie, row["title"], row["release_date"], genres

    def credit_rows() -> Iterator[Sequence[str]]:
        for row in people[0].rows():
            key = row.get("movie_id") or row.get("id", "")
            for movie in ids.get(key, []) if ids else [key]:
                crew = literals.people(row["crew"])
                yield movie, "|".join(crew["Director"]), "|".join(literals.names(row["cast"])), "|".join(crew["Writer"])

    people = [each for each in raws if each.has("cast", "crew") and (each.has("id") or each.has("movie_id"))]
    made = [_made(raw, "movies", ("movie_id", "title", "release_date", "genres"), movies)]
    if people:
        made.append(_made(people[0], "credits", ("movie_id", "director", "actors", "writers"), credit_rows))
    by = "by the ids that links give for TMDB's" if ids else "by TMDB's ids"
    shifted = sum(not row["id"].isdecimal() for row in raw.rows())
    left_out = f"; {shifted} rows without an id are left out" if shifted else ""
    found.replace([raw, *people[:1]], made, f"{raw.file.name} lists movies as TMDB does; they are read {by}{left_out}")


def _unlisted(text: str) -> str:
    """Return genres that somebody has taken out of their list, nothing of a list that cannot be read."""
    return "" if text.lstrip().startswith(("[", "{", "(")) or "(" in text else text


def _ids_of_links(raws: Sequence[Raw]) -> dict[str, list[str]]:
    """Return the ids of a dataset by those of TMDB."""
    ids: dict[str, list[str]] = {}
    for raw in sorted((raw for raw in raws if raw.has("movieId", "tmdbId")), key=lambda raw: -len(raw.file.name)):
        for row in raw.rows():
            tmdb_id = row["tmdbId"].strip().removesuffix(".0")
            if tmdb_id and row["movieId"] not in ids.get(tmdb_id, []):
                ids.setdefault(tmdb_id, []).append(row["movieId"])
    return ids
