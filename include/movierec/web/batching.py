"""Questions about one viewer each that are asked in one statement where they come at once (micro-batching).

A statement costs as much again as what it asks about one viewer: a connection is taken, a plan is made ready, an answer
is waited for, on both sides. And a few statements at a time are answered sooner than many that compete for processors.
A question that finds nothing under way is asked at once, so that none waits to be joined.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Hashable
from dataclasses import dataclass, field

from psycopg_pool import PoolTimeout, TooManyRequests

from movierec.web.database import MAX_WAITING, WAIT_SECONDS, Parameters, Row, Warehouse, question_key

MAX_STATEMENTS = 2  # at a time; the connections of the pool are for what else is asked, too
MAX_TOGETHER = 8  # viewers of one statement


@dataclass(frozen=True)
class _Question:
    viewer: object
    row: asyncio.Future[Row | None]
    timer: asyncio.TimerHandle


@dataclass(frozen=True)
class _Group:
    """Questions that differ in the viewer alone."""

    name: str
    parameters: Parameters
    questions: deque[_Question] = field(default_factory=deque)


class Batching:
    """Asks statements of `include/sql/web` that take `user_ids` and return a row with `user_id` for each."""

    def __init__(self, warehouse: Warehouse) -> None:
        """Ask this warehouse."""
        self._warehouse = warehouse
        self._groups: OrderedDict[Hashable, _Group] = OrderedDict()
        self._waiting = 0
        self._statements: set[asyncio.Task[None]] = set()

    async def row(self, name: str, parameters: Parameters) -> Row | None:
        """Return a viewer's row of a statement, None where there is none.

        Args:
            name: of the statement.
            parameters: of the statement, with the viewer's `user_id` instead of `user_ids`.

        Raises:
            PoolTimeout: the statement has not begun within `WAIT_SECONDS`.
            TooManyRequests: so many wait that this one would not be asked in time.
            psycopg.Error: what became of the statement, for all who were asked about in it.
        """
        if self._waiting >= MAX_WAITING:
            raise TooManyRequests(f"more than {MAX_WAITING} questions wait")
        loop = asyncio.get_running_loop()
        row: asyncio.Future[Row | None] = loop.create_future()
        others = {key: value for key, value in parameters.items() if key != "user_id"}
        group = self._groups.setdefault(question_key(name, others), _Group(name, others))
        group.questions.append(_Question(parameters["user_id"], row, loop.call_later(WAIT_SECONDS, _give_up, row)))
        self._waiting += 1
        if len(self._statements) < MAX_STATEMENTS:
            statements = loop.create_task(self._ask_all())
            self._statements.add(statements)
            statements.add_done_callback(self._statements.discard)
        return await row

    async def _ask_all(self) -> None:
        """Ask until nothing waits, in the order in which groups have begun to wait."""
        while self._groups:
            key, group = self._groups.popitem(last=False)
            questions = [group.questions.popleft() for _ in range(min(MAX_TOGETHER, len(group.questions)))]
            if group.questions:
                self._groups[key] = group
            self._waiting -= len(questions)
            for question in questions:
                question.timer.cancel()
            questions = [question for question in questions if not question.row.done()]
            if questions:
                await self._ask(group, questions)

    async def _ask(self, group: _Group, questions: list[_Question]) -> None:
        viewers = list({question.viewer for question in questions})
        try:
            rows = await self._warehouse.rows(group.name, {**group.parameters, "user_ids": viewers})
        except Exception as error:  # raised where the answer is waited for
            for question in questions:
                if not question.row.done():
                    question.row.set_exception(error)
            return
        found = {row["user_id"]: row for row in rows}
        for question in questions:
            if not question.row.done():
                question.row.set_result(found.get(question.viewer))


def _give_up(row: asyncio.Future[Row | None]) -> None:
    if not row.done():
        row.set_exception(PoolTimeout(f"no statement was free within {WAIT_SECONDS:g} s"))
