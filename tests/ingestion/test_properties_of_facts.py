"""Profiles, links, tags and events in every form that is claimed to be read: the same rows of core."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.ingestion.nights import core_after
from tests.written_tables import (
    ARCHIVES,
    ENCODINGS,
    FIRST_MOMENT,
    IDS,
    LINE_ENDS,
    MOMENTS,
    PACKERS,
    PLAIN_IDS,
    table_of,
)

FORMS = (
    *("csv", "semicolon", "tab", "bar", "quoted", "escaped", "escaped semicolon", "escaped tab", "escaped bar"),
    "blank before quotes",
    *("escaped quotes", "jsonl", "parquet"),
)
MOVIES = (0, 7, 345, 1_234_567)
USERS = (0, 3, 1_234, 7_654_321)
FILES = {
    "movies.csv": ("movieId,title,genres\n" + "".join(f"{movie},Film {movie},Drama\n" for movie in MOVIES)).encode(),
    "ratings.csv": (
        "userId,movieId,rating,timestamp\n" + "".join(f"{user},7,4,{FIRST_MOMENT}\n" for user in USERS)
    ).encode(),
}

few = settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
many = settings(few, max_examples=300)


@dataclass(frozen=True)
class Writing:
    """How a table is written: its form, header, ids, numbers, moments, packer, archive, encoding and line ends."""

    form: str
    header: int
    ids: Callable[[int], str]
    number: Callable[[int], str]
    moment: Callable[[int], str]
    packer: str
    archive: str
    encoding: str
    line_end: str

    def files(self, table: str, headers: tuple[tuple[str, ...], ...], rows: list[tuple[str, ...]]) -> dict[str, bytes]:
        """Return the dataset: this table and those that it needs."""
        content = table_of(self.form, headers[self.header % len(headers)], rows, self.line_end, self.encoding)
        suffix = self.form if self.form in ("jsonl", "parquet") else "csv"
        return {**FILES, f"{table}.{suffix}{self.packer}": PACKERS[self.packer](content)}


def writings(numbers):
    return st.builds(
        Writing,
        form=st.sampled_from(FORMS),
        header=st.integers(0, 2),
        ids=st.sampled_from(list(IDS.values())),
        number=st.sampled_from(numbers),
        moment=st.sampled_from(list(MOMENTS.values())),
        packer=st.sampled_from(list(PACKERS)),
        archive=st.sampled_from(["", *ARCHIVES]),
        encoding=st.sampled_from(ENCODINGS),
        line_end=st.sampled_from(LINE_ENDS),
    )


# --- profiles

PROFILES = [
    (0, 24, "F", "artist", "02139"),
    (3, 61, "M", 'says "hi", twice', "V5K 0A1"),
    (1_234, None, "F", "back\\slash; bar|bed", "55117"),
    (7_654_321, 7, "M", "k-12 student", None),
]
USER_HEADERS = (
    ("userId", "age", "gender", "occupation", "zip"),
    ("user_id", "Age", "sex", "occupation", "postcode"),
    ("User ID", "AGE", "Gender", "Occupation", "zip_code"),
)
AGES = (str, "{}.0".format, "{},0".format, " {} ".format)


def check_profiles(database, folder, writing):
    rows = [
        (writing.ids(user), "" if age is None else writing.number(age), gender, occupation, postcode or "")
        for user, age, gender, occupation, postcode in PROFILES
    ]
    query = "select user_id, age, gender, occupation, postcode from core.users order by user_id"
    found = core_after(database, folder, writing.files("users", USER_HEADERS, rows), writing.archive, query)
    assert found == [
        (user, age, gender, work, postcode and postcode.replace(" ", ""))
        for user, age, gender, work, postcode in PROFILES
    ]


@few
@given(writings(AGES))
def test_the_same_profiles_in_every_form_give_the_same_core(database, tmp_path_factory, writing):
    check_profiles(database, tmp_path_factory.mktemp("data"), writing)


@pytest.mark.slow
@many
@given(writings(AGES))
def test_the_same_profiles_in_many_forms_give_the_same_core(database, tmp_path_factory, writing):
    check_profiles(database, tmp_path_factory.mktemp("data"), writing)


# --- links

LINKS = [(0, 76_759, 11), (7, 114_709, 862), (345, 12_345_678, None), (1_234_567, 468_569, 155)]
LINK_HEADERS = (("movieId", "imdbId", "tmdbId"), ("movie_id", "imdb_id", "tmdb_id"), ("Item ID", "IMDB ID", "TMDB ID"))
NUMBERS = (str, "{}.0".format, "{:09}".format, " {} ".format)


def check_links(database, folder, writing, has_letters):
    rows = [
        (
            writing.ids(movie),
            f"tt{imdb:07}" if has_letters else writing.number(imdb),
            str(tmdb or "") and writing.number(tmdb),
        )
        for movie, imdb, tmdb in LINKS
    ]
    query = "select movie_id, imdb_id, tmdb_id from core.movies order by movie_id"
    found = core_after(database, folder, writing.files("links", LINK_HEADERS, rows), writing.archive, query)
    assert found == [(movie, f"tt{imdb:07}", tmdb) for movie, imdb, tmdb in LINKS]


@few
@given(writings(NUMBERS), st.booleans())
def test_the_same_links_in_every_form_give_the_same_core(database, tmp_path_factory, writing, has_letters):
    check_links(database, tmp_path_factory.mktemp("data"), writing, has_letters)


@pytest.mark.slow
@many
@given(writings(NUMBERS), st.booleans())
def test_the_same_links_in_many_forms_give_the_same_core(database, tmp_path_factory, writing, has_letters):
    check_links(database, tmp_path_factory.mktemp("data"), writing, has_letters)


# --- tags

WORDS = (
    "plain",
    "comma, the",
    'say "hi", twice',
    "semi;colon",
    "bar|bed",
    "back\\slash",
    "tab\tbed",
    "été – 天使",
    "'single'",
)
TAGS = [
    (USERS[number % 4], MOVIES[number // 4 % 4], word, FIRST_MOMENT + number * 86_400 + number)
    for number, word in enumerate(WORDS)
]
TAG_HEADERS = (
    ("userId", "movieId", "tag", "timestamp"),
    ("user_id", "item_id", "tag", "tagged_at"),
    ("User", "Movie", "TAG", "Tagged At"),
)


def check_tags(database, folder, writing):
    rows = [(writing.ids(user), writing.ids(movie), word, writing.moment(at)) for user, movie, word, at in TAGS]
    query = "select user_id, movie_id, tag, extract(epoch from tagged_at)::bigint from core.tags order by 4"
    found = core_after(database, folder, writing.files("tags", TAG_HEADERS, rows), writing.archive, query)
    assert found == [(user, movie, word.replace("\t", " "), at) for user, movie, word, at in TAGS]


@few
@given(writings((str,)))
def test_the_same_tags_in_every_form_give_the_same_core(database, tmp_path_factory, writing):
    check_tags(database, tmp_path_factory.mktemp("data"), writing)


@pytest.mark.slow
@many
@given(writings((str,)))
def test_the_same_tags_in_many_forms_give_the_same_core(database, tmp_path_factory, writing):
    check_tags(database, tmp_path_factory.mktemp("data"), writing)


# --- events

KINDS = ("view", "click", "like", "dislike", "dismiss", "rating")
EVENTS = [
    (
        f"event {number}",
        USERS[number % 4],
        MOVIES[number % 4],
        kind,
        3.5 if kind == "rating" else None,
        FIRST_MOMENT + number * 86_400,
    )
    for number, kind in enumerate(KINDS * 5)
]
EVENT_HEADERS = (
    ("event_id", "user_id", "movie_id", "kind", "value", "created_at"),
    ("eventId", "userId", "movieId", "Kind", "VALUE", "timestamp"),
    ("Event ID", "viewer_id", "item_id", "kind", "value", "occurred_at"),
)
VALUES = (float, str, "{:.2f}".format, lambda value: str(value).replace(".", ","))


@dataclass(frozen=True)
class EventsWriting:
    """How events are written."""

    header: int
    ids: Callable[[int], object]
    value: Callable[[float], object]
    moment: Callable[[int], object]
    letters: Callable[[str], str]
    suffix: str
    packer: str
    has_mark: bool

    def file(self) -> tuple[str, bytes]:
        """Return the file's name and content."""
        header = EVENT_HEADERS[self.header]
        lines = [
            json.dumps(
                dict(
                    zip(
                        header,
                        (
                            *(event_id, self.ids(user), self.ids(movie), self.letters(kind)),
                            *(None if value is None else self.value(value), self.moment(at)),
                        ),
                        strict=True,
                    )
                )
            )
            for event_id, user, movie, kind, value, at in EVENTS
        ]
        content = ("\n".join(lines) + "\n").encode("utf-8-sig" if self.has_mark else "utf-8")
        return f"feedback.{self.suffix}{self.packer}", PACKERS[self.packer](content)


in_every_form = given(
    st.builds(
        EventsWriting,
        header=st.integers(0, 2),
        ids=st.sampled_from([int, float, *PLAIN_IDS.values()]),
        value=st.sampled_from(VALUES),
        moment=st.sampled_from([int, float, lambda at: at * 1_000, *MOMENTS.values()]),
        letters=st.sampled_from([str, str.upper, str.title, " {} ".format]),
        suffix=st.sampled_from(["ndjson", "jsonl"]),
        packer=st.sampled_from(["", ".gz"]),
        has_mark=st.booleans(),
    )
)


def check_events(database, folder, writing):
    query = "select event_id, user_id, movie_id, kind, value, occurred_at from core.events order by occurred_at"
    found = core_after(database, folder, FILES, "", query, events=dict([writing.file()]))
    assert found == [(*event[:5], datetime.fromtimestamp(event[5], UTC)) for event in EVENTS]


@few
@in_every_form
def test_the_same_events_in_every_form_give_the_same_core(database, tmp_path_factory, writing):
    check_events(database, tmp_path_factory.mktemp("data"), writing)


@pytest.mark.slow
@many
@in_every_form
def test_the_same_events_in_many_forms_give_the_same_core(database, tmp_path_factory, writing):
    check_events(database, tmp_path_factory.mktemp("data"), writing)
