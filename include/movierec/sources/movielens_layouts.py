"""MovieLens' own files without a line of names, and what a line of each looks like.

https://files.grouplens.org/datasets/movielens/ (the README of each edition)
"""

import re
from dataclasses import dataclass

from movierec.sources.contract import PATTERNS, Contract, Kind
from movierec.sources.table_contracts import MOVIES, RATINGS, TAGS, USER_PROFILE
from movierec.sources.text.records import Dialect

GENRES = (
    *("unknown", "Action", "Adventure", "Animation", "Children's", "Comedy", "Crime", "Documentary", "Drama"),
    *("Fantasy", "Film-Noir", "Horror", "Musical", "Mystery", "Romance", "Sci-Fi", "Thriller", "War", "Western"),
)
_BEFORE_FLAGS = ("movie_id", "title", "release_date", "video_release_date", "imdb_url")


def merge_genre_flags(values: list[str]) -> tuple[list[str], dict[str, object]]:
    """Make one field of the nineteen flags that end a line of `u.item`, in the order of `u.genre`."""
    flags = values[len(_BEFORE_FLAGS) :]
    genres = "|".join(genre for genre, flag in zip(GENRES, flags, strict=False) if flag.strip() == "1")
    marks: dict[str, object] = {}
    if len(flags) != len(GENRES) or any(flag.strip() not in ("0", "1") for flag in flags):
        marks["flags"] = flags
    if len(flags) > len(GENRES):
        marks["overflow"] = flags[len(GENRES) :]
    elif len(flags) < len(GENRES):
        marks["missing"] = len(_BEFORE_FLAGS) + len(GENRES) - len(values)
    fields = [*values[: len(_BEFORE_FLAGS)], *([genres] if flags else [])]
    return fields, marks


def _bare(delimiter: str, *names: str) -> Dialect:
    return Dialect(delimiter, is_western=True, header=names)


_U_ITEM = Dialect(
    "|",
    is_western=True,
    header=(*_BEFORE_FLAGS, "genres"),
    expected_extras=frozenset(("video_release_date", "imdb_url")),
    merge_fields=merge_genre_flags,
)


@dataclass(frozen=True)
class HeaderlessLayout:
    """A layout without a line of names: what its files are called and what a line looks like, as a pattern."""

    contract: Contract
    dialect: Dialect
    name: str
    pattern: re.Pattern[str]


def _layout(contract: Contract, dialect: Dialect, name: str, *fields: str) -> HeaderlessLayout:
    return HeaderlessLayout(contract, dialect, name, re.compile(re.escape(dialect.delimiter).join(fields)))


_ID, _NUMBER, _TIME = (f"(?i:{PATTERNS[kind].pattern})" for kind in (Kind.INTEGER, Kind.NUMBER, Kind.TIME))
_ANY, _SEX = r".*?", r"[MF]"
_RATING = ("user_id", "movie_id", "rating", "rated_at")
HEADERLESS_LAYOUTS = (
    _layout(RATINGS, _bare("\t", *_RATING), "u.data", _ID, _ID, _NUMBER, _TIME),
    _layout(MOVIES, _U_ITEM, "u.item", _ID, *[_ANY] * 4, *[r"[01]"] * len(GENRES)),
    _layout(
        *(USER_PROFILE, _bare("|", "user_id", "age", "gender", "occupation", "zip_code"), "u.user"),
        *(_ID, _ID, _SEX, _ANY, _ANY),
    ),
    _layout(RATINGS, _bare("::", *_RATING), "ratings.dat", _ID, _ID, _NUMBER, _TIME),
    _layout(
        *(USER_PROFILE, _bare("::", "user_id", "gender", "age", "occupation", "zip_code"), "users.dat"),
        *(_ID, _SEX, _ID, _ANY, _ANY),
    ),
    _layout(TAGS, _bare("::", "user_id", "movie_id", "tag", "tagged_at"), "tags.dat", _ID, _ID, _ANY, _TIME),
    _layout(MOVIES, _bare("::", "movie_id", "title", "genres"), "movies.dat", _ID, _ANY, _ANY),
)
