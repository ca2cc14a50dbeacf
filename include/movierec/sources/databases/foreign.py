"""A foreign database in one snapshot: the queries that are the same for PostgreSQL and MySQL."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import ClassVar

from movierec.sources.databases.layout import SOFT_DELETES, TableLayout
from movierec.sources.databases.watermark import unit
from movierec.sources.source import Chunk

SAMPLE_ROWS = 1_000  # rows whose values are compared with the contract
# What a mark of deletion holds while the row is alive; a time of deletion is compared by its first ten letters.
NOT_DELETED_VALUES = ("", "0", "f", "false", "n", "no", "0000-00-00")


class ForeignDatabase(ABC):
    """An open connection to a database that is not ours, reading everything as of one moment.

    Attributes:
        name: what messages call it.
        times: declared types that a watermark can be taken from.
        numbers: the same, counting from 1970.
        now: the database's clock, in UTC.
        epoch: the same in seconds since 1970.
    """

    name: str
    times: ClassVar[frozenset[str]]
    numbers: ClassVar[frozenset[str]]
    now: ClassVar[str]
    epoch: ClassVar[str]

    @abstractmethod
    def tables(self) -> list[str]:
        """Return the names of the tables and views."""

    @abstractmethod
    def types(self, table: str) -> dict[str, str]:
        """Return the columns of a table, in order, with their declared types."""

    @abstractmethod
    def rows(self, layout: TableLayout, condition: str) -> Iterator[Chunk]:
        """Yield the rows of a table that meet a condition."""

    @abstractmethod
    def keys(self, layout: TableLayout) -> Iterator[Chunk]:
        """Yield the keys of the rows that are alive."""

    @abstractmethod
    def fetch(self, statement: str) -> list[tuple[str | None, ...]]:
        """Return the rows of a short answer as text."""

    @abstractmethod
    def quote(self, identifier: str) -> str:
        """Return a name, quoted for a statement."""

    @abstractmethod
    def literal(self, value: str) -> str:
        """Return a value, quoted for a statement."""

    @abstractmethod
    def text(self, expression: str, declared: str) -> str:
        """Return the expression of a value of some type as text."""

    @abstractmethod
    def before(self, value: str, declared: str, seconds: int) -> str:
        """Return the expression of a moment some seconds before another."""

    @abstractmethod
    def digest(self, layout: TableLayout) -> str:
        """Return the expression of a number that differs where rows of a table differ, in whatever order."""

    def select(self, fields: Sequence[str], layout: TableLayout, condition: str = "") -> str:
        """Return the statement that reads these fields."""
        where = ("where", condition) if condition else ()
        return " ".join(("select", ", ".join(fields), "from", self.quote(layout.table), *where))

    def field(self, layout: TableLayout, column: str) -> str:
        """Return the expression of a column of a table as text."""
        return self.text(self.quote(column), layout.types[column])

    def deleted(self, layout: TableLayout) -> str:
        """Return the condition of being marked as deleted."""
        alive = ", ".join(map(self.literal, NOT_DELETED_VALUES))
        marks = [self.field(layout, column) for column in layout.types if column.casefold() in SOFT_DELETES]
        return "(" + " or ".join(f"coalesce(lower(left({mark}, 10)) not in ({alive}), false)" for mark in marks) + ")"

    def alive(self, layout: TableLayout) -> str:
        """Return the condition of not being marked as deleted, empty where rows bear no mark."""
        return f"not {self.deleted(layout)}" if layout.deleted else ""

    def sample(self, layout: TableLayout) -> list[dict[str, str | None]]:
        """Return some rows under the contract's names."""
        fields = [self.field(layout, column) for column in layout.known.values()]
        rows = self.fetch(f"{self.select(fields, layout)} limit {SAMPLE_ROWS}")
        return [dict(zip(layout.known, row, strict=True)) for row in rows]

    def start_of_reading(self, layout: TableLayout, column: str, value: str, overlap: int) -> str:
        """Return the moment to read from: so many seconds before the watermark."""
        if layout.types[column] in self.times:
            return self.before(value, layout.types[column], overlap)
        return format(Decimal(value) - overlap * self._unit(layout, column), "f")

    def latest_change(self, layout: TableLayout, column: str) -> str | None:
        """Return the last change that is not in the future: a wrong stamp must not hide what comes after it."""
        name, declared = self.quote(column), layout.types[column]
        now = self.now if declared in self.times else f"{self.epoch} * {self._unit(layout, column)}"
        return self.fetch(self.select([self.text(f"max({name})", declared)], layout, f"{name} <= {now}"))[0][0]

    def digest_before(self, layout: TableLayout, column: str, moment: str) -> str:
        """Return a digest of the rows that changed before that moment, which reading from there does not see."""
        condition = f"{self.quote(column)} < {moment}"
        return " ".join(map(str, self.fetch(self.select(["count(*)", self.digest(layout)], layout, condition))[0]))

    def _unit(self, layout: TableLayout, column: str) -> int:
        name = self.quote(column)
        rows = self.fetch(f"{self.select([name], layout, f'{name} is not null')} limit {SAMPLE_ROWS}")
        return unit([value for (value,) in rows if value is not None])
