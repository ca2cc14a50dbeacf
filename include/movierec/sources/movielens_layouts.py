"""What a file of a rating dataset is: told by its content, with its name as a hint where the content leaves a choice.

MovieLens' own layouts: https://files.grouplens.org/datasets/movielens/ (the README of each edition); RecBole's atomic
files: https://recbole.io/docs/user_guide/data/atomic_files.html
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from movierec.data.aliases import plain
from movierec.data.columns import RATING_SCALE
from movierec.sources.contract import CREDITS, GRAPH, LINKS, MOVIE_LINK, MOVIES, RATINGS, TAGS, USER_PROFILE, Contract
from movierec.sources.text.archive import File
from movierec.sources.text.delimited import first_lines, header
from movierec.sources.text.encoding import decode
from movierec.sources.text.records import Format

GENRES = (
    *("unknown", "Action", "Adventure", "Animation", "Children's", "Comedy", "Crime", "Documentary", "Drama"),
    *("Fantasy", "Film-Noir", "Horror", "Musical", "Mystery", "Romance", "Sci-Fi", "Thriller", "War", "Western"),
)
_BEFORE_FLAGS = ("movie_id", "title", "release_date", "video_release_date", "imdb_url")
_DELIMITERS = {",": True, ";": True, "\t": False, "|": False}  # and whether fields may be quoted
_SPLIT_SUFFIXES = (".base", ".test", ".train")  # MovieLens 100K comes with copies of its ratings, cut in two
_TABLE_OF_WORD = {
    **{"ratings": RATINGS, "movies": MOVIES, "links": LINKS, "tags": TAGS, "users": USER_PROFILE, "credits": CREDITS},
    **{".inter": RATINGS, ".item": MOVIES, ".user": USER_PROFILE, ".link": MOVIE_LINK, ".kg": GRAPH},
}
_BY_HEADER = (RATINGS, TAGS, MOVIES, LINKS, MOVIE_LINK, GRAPH, USER_PROFILE, CREDITS)
_OF_USERS_TOO = ("name", "year")  # words for a movie's columns that a user's may be called by, too
SAMPLE_LINES = 100


@dataclass(frozen=True)
class RecognisedFile:
    """A file that holds a table.

    Attributes:
        file: the file.
        form: how it is written.
        main: the table that it is there for.
        others: tables that it could serve, too.
        scale: lowest and highest rating.
    """

    file: File
    form: Format
    main: Contract
    others: tuple[Contract, ...] = ()
    scale: tuple[float, float] = RATING_SCALE


def genres_of(values: list[str]) -> tuple[list[str], dict[str, object]]:
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


def _bare(delimiter: str, *names: str) -> Format:
    return Format(delimiter, is_western=True, header=names)


_U_ITEM = Format(
    "|",
    is_western=True,
    header=(*_BEFORE_FLAGS, "genres"),
    beside=frozenset(("video_release_date", "imdb_url")),
    fold=genres_of,
)


@dataclass(frozen=True)
class HeaderlessLayout:
    """A layout without a line of names: what its files are called and what a line looks like, as a pattern."""

    contract: Contract
    form: Format
    name: str
    pattern: re.Pattern[str]


def _layout(contract: Contract, form: Format, name: str, *fields: str) -> HeaderlessLayout:
    return HeaderlessLayout(contract, form, name, re.compile(re.escape(form.delimiter).join(fields)))


_ID, _NUMBER, _ANY, _SEX = r"\s*\d+\s*", r"\s*-?\d+(?:\.\d*)?\s*", r".*?", r"[MF]"
_RATING = ("user_id", "movie_id", "rating", "rated_at")
HEADERLESS_LAYOUTS = (
    _layout(RATINGS, _bare("\t", *_RATING), "u.data", _ID, _ID, _NUMBER, _NUMBER),
    _layout(MOVIES, _U_ITEM, "u.item", _ID, *[_ANY] * 4, *[r"[01]"] * len(GENRES)),
    _layout(
        *(USER_PROFILE, _bare("|", "user_id", "age", "gender", "occupation", "zip_code"), "u.user"),
        *(_ID, _ID, _SEX, _ANY, _ANY),
    ),
    _layout(RATINGS, _bare("::", *_RATING), "ratings.dat", _ID, _ID, _NUMBER, _NUMBER),
    _layout(
        *(USER_PROFILE, _bare("::", "user_id", "gender", "age", "occupation", "zip_code"), "users.dat"),
        *(_ID, _SEX, _ID, _ANY, _ANY),
    ),
    _layout(TAGS, _bare("::", "user_id", "movie_id", "tag", "tagged_at"), "tags.dat", _ID, _ID, _ANY, _ID),
    _layout(MOVIES, _bare("::", "movie_id", "title", "genres"), "movies.dat", _ID, _ANY, _ANY),
)


def recognise(file: File) -> RecognisedFile | None:
    """Tell what a file holds, or None where it is no table of a rating dataset.

    A file that is named like a table and looks like none is that table: reading it says what it lacks.

    Raises:
        SourceError: the file cannot be read.
    """
    path = PurePosixPath(file.name)
    if path.suffix in _SPLIT_SUFFIXES or path.name.startswith("genome-"):
        return None
    lines = first_lines(file)
    return _by_header(file, lines) or _by_lines(file, lines[:SAMPLE_LINES]) or _by_name(file, lines)


def _by_header(file: File, lines: Sequence[bytes]) -> RecognisedFile | None:
    for delimiter, is_quoted in _DELIMITERS.items():
        form = Format(delimiter, is_quoted)
        names = header(lines[0], form) if lines else []
        fitting = [contract for contract in _BY_HEADER if _fits(contract, names)]
        if fitting:
            known = frozenset(name for name in names for contract in fitting if _known(contract, name))
            main = next((contract for contract in fitting if contract is _table_by_name(file)), fitting[0])
            form = Format(delimiter, is_quoted, beside=known)
            scale = _scale(names, lines[1:], form) if main is RATINGS else RecognisedFile.scale
            return RecognisedFile(
                file, form, main, tuple(contract for contract in fitting if contract is not main), scale
            )
    return None


def _fits(contract: Contract, names: Sequence[str]) -> bool:
    """Tell whether the names have all that a contract requires; a profile has something to say about its user."""
    known = set(contract.resolve(names)) - {None}
    required = {column.name for column in contract.columns if column.required}
    if contract is USER_PROFILE:
        of_movies = [name for name in names if _known(MOVIES, name) and plain(name) not in _OF_USERS_TOO]
        return required <= known and len(known) > 1 and not of_movies
    return required <= known


def _known(contract: Contract, name: str) -> bool:
    return plain(name) in contract.words


def _by_lines(file: File, lines: Sequence[bytes]) -> RecognisedFile | None:
    if lines and _names_columns(lines[0]):
        return None
    called = PurePosixPath(file.name).name
    for bare in sorted(HEADERLESS_LAYOUTS, key=lambda bare: bare.name != called):
        texts = [decode(line, is_western=True)[0] for line in lines]
        if sum(bool(bare.pattern.fullmatch(text)) for text in texts) * 2 > len(texts):
            scale = _scale(bare.form.header, lines, bare.form) if bare.contract is RATINGS else RecognisedFile.scale
            return RecognisedFile(file, bare.form, bare.contract, scale=scale)
    return None


def _names_columns(line: bytes) -> bool:
    """Tell whether a line is a header, though perhaps not a right one: it names a column, and no column is a number."""
    rows = [header(line, Format(delimiter, is_quoted)) for delimiter, is_quoted in _DELIMITERS.items()]
    names = {name for row in rows if not any(map(str.isdecimal, row)) for name in row}
    return any(_known(contract, name) for contract in _BY_HEADER for name in names)


def _by_name(file: File, lines: Sequence[bytes]) -> RecognisedFile | None:
    called = PurePosixPath(file.name).name
    for bare in HEADERLESS_LAYOUTS:
        if bare.name == called:
            return RecognisedFile(file, bare.form, bare.contract)
    contract = _table_by_name(file)
    if contract is None:
        return None
    forms = [Format(delimiter, is_quoted) for delimiter, is_quoted in _DELIMITERS.items()]
    return RecognisedFile(file, max(forms, key=lambda form: len(header(lines[0], form)) if lines else 0), contract)


def _table_by_name(file: File) -> Contract | None:
    """Return the table that a name such as `ratings.csv`, `ratings-2024-05.csv` or `ml-100k.inter` stands for."""
    path = PurePosixPath(file.name)
    word = re.fullmatch(r"([a-z]+)(?:[-_.]?\d[\d._-]*)?", path.stem.lower())
    return _TABLE_OF_WORD.get(path.suffix) or (
        _TABLE_OF_WORD.get(word[1]) if word and path.suffix in (".csv", ".tsv", ".txt") else None
    )


def _scale(names: Sequence[str], lines: Sequence[bytes], form: Format) -> tuple[float, float]:
    """Return the scale that most ratings speak for: up to 5 unless more than half of them are above it."""
    at = RATINGS.resolve(names).index("rating")
    rows = [decode(line, is_western=True)[0].split(form.delimiter) for line in lines]
    values = [float(row[at]) for row in rows if len(row) > at and re.fullmatch(_NUMBER, row[at])]
    for above, scale in ((10.0, (0.0, 100.0)), (5.0, (1.0, 10.0))):
        if sum(value > above for value in values) * 2 > len(values):
            return scale
    return RecognisedFile.scale
