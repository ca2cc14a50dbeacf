"""Whether the database answers, asked once a second however many want to know."""

import asyncio
import time

from movierec.web.database import Row, Warehouse

ASKED_AGAIN_SECONDS = 1.0


class Pulse:
    """What the database said last of the live version; those who ask within a second share one answer, or one failure.

    A monitor is never refused, and never waits behind others: while the database is away, all of them wait for the same
    connection.
    """

    def __init__(self, warehouse: Warehouse) -> None:
        """Ask this warehouse, the first time when somebody wants to know."""
        self._warehouse = warehouse
        self._asked: asyncio.Task[Row | None] | None = None
        self._asked_at = 0.0

    async def freshness(self) -> Row | None:
        """Return the row of the live version, at most a second old; None where there is none.

        Raises:
            OperationalError, PoolTimeout: the database was not reached.
        """
        now = time.monotonic()
        if self._asked is None or (self._asked.done() and now - self._asked_at >= ASKED_AGAIN_SECONDS):
            self._asked, self._asked_at = asyncio.create_task(self._warehouse.row("freshness", {})), now
        return await asyncio.shield(self._asked)  # a client that goes away ends nobody else's question
