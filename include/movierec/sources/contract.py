"""What a table of a source must look like, and what happens when it does not.

A contract names columns in the project's own terms. A source may give them other names (`aliases`), may have them in
any order, and may have more of them: new ones are kept and reported. A required column that is missing, renamed or of
another type stops the source, because every row of it would be wrong. Case and punctuation of a name do not matter.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from movierec.data.aliases import normalise_name
from movierec.errors import SourceError
from movierec.sources.message_parts import is_anonymous, kind_of, list_names, quote, seen_names, suggest_names

MIN_SAMPLE_VALUES = 20  # if most of so many values are of another type, that is no accident
_NULLS = ("", "\\N")


class Kind(StrEnum):
    """What the values of a column are, in the words that messages use."""

    INTEGER = "a whole number"
    NUMBER = "a number"
    TIME = "a time (seconds or milliseconds since 1970, or ISO 8601)"
    TEXT = "text"


PATTERNS = {
    Kind.INTEGER: re.compile(
        r"\s*[+-]?(?:\d+(?:[.,]0*)?|\d{1,3}(?:[.,'\u2019 \u00a0\u202f]\d{3})+(?:[.,]0+)?|\d[.,]\d+[eE][+]?\d+)\s*"
    ),
    Kind.NUMBER: re.compile(
        r"\s*(?:[+-]?(?:\d+[.,]?\d*|[.,]\d+|\d{1,3}(?:[.,]\d{3})+[.,]\d+)(?:[eE][+-]?\d+)?"
        r"|nan|[+-]?inf(?:inity)?)\s*",
        re.IGNORECASE,
    ),
    Kind.TIME: re.compile(
        r"\s*(?:[+-]?\d+(?:[.,]\d*)?(?:[eE][+-]?\d+)?|\d{1,3}(?:[.,'\u2019 \u00a0\u202f]\d{3}){2,}|nan"
        r"|\d{4}[-/.]\d{1,2}[-/.]\d{1,2}.*|\d{8}T\d{4}.*"
        r"|\d{1,2}[-/. ](?:\d{1,2}|[a-z]{3,9})[-/. ]\d{4}.*|[a-z]{3,9} \d{1,2},? \d{4}.*)\s*",
        re.IGNORECASE,
    ),
    Kind.TEXT: re.compile(r".*", re.DOTALL),
}


@dataclass(frozen=True)
class Column:
    """One column: the project's name for it, and the names that sources give it."""

    name: str
    kind: Kind = Kind.TEXT
    required: bool = True
    aliases: tuple[str, ...] = ()


VIEWER = "user_id"  # the column that says whom a row is about


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
    def identity(self) -> tuple[str, ...]:
        """The key, with the viewer where the table is about one."""
        return tuple(dict.fromkeys((*self.key, *(name for name in self.names if name == VIEWER))))

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names, in order."""
        return tuple(column.name for column in self.columns)

    @cached_property
    def words(self) -> dict[str, tuple[str, int]]:
        """The column that each plain word means, and the word's rank: 0 for the column's own name."""
        words: dict[str, tuple[str, int]] = {}
        for column in self.columns:
            for rank, word in enumerate((column.name, *column.aliases)):
                words.setdefault(normalise_name(word), (column.name, rank))
        return words

    def resolve(self, names: Sequence[str]) -> list[str | None]:
        """Return the contract's name of every column that came, or None for a new one; of synonyms the first counts."""
        hits = [self.words.get(normalise_name(name)) for name in names]
        best: dict[str, int] = {}
        for column, rank in filter(None, hits):
            best[column] = min(rank, best.get(column, rank))
        return [hit[0] if hit and hit[1] == best[hit[0]] else None for hit in hits]

    def match(self, where: str, names: Sequence[str]) -> list[str | None]:
        """Return, for every column that came, the contract's name of it, or None for a new one.

        Raises:
            SourceError: a required column is missing, or a column appears twice.
        """
        resolved = self.resolve(names)
        missing = [column for column in self.columns if column.required and column.name not in resolved]
        if missing:
            raise SourceError(
                f"{where}: column {', '.join(column.name for column in missing)} is missing; "
                f"seen: {seen_names(names)}; required: {', '.join(map(_with_aliases, self._required()))}"
                f"{self._nearest(missing, names)}"
            )
        known = [name for name in resolved if name]
        if len(set(known)) < len(known) or len(set(names)) < len(names):
            raise SourceError(f"{where}: a column stands twice; seen: {seen_names(names)}")
        return resolved

    def require_types(self, where: str, rows: Iterable[Mapping[str, str | None]]) -> None:
        """Check the first rows: a required column whose values are mostly of another type has been retyped.

        Raises:
            SourceError: names the column, examples of what was seen, and what is allowed.
        """
        sample = list(rows)
        for column in self._required():
            values = [value for row in sample if (value := row.get(column.name)) is not None and value not in _NULLS]
            wrong = [value for value in values if not PATTERNS[column.kind].fullmatch(value)]
            if len(values) >= MIN_SAMPLE_VALUES and len(wrong) * 2 > len(values):
                is_shown = all(map(is_anonymous, wrong[:3])) if column.name == VIEWER else not self.is_personal
                examples = ", ".join(dict.fromkeys(map(quote if is_shown else kind_of, wrong[:3])))
                raise SourceError(f"{where}: column {column.name} is retyped; seen: {examples}; allowed: {column.kind}")
            if len(sample) >= MIN_SAMPLE_VALUES and not values:
                raise SourceError(f"{where}: column {column.name} is empty in every row; allowed: {column.kind}")

    @property
    def is_personal(self) -> bool:
        """Whether rows describe people, so that no message may show a value."""
        return self.table == "user_profile"

    def describe(self, where: str, names: Sequence[str]) -> str:
        """Say which names came and which required columns are not among them, with the nearest name of each."""
        resolved = self.resolve(names)
        missing = [column for column in self._required() if column.name not in resolved]
        needed = ", ".join(column.name for column in missing)
        return f"{where} has the columns {list_names(names)}, and lacks {needed}{self._nearest(missing, names)}"

    def _nearest(self, missing: Iterable[Column], names: Sequence[str]) -> str:
        unknown = [name for name, column in zip(names, self.resolve(names), strict=True) if column is None]
        return suggest_names({column.name: (column.name, *column.aliases) for column in missing}, unknown)

    def _required(self) -> list[Column]:
        return [column for column in self.columns if column.required]


def _with_aliases(column: Column) -> str:
    return f"{column.name} (or {', '.join(column.aliases)})" if column.aliases else column.name
