"""How the columns of a foreign table match those of its contract, and which of them tells of changes."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from movierec.sources.contract import Contract

SOFT_DELETES = ("is_deleted", "deleted_at")


@dataclass(frozen=True)
class TableLayout:
    """A table of a foreign database, its columns matched with those of its contract.

    Attributes:
        contract: what it has to be.
        where: what messages call it.
        types: the declared type of every column at the source, in the source's order.
        names: for every column at the source the contract's name, or None for one that goes to `extra`.
    """

    contract: Contract
    where: str
    types: Mapping[str, str]
    names: Mapping[str, str | None]

    @property
    def table(self) -> str:
        """The table's name, here and there."""
        return self.contract.table

    @property
    def known(self) -> dict[str, str]:
        """The source's name of every column of the contract that came, in the contract's order."""
        columns = {name: column for column, name in self.names.items() if name}
        return {name: columns[name] for name in self.contract.names if name in columns}

    @property
    def deleted(self) -> str | None:
        """The column that marks a row as deleted while it is still there."""
        return next((column for column in self.types if column.casefold() in SOFT_DELETES), None)

    @property
    def extras(self) -> list[str]:
        """Columns that the contract does not know; a plain mark of deletion has a column of its own in raw."""
        return [column for column, name in self.names.items() if not name and column.casefold() != "is_deleted"]

    @property
    def unknown_columns(self) -> list[str]:
        """Columns that nothing here uses."""
        used = (*SOFT_DELETES, *self.contract.changed_at)
        return [column for column in self.extras if column.casefold() not in used]

    @property
    def changed_at(self) -> str | None:
        """The column to read by: the first of the contract's that is there."""
        for wanted in self.contract.changed_at:
            for column, name in self.names.items():
                if wanted in (name, column.casefold()):
                    return column
        return None

    @property
    def follows_updates(self) -> bool:
        """Whether that column moves with every update; the time of a rating need not."""
        return (self.changed_at or "").casefold() == "updated_at"

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of raw that a row fills, `extra` last."""
        marks = ("is_deleted",) if self.deleted else ()
        return (*self.known, *marks, *(("extra",) if self.extras else ()))

    @property
    def shape(self) -> str:
        """Name the columns and their types, in any order, in a few letters."""
        text = "\n".join(sorted(f"{column} {kind}" for column, kind in self.types.items()))
        return hashlib.sha256(text.encode()).hexdigest()[:16]
