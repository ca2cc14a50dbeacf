"""What a table of a source must look like, and what happens when it does not.

A contract names columns in the project's own terms. A source may call them otherwise (`aliases`), may order them as it
likes, and may bring more: what is new is kept and reported. A required column that is missing, renamed or of another
type stops the source, because every row of it would be wrong. Case and signs in a column's name make no difference.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from movierec.data.aliases import aliases_of, plain
from movierec.errors import SourceError

MIN_SAMPLE_VALUES = 20  # so many values, and most of them of another type, are no accident
_NULLS = ("", "\\N")


class Kind(StrEnum):
    """What the values of a column are; the word that a message uses."""

    INTEGER = "a whole number"
    NUMBER = "a number"
    TIME = "a time (seconds or milliseconds since 1970, or ISO 8601)"
    TEXT = "text"


_PATTERNS = {
    Kind.INTEGER: re.compile(r"\s*[+-]?\d+\s*"),
    Kind.NUMBER: re.compile(
        r"\s*(?:[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|nan|[+-]?inf(?:inity)?)\s*", re.IGNORECASE
    ),
    Kind.TIME: re.compile(r"\s*(?:[+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|nan|\d{4}-\d{2}-\d{2}.*)\s*", re.IGNORECASE),
    Kind.TEXT: re.compile(r".*", re.DOTALL),
}


@dataclass(frozen=True)
class Column:
    """One column under the project's name, with the names that sources give it."""

    name: str
    kind: Kind = Kind.TEXT
    required: bool = True
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class Contract:
    """The columns of a table, the same in `raw.<table>` and in every source of it.

    Attributes:
        table: name in the layers raw and staging.
        columns: in the order of `raw.<table>`.
        key: columns that tell one row of a source from another.
        changed_at: columns that can tell when a row changed, best first; for reading a database by watermark.
    """

    table: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    changed_at: tuple[str, ...] = ("updated_at",)

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names, in order."""
        return tuple(column.name for column in self.columns)

    @cached_property
    def words(self) -> dict[str, tuple[str, int]]:
        """The column that each plain word stands for, and the word's rank: 0 for the column's own name."""
        words: dict[str, tuple[str, int]] = {}
        for column in self.columns:
            for rank, word in enumerate((column.name, *column.aliases)):
                words.setdefault(plain(word), (column.name, rank))
        return words

    def resolve(self, seen: Sequence[str]) -> list[str | None]:
        """Return the contract's name of every column that came, or None for a new one; of synonyms the first counts."""
        hits = [self.words.get(plain(name)) for name in seen]
        best: dict[str, int] = {}
        for column, rank in filter(None, hits):
            best[column] = min(rank, best.get(column, rank))
        return [hit[0] if hit and hit[1] == best[hit[0]] else None for hit in hits]

    def match(self, where: str, seen: Sequence[str]) -> list[str | None]:
        """Return, for every column that came, the contract's name of it, or None for a new one.

        Raises:
            SourceError: a required column is missing, or a column stands twice.
        """
        found = self.resolve(seen)
        missing = [column for column in self.columns if column.required and column.name not in found]
        if missing:
            raise SourceError(
                f"{where}: column {', '.join(column.name for column in missing)} is missing; "
                f"seen: {', '.join(seen) or 'nothing'}; required: {', '.join(map(_with_aliases, self._required()))}"
            )
        known = [name for name in found if name]
        if len(set(known)) < len(known) or len(set(seen)) < len(seen):
            raise SourceError(f"{where}: a column stands twice; seen: {', '.join(seen)}")
        return found

    def require_types(self, where: str, rows: Iterable[Mapping[str, str | None]]) -> None:
        """Look at the first rows: a required column whose values are mostly of another type has been retyped.

        Raises:
            SourceError: names the column, examples of what was seen, and what is allowed.
        """
        sample = list(rows)
        for column in self._required():
            values = [value for row in sample if (value := row.get(column.name)) is not None and value not in _NULLS]
            wrong = [value for value in values if not _PATTERNS[column.kind].fullmatch(value)]
            if len(values) >= MIN_SAMPLE_VALUES and len(wrong) * 2 > len(values):
                examples = ", ".join(repr(value[:40]) for value in wrong[:3])
                raise SourceError(f"{where}: column {column.name} is retyped; seen: {examples}; allowed: {column.kind}")
            if len(sample) >= MIN_SAMPLE_VALUES and not values:
                raise SourceError(f"{where}: column {column.name} is empty in every row; allowed: {column.kind}")

    def _required(self) -> list[Column]:
        return [column for column in self.columns if column.required]


def _with_aliases(column: Column) -> str:
    return f"{column.name} (or {', '.join(column.aliases)})" if column.aliases else column.name


def _optional(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name, required=False, aliases=aliases_of(name)) for name in names)


_USER = Column("user_id", Kind.INTEGER, aliases=aliases_of("user_id"))
_MOVIE = Column("movie_id", Kind.INTEGER, aliases=aliases_of("movie_id"))
_TCONST = Column("tconst")

RATINGS = Contract(
    "ratings",
    (
        _USER,
        _MOVIE,
        Column("rating", Kind.NUMBER, aliases=aliases_of("rating")),
        Column("rated_at", Kind.TIME, aliases=aliases_of("rated_at")),
    ),
    ("user_id", "movie_id"),
    ("updated_at", "rated_at"),
)
MOVIES = Contract(
    "movies",
    (
        _MOVIE,
        Column("title", aliases=aliases_of("title")),
        Column("release_year", required=False, aliases=aliases_of("release_year")),
        Column("release_date", required=False, aliases=aliases_of("release_date")),
        Column("genres", required=False, aliases=aliases_of("genres")),
    ),
    ("movie_id",),
)
LINKS = Contract(
    "links",
    (_MOVIE, Column("imdb_id", aliases=("imdbId",)), Column("tmdb_id", required=False, aliases=("tmdbId",))),
    ("movie_id",),
)
TAGS = Contract(
    "tags",
    (_USER, _MOVIE, Column("tag"), Column("tagged_at", Kind.TIME, aliases=("timestamp",))),
    ("user_id", "movie_id", "tag"),
    ("updated_at", "tagged_at"),
)
USER_PROFILE = Contract(
    "user_profile",
    (_USER, *_optional("age", "gender", "occupation", "zip_code")),
    ("user_id",),
)
MOVIE_LINK = Contract("movie_link", (_MOVIE, Column("entity_id")), ("movie_id",))
GRAPH = Contract(
    "graph",
    (Column("head_id"), Column("relation_id"), Column("tail_id")),
    ("head_id", "relation_id", "tail_id"),
)
CREDITS = Contract(
    "credits",
    (
        _MOVIE,
        *_optional("title", "released"),
        Column("director", aliases=aliases_of("director")),
        Column("actors", aliases=aliases_of("actors")),
        *_optional("writers"),
    ),
    ("movie_id",),
)
IMDB_TITLE = Contract(
    "imdb_title",
    (
        _TCONST,
        Column("title_type", aliases=("titleType",)),
        Column("primary_title", aliases=("primaryTitle",)),
        Column("original_title", aliases=("originalTitle",)),
        Column("start_year", aliases=("startYear",)),
        Column("runtime_minutes", aliases=("runtimeMinutes",)),
        Column("genres"),
    ),
    ("tconst",),
)
IMDB_CREW = Contract("imdb_crew", (_TCONST, Column("directors"), Column("writers")), ("tconst",))
IMDB_PRINCIPAL = Contract(
    "imdb_principal",
    (_TCONST, Column("ordering", Kind.INTEGER), Column("nconst"), Column("category"), *_optional("job", "characters")),
    ("tconst", "ordering"),
)
IMDB_RATING = Contract(
    "imdb_rating",
    (
        _TCONST,
        Column("average_rating", Kind.NUMBER, aliases=("averageRating",)),
        Column("num_votes", Kind.INTEGER, aliases=("numVotes",)),
    ),
    ("tconst",),
)
IMDB_NAME = Contract(
    "imdb_name",
    (
        Column("nconst"),
        Column("primary_name", aliases=("primaryName",)),
        Column("birth_year", required=False, aliases=("birthYear",)),
    ),
    ("nconst",),
)
FEEDBACK_EVENT = Contract(
    "feedback_event",
    (
        Column("event_id"),
        _USER,
        _MOVIE,
        Column("kind"),
        Column("value", required=False),
        Column("created_at", Kind.TIME, aliases=("occurred_at", "timestamp")),
    ),
    ("event_id",),
    ("updated_at", "created_at"),
)

CONTRACTS = {
    contract.table: contract
    for contract in (
        *(MOVIES, LINKS, CREDITS, IMDB_TITLE, IMDB_CREW, IMDB_PRINCIPAL, IMDB_RATING, IMDB_NAME, MOVIE_LINK, GRAPH),
        *(USER_PROFILE, RATINGS, TAGS, FEEDBACK_EVENT),
    )
}
