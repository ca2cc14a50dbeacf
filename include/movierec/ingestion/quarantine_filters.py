"""Which rejected rows are meant: by night, source, table, rule, number, status."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from movierec.db import Connection, fetch, run_sql
from movierec.errors import ConfigError
from movierec.sources.contract import CONTRACTS

WAITING = ("rejected", "pending")
STATES = (*WAITING, "replayed", "dismissed")


@dataclass(frozen=True)
class Filters:
    """Which rejected rows are meant; what is left out does not matter.

    Attributes:
        batch_id: the night that loaded the row.
        source: name of the source.
        table: name of the table.
        rule: one of the rules that the row breaks.
        ids: rows by `slice:position`.
        status: rejected, pending (decided about, not yet replayed), replayed or dismissed.
    """

    batch_id: int | None = None
    source: str | None = None
    table: str | None = None
    rule: str | None = None
    ids: tuple[str, ...] = ()
    status: str | None = None

    @classmethod
    def of(cls, form: Mapping[str, Any]) -> "Filters":
        """Read batch, source, table, rule, rows and status from a form; an empty field does not matter."""
        texts = {name: (form[name] or "").strip() or None for name in ("source", "table", "rule", "status")}
        return cls(batch_id=form["batch"], ids=tuple(form["rows"] or ()), **texts)

    @property
    def is_empty(self) -> bool:
        """Whether nothing but the status narrows the choice."""
        return self.batch_id is None and not (self.source or self.table or self.rule or self.ids)

    def __str__(self) -> str:
        """Name what is asked for."""
        texts = vars(self) | {"ids": " ".join(self.ids)}
        return ", ".join(f"{_WORDS.get(name, name)} {value}" for name, value in texts.items() if value) or "no filter"


_WORDS = {"batch_id": "batch", "ids": "rows"}


def choose(conn: Connection, filters: Filters, states: tuple[str, ...]) -> None:
    """Put the rows that are meant into the temporary table `chosen`; `states` hold where no status is asked for.

    Raises:
        ConfigError: a filter names something that does not exist.
    """
    _require_filters(conn, filters)
    pairs = [tuple(map(int, one.split(":"))) for one in filters.ids]
    parameters = {
        "batch_id": filters.batch_id,
        "source": filters.source,
        "table_name": filters.table,
        "rule": filters.rule,
        "slices": [slice_id for slice_id, _ in pairs] or None,
        "positions": [position for _, position in pairs] or None,
        "states": [filters.status] if filters.status else list(states),
    }
    run_sql(conn, "quarantine/chosen", parameters)


def require(name: str, value: str | None, allowed: tuple[str, ...]) -> None:
    """Refuse a word that does not exist, naming those that do.

    Raises:
        ConfigError: the value is neither empty nor allowed.
    """
    if value and value not in allowed:
        raise ConfigError(f"{name} is '{value}'; allowed is {', '.join(allowed)}")


def _require_filters(conn: Connection, filters: Filters) -> None:
    require("table", filters.table, tuple(CONTRACTS))
    require("status", filters.status, STATES)
    if filters.rule:
        known = fetch(conn, "quarantine/rules", {"table_name": filters.table})
        require("rule", filters.rule, tuple(row["rule"] for row in known))
    for one in filters.ids:
        if not re.fullmatch(r"[0-9]{1,9}:[0-9]{1,9}", one):
            raise ConfigError(f"row is '{one}'; allowed is slice:position, such as 17:4")
