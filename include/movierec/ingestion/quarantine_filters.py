"""Which rejected rows are meant: by batch, source, table, rule, position and status."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from movierec.db import Connection, fetch, run_sql
from movierec.errors import ConfigError
from movierec.ingestion.quarantine_actions import STATUSES
from movierec.sources.table_contracts import CONTRACTS


@dataclass(frozen=True, kw_only=True)
class Filters:
    """Which rejected rows are meant; a filter that is not set selects them all.

    Attributes:
        batch_id: the batch that loaded the row.
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
    def from_form(cls, form: Mapping[str, Any]) -> "Filters":
        """Read batch, source, table, rule, rows and status from a form; an empty field sets no filter."""
        texts = {name: (form[name] or "").strip() or None for name in ("source", "table", "rule", "status")}
        return cls(batch_id=form["batch"], ids=tuple(form["rows"] or ()), **texts)

    @property
    def is_empty(self) -> bool:
        """Whether no filter is set, the status aside."""
        return self.batch_id is None and not (self.source or self.table or self.rule or self.ids)

    def __str__(self) -> str:
        """List the filters that are set, under the names that the form and the command line use."""
        texts = vars(self) | {"ids": " ".join(self.ids)}
        return ", ".join(f"{_FIELDS.get(name, name)} {value}" for name, value in texts.items() if value) or "no filter"


_FIELDS = {"batch_id": "batch", "ids": "rows"}


def select_rows(conn: Connection, filters: Filters, statuses: tuple[str, ...]) -> None:
    """Put the rows that the filters select into the temporary table `selected_row`.

    Where the filters name no status, `statuses` are selected.

    Raises:
        ConfigError: a filter names something that does not exist.
    """
    _require_filters(conn, filters)
    pairs = [tuple(map(int, row_id.split(":"))) for row_id in filters.ids]
    parameters = {
        "batch_id": filters.batch_id,
        "source": filters.source,
        "table_name": filters.table,
        "rule": filters.rule,
        "slices": [slice_id for slice_id, _ in pairs] or None,
        "positions": [position for _, position in pairs] or None,
        "statuses": [filters.status] if filters.status else list(statuses),
    }
    run_sql(conn, "quarantine/select_rows", parameters)


def require_allowed(name: str, value: str | None, allowed: tuple[str, ...]) -> None:
    """Require a word that exists; the error names those that do.

    Raises:
        ConfigError: the value is neither empty nor allowed.
    """
    if value and value not in allowed:
        raise ConfigError(f"{name} is '{value}'; allowed is {', '.join(allowed)}")


def _require_filters(conn: Connection, filters: Filters) -> None:
    require_allowed("table", filters.table, tuple(CONTRACTS))
    require_allowed("status", filters.status, STATUSES)
    if filters.rule:
        known = fetch(conn, "quarantine/rule_names", {"table_name": filters.table})
        require_allowed("rule", filters.rule, tuple(row["rule"] for row in known))
    for row_id in filters.ids:
        if not re.fullmatch(r"[0-9]{1,9}:[0-9]{1,9}", row_id):
            raise ConfigError(f"row is '{row_id}'; allowed is slice:position, such as 17:4")
