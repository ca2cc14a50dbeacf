"""Tables in every dialect, scale, form of id and form of number that is claimed to be read: the same rows of core."""

import csv
import io
import json
from dataclasses import dataclass
from datetime import date
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import written_tables
from tests.ingestion.nights import core_after
from tests.written_tables import (
    ARCHIVES,
    FORMS,
    INFERRED_SCALES,
    parts_of_writings,
    rating_rows,
    writings,
    writings_with_each_part,
)

MOVIES = (0, 1, 2, 3, 7, 10, 12, 345, 1_234, 56_789, 1_234_567, 98_765_432)
ROWS = rating_rows((0, 3, 1_234, 7_654_321), MOVIES)
PLAIN_MOVIES = ("movieId,title,genres\n" + "".join(f"{movie},Film {movie},Drama\n" for movie in MOVIES)).encode()

PARTS = parts_of_writings(forms=(*FORMS, "dat"))

few = settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
many = settings(few, max_examples=600)


def check_ratings(database, folder, writing, archive, order, is_declared):
    rows = list(ROWS)
    order.shuffle(rows)
    files = {f"ratings.{writing.suffix}": writing.content(rows), "movies.csv": PLAIN_MOVIES}
    declared = writing.scale if is_declared or writing.scale not in INFERRED_SCALES else None
    found = core_after(
        *(database, folder, files, archive),
        "select user_id, movie_id, round(rating::numeric * 2, 3)::real, extract(epoch from rated_at)::bigint "
        "from core.ratings order by 1, 2",
        declared,
    )
    assert found == sorted(ROWS)


in_every_form = given(
    writing=writings(PARTS),
    archive=st.sampled_from(["", *ARCHIVES]),
    order=st.randoms(use_true_random=False),
    is_declared=st.booleans(),
)


def test_each_way_of_writing_a_part_is_read(database, tmp_path):
    for number, writing in enumerate(writings_with_each_part(PARTS)):
        folder = tmp_path / str(number)
        folder.mkdir()
        archive = list(ARCHIVES)[number // 2] if number // 2 < len(ARCHIVES) and number % 2 else ""
        check_ratings(database, folder, writing, archive, Random(number), is_declared=number % 3 == 0)  # noqa: S311


@few
@in_every_form
def test_the_same_ratings_in_every_form_give_the_same_core(
    database, tmp_path_factory, writing, archive, order, is_declared
):
    check_ratings(database, tmp_path_factory.mktemp("data"), writing, archive, order, is_declared)


@pytest.mark.slow
@many
@in_every_form
def test_the_same_ratings_in_many_forms_give_the_same_core(
    database, tmp_path_factory, writing, archive, order, is_declared
):
    check_ratings(database, tmp_path_factory.mktemp("data"), writing, archive, order, is_declared)


TITLES = (
    *("AC\\DC", "Comma, The", 'Say "Hi", Twice', 'Ends "so"', "It's", "Semi;colon", "Bar|bed", "Tom & Jerry"),
    *("Amélie – été", 'Both, "of; them|', "C: Drive", "天使爱美丽"),
)
IN_CORE = {"Comma, The": "The Comma"}  # as MovieLens writes titles and people do not
FACTS = [
    (movie, title, date(1980 + number, number % 12 + 1, 13 + number), sorted({"Martial Arts", "Drama", genre}))
    for number, (movie, title, genre) in enumerate(
        zip(MOVIES, TITLES, ("Film-Noir", "Kids & Family", "TV Movie") * 4, strict=True)
    )
]
DATES = {
    "iso": "%Y-%m-%d",
    "slashes": "%Y/%m/%d",
    "american": "%m/%d/%Y",
    "german": "%d.%m.%Y",
    "dashes": "%d-%m-%Y",
    "moment": "%Y-%m-%d 00:00:00",
    "not padded": "%Y-%-m-%-d",
    "basic": "%Y%m%d",
    "words": "%d %b %Y",
    "month first": "%B %d, %Y",
}
GENRE_FORMS = {
    "bars": "|".join,
    "commas": ", ".join,
    "semicolons": ";".join,
    "slashes": " / ".join,
    "dots": " · ".join,
    "python": lambda names: repr(list(names)),
    "objects": lambda names: repr([{"id": 1, "name": name} for name in names]),
    "json": lambda names: json.dumps([{"id": 1, "name": name} for name in names]),
    "numpy": lambda names: "[" + " ".join(map(repr, names)) + "]",
    "array": lambda names: f"array({list(names)!r}, dtype=object)",
    "frozenset": lambda names: "frozenset({" + ", ".join(map(repr, names)) + "})",
    "tuple": lambda names: repr(tuple(names)),
    "postgres": lambda names: "{" + ",".join(f'"{name}"' for name in names) + "}",
}
YEARS = {"plain": str, "float": lambda year: f"{year}.0", "thousands": lambda year: f"{year:,}"}
QUOTES = ("doubled", "all doubled", "backslash", "all backslash", "none backslash", "jsonl", "parquet")
QUOTING = {"all": csv.QUOTE_ALL, "none": csv.QUOTE_NONE}


@dataclass(frozen=True)
class MoviesWriting:
    """How a table of movies is written."""

    quotes: str
    delimiter: str
    dates: str
    genres: str
    years: str
    line_end: str

    def file(self) -> tuple[str, bytes]:
        """Return the file's name and content."""
        header = ("movieId", "title", "year", "release_date", "genres")
        rows = [
            (
                *(str(movie), title, YEARS[self.years](released.year), released.strftime(DATES[self.dates])),
                GENRE_FORMS[self.genres](genres),
            )
            for movie, title, released, genres in FACTS
        ]
        if self.quotes == "jsonl":
            return "movies.jsonl", written_tables.jsonl(header, rows)
        if self.quotes == "parquet":
            columns = {name: [row[at] for row in rows] for at, name in enumerate(header)}
            return "movies.parquet", written_tables.parquet_of(columns)
        sink = io.StringIO()
        has_escapes = self.quotes.endswith("backslash")
        csv.writer(
            sink,
            delimiter=self.delimiter,
            lineterminator=self.line_end,
            quoting=QUOTING.get(self.quotes.split()[0], csv.QUOTE_MINIMAL),
            doublequote=not has_escapes,
            escapechar="\\" if has_escapes else None,
        ).writerows([header, *rows])
        return "movies.csv", sink.getvalue().encode()


def check_movies(database, folder, writing):
    name, content = writing.file()
    ratings = "userId,movieId,rating,timestamp\n" + "".join(
        f"{user},{movie},{half / 2:g},{at}\n" for user, movie, half, at in ROWS
    )
    found = core_after(
        *(database, folder, {name: content, "ratings.csv": ratings.encode()}, ""),
        "select movies.movie_id, movies.title, movies.release_date, array_agg(movie_genre.genre order by "
        'movie_genre.genre collate "C"), movies.release_year from core.movies '
        "left join core.movie_genre using (movie_id) group by movies.movie_id order by movies.movie_id",
    )
    expected = [(movie, IN_CORE.get(title, title), at, genres, at.year) for movie, title, at, genres in FACTS]
    assert found == expected


movies_in_every_form = given(
    st.builds(
        MoviesWriting,
        quotes=st.sampled_from(QUOTES),
        delimiter=st.sampled_from([",", ";", "\t", "|"]),
        dates=st.sampled_from(list(DATES)),
        genres=st.sampled_from(list(GENRE_FORMS)),
        years=st.sampled_from(list(YEARS)),
        line_end=st.sampled_from(["\n", "\r\n", "\r"]),
    )
)


@few
@movies_in_every_form
def test_the_same_movies_in_every_form_give_the_same_core(database, tmp_path_factory, writing):
    check_movies(database, tmp_path_factory.mktemp("data"), writing)


@pytest.mark.slow
@many
@movies_in_every_form
def test_the_same_movies_in_many_forms_give_the_same_core(database, tmp_path_factory, writing):
    check_movies(database, tmp_path_factory.mktemp("data"), writing)
