"""Questions about single viewers that are asked in one statement where they come at once."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import psycopg
import pytest
from psycopg_pool import PoolTimeout, TooManyRequests

from movierec.local.postgres.roles import WEB_ROLE
from movierec.web import batching
from movierec.web.batching import MAX_STATEMENTS, MAX_TOGETHER, Batching
from movierec.web.database import Row, Warehouse

from .conftest import Site
from .small_warehouse import VIEWERS

ANSWER = "recommendations_answer"
PAGE = {
    "row_limit": 5,
    **dict.fromkeys(("genres_in", "genres_out", "year_from", "year_to", "leave_out", "genre_cap")),
    "after": 0,
}


class CountedWarehouse(Warehouse):
    """A warehouse that notes whom each statement asked about."""

    def __init__(self, conninfo: str) -> None:
        """Begin with no statement."""
        super().__init__(conninfo)
        self.asked: list[list[int | None]] = []

    async def rows(self, name: str, parameters: Any) -> list[Row]:
        """Note whom it is about, and ask."""
        self.asked.append(parameters["user_ids"])
        return await super().rows(name, parameters)


@pytest.fixture
def ask(site: Site) -> Callable[[Callable[[Batching, CountedWarehouse], Awaitable[Any]]], Any]:
    """Return a function that lets a test ask the small warehouse as the application does."""

    def run(test: Callable[[Batching, CountedWarehouse], Awaitable[Any]]) -> Any:
        async def with_warehouse() -> Any:
            warehouse = CountedWarehouse(site.conninfo.replace("user=movierec_etl", f"user={WEB_ROLE}"))
            await warehouse.open()
            try:
                return await test(Batching(warehouse), warehouse)
            finally:
                await warehouse.close()

        return asyncio.run(with_warehouse())

    return run


def test_what_comes_at_once_is_asked_together_and_each_viewer_is_told_the_same_as_alone(ask):
    async def test(questions: Batching, warehouse: CountedWarehouse) -> None:
        alone = {viewer: await questions.row(ANSWER, {**PAGE, "user_id": viewer}) for viewer in VIEWERS}
        assert warehouse.asked == [[viewer] for viewer in VIEWERS]
        assert len({row["body"] for row in alone.values()}) == len(VIEWERS)
        warehouse.asked.clear()
        together = await asyncio.gather(*(questions.row(ANSWER, {**PAGE, "user_id": viewer}) for viewer in VIEWERS))
        assert dict(zip(VIEWERS, together, strict=True)) == alone
        assert sorted(viewer for viewers in warehouse.asked for viewer in viewers) == list(VIEWERS)
        assert len(warehouse.asked) == len(VIEWERS) / MAX_TOGETHER

    ask(test)


def test_a_viewer_asked_about_twice_is_looked_up_once(ask):
    async def test(questions: Batching, warehouse: CountedWarehouse) -> None:
        rows = await asyncio.gather(*(questions.row("etag", {"user_id": viewer}) for viewer in (7, None, 7, 8)))
        assert [row["user_id"] for row in rows] == [7, None, 7, 8]
        assert rows[0] == rows[2]
        (viewers,) = warehouse.asked
        assert set(viewers) == {7, 8, None}
        assert len(viewers) == 3

    ask(test)


def test_questions_that_differ_in_more_than_the_viewer_are_not_mixed(ask):
    some, fewer = {**PAGE, "row_limit": 3}, {**PAGE, "row_limit": 2}
    pages = [PAGE, some, {**some, "genres_in": ["Crime"]}, {**fewer, "genres_in": ["War"]}]

    async def test(questions: Batching, _: CountedWarehouse) -> None:
        asked = [(viewer, page) for viewer in (1, 2, 3) for page in pages]
        alone = [await questions.row(ANSWER, {**page, "user_id": viewer}) for viewer, page in asked]
        together = await asyncio.gather(*(questions.row(ANSWER, {**page, "user_id": viewer}) for viewer, page in asked))
        assert together == alone
        lengths = [len(json.loads(row["body"])["items"]) for row in together]
        assert lengths == [page["row_limit"] for _, page in asked]

    ask(test)


def test_what_becomes_of_a_statement_is_told_to_all_who_were_asked_about_in_it_and_the_next_one_is_asked(ask):
    wrong = {**PAGE, "row_limit": "many"}

    async def test(questions: Batching, _: CountedWarehouse) -> None:
        asked = [questions.row(ANSWER, {**wrong, "user_id": viewer}) for viewer in (1, 2, 3)]
        errors = await asyncio.gather(*asked, return_exceptions=True)
        assert all(isinstance(error, psycopg.errors.InvalidTextRepresentation) for error in errors)
        assert (await questions.row(ANSWER, {**PAGE, "user_id": 1}))["user_id"] == 1

    ask(test)


def test_somebody_who_stops_waiting_keeps_nobody_else_waiting(ask):
    async def test(questions: Batching, _: CountedWarehouse) -> None:
        impatient, patient = (
            asyncio.create_task(questions.row(ANSWER, {**PAGE, "user_id": viewer})) for viewer in (1, 2)
        )
        await asyncio.sleep(0)
        impatient.cancel()
        assert (await patient)["user_id"] == 2
        with pytest.raises(asyncio.CancelledError):
            await impatient

    ask(test)


def test_while_the_database_keeps_statements_waiting_others_give_up_and_too_many_are_refused(ask, site, monkeypatch):
    monkeypatch.setattr(batching, "WAIT_SECONDS", 0.2)
    monkeypatch.setattr(batching, "MAX_WAITING", 3)

    async def test(questions: Batching, _: CountedWarehouse) -> None:
        with psycopg.connect(site.conninfo) as conn:
            conn.execute("lock table serving.live in access exclusive mode")
            held = []
            for viewer in range(MAX_STATEMENTS):
                held.append(asyncio.create_task(questions.row(ANSWER, {**PAGE, "user_id": viewer + 1})))
                await asyncio.sleep(0.05)  # until it is asked, so that the next one is not asked with it
            waiting = [
                asyncio.create_task(questions.row(ANSWER, {**PAGE, "user_id": viewer})) for viewer in (11, 12, 13)
            ]
            await asyncio.sleep(0)
            with pytest.raises(TooManyRequests):
                await questions.row(ANSWER, {**PAGE, "user_id": 14})
            results = await asyncio.gather(*waiting, return_exceptions=True)
            assert [type(each) for each in results] == [PoolTimeout] * 3
            conn.rollback()
        assert [(await each)["user_id"] for each in held] == [viewer + 1 for viewer in range(MAX_STATEMENTS)]
        assert (await questions.row(ANSWER, {**PAGE, "user_id": 11}))["user_id"] == 11

    ask(test)
