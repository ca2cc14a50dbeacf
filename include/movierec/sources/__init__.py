"""Where rows come from. A source is one module and one line in the registry.

A source offers tables, each with a contract; its rows go to `raw.<table>` as text, with batch and position.
"""

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Protocol

from psycopg.types.json import Jsonb

from movierec.db import Connection, clear, copy_rows, run_sql
from movierec.errors import ConfigError
from movierec.sources.contract import Contract

log = logging.getLogger(__name__)

Record = tuple[list[str | None], dict[str, object] | None]


class Source(Protocol):
    """Offers tables under contracts and reads their rows in a stable order."""

    def known(self) -> Iterable[Contract]:
        """Say which tables there can be."""
        ...

    def contracts(self) -> Iterable[Contract]:
        """Say which tables there are tonight."""
        ...

    def read(self, contract: Contract) -> Iterator[Record]:
        """Yield one table: the contract's columns in order, and what came beside them."""
        ...


@dataclass(frozen=True)
class Origin:
    """Where tonight's sources are: the dataset's folder, and the conninfo of a database by its connection id."""

    dataset: str
    conninfo: Callable[[str], str]


@dataclass(frozen=True)
class Registry:
    """The sources by name."""

    makers: dict[str, Callable[[Origin], Source]] = field(default_factory=dict)

    def create(self, name: str, origin: Origin) -> Source:
        """Make a source.

        Raises:
            ConfigError: no source has that name.
        """
        if name not in self.makers:
            raise ConfigError(f"source '{name}' is unknown; allowed: {', '.join(sorted(self.makers))}")
        return self.makers[name](origin)


def extract(conn: Connection, batch_id: int, source: Source) -> dict[str, int]:
    """Replace what this batch holds of a source's tables, in one transaction, and return rows per table."""
    started = time.monotonic()
    counts: dict[str, int] = {}
    run_sql(conn, "ops/lock_batch", {"batch_id": batch_id})
    for contract in source.known():
        clear(conn, f"raw.{contract.table}", batch_id)
    for contract in source.contracts():
        columns = ("batch_id", "position", *contract.columns, "extra")
        rows = _numbered(batch_id, source.read(contract))
        counts[contract.table] = copy_rows(conn, f"raw.{contract.table}", columns, rows)
    conn.commit()
    log.info("extract: %s in %.1f s", _sentence(counts), time.monotonic() - started)
    return counts


def _numbered(batch_id: int, records: Iterator[Record]) -> Iterator[list[object]]:
    for position, (fields, extra) in zip(count(1), records, strict=False):
        yield [batch_id, position, *fields, Jsonb(extra) if extra else None]


def _sentence(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{rows:,} {table}" for table, rows in counts.items())
