"""What can be wrong with a row, and the rules that must say so: the key against which quarantine is measured."""

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from tests.faults.datasets import Row

FUTURE = "4102444800"
EDIT = Callable[[random.Random, Row], Row]


@dataclass(frozen=True)
class Mutation:
    """One way to spoil a row, or to write it otherwise.

    Attributes:
        name: what it is.
        table: whose rows.
        edit: what it does to a row.
        broken: the rules that must reject the row, beside the one that its movie is known; none for a good row.
        layouts: where the layout can express it.
    """

    name: str
    table: str
    edit: EDIT
    broken: frozenset[str] = frozenset()
    layouts: frozenset[str] = frozenset(("csv", "dat", "100k", "atomic"))


def _put(column: int, *values: str) -> EDIT:
    return lambda dice, row: (*row[:column], dice.choice(values), *row[column + 1 :])


def _rating(name: str, edit: EDIT, *broken: str, layouts: str = "csv dat 100k atomic") -> Mutation:
    return Mutation(name, "ratings", edit, frozenset(broken), frozenset(layouts.split()))


def _movie(name: str, edit: EDIT, *broken: str, layouts: str = "csv dat 100k atomic") -> Mutation:
    return Mutation(name, "movies", edit, frozenset(broken), frozenset(layouts.split()))


def _user(name: str, edit: EDIT, *broken: str) -> Mutation:
    return Mutation(name, "users", edit, frozenset(broken), frozenset(("dat", "100k", "atomic")))


def _iso(_: random.Random, row: Row) -> Row:
    return (*row[:3], datetime.fromtimestamp(int(row[3]), UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))


def _titled(*titles: str) -> EDIT:
    return lambda dice, row: (row[0], f"{dice.choice(titles)} ({1950 + int(row[0]) % 60})", *row[2:])


NOT_IDS = ("12.5", "0x1F", "abc", "", "1e3", "99999999999999999999", "-7", "nan", "1 2", "１２", "1_000")

RATINGS = (
    _rating("rating out of range", _put(2, "0", "11", "-1", "5.5", "0.4", "1e9"), "rating"),
    _rating(
        "rating no number", _put(2, "NaN", "good", "", "inf", "-Infinity", "4,5x", "1/2"), "rating", layouts="csv dat"
    ),
    _rating("rating no number", _put(2, "NaN", "good", "", "inf"), "rating", layouts="100k atomic"),
    _rating("user no id", _put(0, *NOT_IDS), "user_id"),
    _rating("movie no id", _put(1, *NOT_IDS), "movie_id"),
    _rating("movie beyond its range", _put(1, "2147483648", "9007199254740992"), "movie_id"),
    _rating("user beyond its range", _put(0, "9007199254740992", "9223372036854775807"), "user_id"),
    _rating("orphan", _put(1, "999999", "2147483647")),
    _rating("time impossible", _put(3, "0", "-1", FUTURE, "1", "100000000"), "rated_at"),
    _rating("time no time", _put(3, "yesterday", "", "NaN", "2001-13-45", "12:30"), "rated_at"),
    _rating("milliseconds", lambda _, row: (*row[:3], row[3] + "000")),
    _rating("microseconds", lambda _, row: (*row[:3], row[3] + "000000")),
    _rating("fraction of a second", lambda _, row: (*row[:3], row[3] + ".0")),
    _rating("ISO 8601", _iso),
    _rating("padded", lambda _, row: (f" {row[0]} ", f" {row[1]}", f"{row[2]} ", row[3])),
    _rating("signed and with zeros", lambda _, row: (f"+{row[0]}", f"00{row[1]}", f"{row[2]}.0", row[3])),
    _rating("a field too few", lambda _, row: row[:3], "columns", "rated_at"),
    _rating("half a row", lambda _, row: row[:2], "columns", "rating", "rated_at"),
    _rating("a field too many", lambda _, row: (*row, "7"), "columns"),
    _rating("rating and time swapped", lambda _, row: (row[0], row[1], row[3], row[2]), "rating", "rated_at"),
    _rating("NUL", lambda _, row: (row[0] + "\0", *row[1:]), "user_id"),
    _rating("no UTF-8", lambda _, row: (row[0] + "\udcff", *row[1:]), "user_id"),
)
MOVIES = (
    _movie("movie no id", _put(0, *NOT_IDS), "movie_id"),
    _movie("no title", _put(1, "", "   "), "title"),
    _movie("long title", _put(1, "x" * 501), "title"),
    _movie("title and genres swapped", lambda _, row: (row[0], row[2], row[1]), "aligned", layouts="csv dat atomic"),
    _movie("a field too many", lambda _, row: (*row[:2], "oops", *row[2:]), "columns", layouts="csv dat atomic"),
    _movie(
        "comma outside quotes", lambda _, row: (row[0], "Film", " The", *row[2:]), "columns", layouts="csv dat atomic"
    ),
    _movie("a field too few", lambda _, row: row[:2], "columns", layouts="csv dat atomic"),
    _movie("bytes that may be anything", _titled("Film \udcff\udcfe\udcd7"), "encoding", layouts="csv atomic"),
    _movie("mojibake", _titled("AmÃ©lie", "LÃ©on", "CitÃ© des enfants perdus")),
    _movie("latin-1", _titled("Am\udce9lie")),
    _movie("no genre", _put(2, "(no genres listed)"), layouts="csv dat atomic"),
    _movie("no year", _put(1, "Film without a year")),
    _movie("HTML", _titled("<b>Film</b><script>alert(1)</script>", "Film &amp; film")),
    _movie("formula", _titled("=HYPERLINK(A1)", "@SUM(1+1)", "+1+1", "-2")),
    _movie("right to left", _titled("\u202eملف\u202c", "סרט")),
    _movie("quotes", _titled('The "Film"', "'Film'", "Film, with, commas")),
)
USERS = (
    _user("user no id", _put(0, *NOT_IDS), "user_id"),
    _user("age impossible", _put(2, "0", "200", "-3", "121"), "age"),
    _user("age no number", _put(2, "old", "3.5"), "age"),
    _user("gender no word", _put(1, "7", "1"), "gender"),
    _user("gender another word", _put(1, "X", "male", "non-binary")),
    _user("a field too many", lambda _, row: (*row, "x"), "columns"),
    _user("no age", _put(2, "", "NaN", "N/A")),
    _user("no gender", _put(1, "?", "null")),
    _user("postcode of its own", _put(4, "E1 6AN", "V5A-1S6", "", "00000")),
)
TAGS = (
    Mutation("tag empty", "tags", _put(2, ""), frozenset(["tag"]), frozenset(["csv", "dat"])),
    Mutation("tag long", "tags", _put(2, "x" * 501), frozenset(["tag"]), frozenset(["csv", "dat"])),
    Mutation("orphan", "tags", _put(1, "999999"), frozenset(), frozenset(["csv", "dat"])),
    Mutation("time impossible", "tags", _put(3, "0", FUTURE), frozenset(["tagged_at"]), frozenset(["csv", "dat"])),
    Mutation("user no id", "tags", _put(0, *NOT_IDS), frozenset(["user_id"]), frozenset(["csv", "dat"])),
    Mutation("odd words", "tags", _put(2, "=1+1", "<i>", "ÅÄÖ", '"quoted"', "a,b"), frozenset(), frozenset(["csv"])),
)
LINKS = (
    Mutation("IMDb id no id", "links", _put(1, "abc", "tt", "12x"), frozenset(["imdb_id"]), frozenset(["csv"])),
    Mutation("TMDB id no id", "links", _put(2, "abc", "-4", "0", "1.5"), frozenset(["tmdb_id"]), frozenset(["csv"])),
    Mutation("no TMDB id", "links", _put(2, ""), frozenset(), frozenset(["csv"])),
    Mutation(
        "IMDb id with tt", "links", lambda _, row: (row[0], "tt" + row[1], row[2]), frozenset(), frozenset(["csv"])
    ),
    Mutation("movie no id", "links", _put(0, *NOT_IDS), frozenset(["movie_id"]), frozenset(["csv"])),
)
MUTATIONS = (*RATINGS, *MOVIES, *USERS, *TAGS, *LINKS)


Place = tuple[str, int]


@dataclass(frozen=True)
class Key:
    """What was done to which row, by table and position, from 1.

    Attributes:
        done: the mutation of every spoilt row.
        broken: the rules that every bad row breaks.
    """

    done: dict[Place, Mutation]
    broken: dict[Place, set[str]]


def spoil(
    dice: random.Random,
    tables: dict[str, list[Row]],
    layout: str,
    share: float,
    mutations: Sequence[Mutation] = MUTATIONS,
) -> Key:
    """Spoil a share of the rows in place and return the key."""
    done: dict[Place, Mutation] = {}
    for table, rows in tables.items():
        fitting = [mutation for mutation in mutations if mutation.table == table and layout in mutation.layouts]
        for position, row in enumerate(rows):
            if fitting and dice.random() < share:
                done[table, position + 1] = mutation = dice.choice(fitting)
                rows[position] = mutation.edit(dice, row)
    broken = {position: set(mutation.broken) for position, mutation in done.items()}
    for position in _orphans(tables, broken):
        broken.setdefault(position, set()).add("movie_known")
    return Key(done, {position: rules for position, rules in broken.items() if rules})


def _orphans(tables: dict[str, list[Row]], broken: dict[Place, set[str]]) -> list[Place]:
    """Return the ratings and tags whose movie is none, or one whose own row is bad."""
    movies = enumerate(tables["movies"], 1)
    known = {int(row[0]) for position, row in movies if not broken.get(("movies", position))}
    return [
        (table, position)
        for table in ("ratings", "tags")
        for position, row in enumerate(tables.get(table, []), 1)
        if not re.fullmatch(r" *[+-]?[0-9]+ *", row[1]) or int(row[1]) not in known
    ]
