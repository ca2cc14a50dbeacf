"""Thirty past nights, in turn or in any order, leave the same facts and the same newest night in core."""

from datetime import UTC, datetime

import pytest

from movierec.db import connect
from movierec.ingestion import core
from tests.faults.datasets import FIRST_SECOND, clean, dice_of, write_csv
from tests.faults.world import facts
from tests.night import ingest

NIGHTS = 30
MINUTES = 10


def time_of(night):
    return datetime.fromtimestamp(FIRST_SECOND + (night + 1) * MINUTES * 60, UTC)


@pytest.fixture
def filled(app):
    """Return an application with an event of a viewer every quarter of an hour."""
    with connect(app) as conn:
        for place in range(20):
            conn.execute(
                "insert into feedback_event (user_id, movie_id, kind, value, created_at) "
                "values (%s, %s, %s, %s, to_timestamp(%s))",
                [place % 4 + 1, place + 1, "rating" if place % 3 else "view", 4, FIRST_SECOND + place * 900],
            )
    return app


def every_night(warehouse, app, folder, order):
    """Take the nights in this order; return what each of them saw, and what core shows in the end."""
    seen = {}
    with connect(warehouse) as conn:
        for night in order:
            batch_id = ingest(conn, app, folder, f"night {night}", as_of=time_of(night))
            with core.core_as_of(conn, batch_id) as schema:
                seen[night] = facts(conn, schema)
        return seen, facts(conn)


@pytest.mark.slow
def test_thirty_past_nights_in_any_order_are_the_nights_in_turn(copy_of, filled, tmp_path):
    folder = write_csv(tmp_path, clean(5, ratings=320, movies=30, users=20))
    in_turn, newest = every_night(copy_of("warehouse"), filled, folder, range(NIGHTS))
    assert len({seen["ratings"] for seen in in_turn.values()}) == NIGHTS
    assert newest == in_turn[NIGHTS - 1]
    shuffled = dice_of(5).sample(range(NIGHTS), NIGHTS)
    assert every_night(copy_of("warehouse"), filled, folder, shuffled) == (in_turn, newest)


def test_a_past_night_sees_nothing_that_happened_later(conn, filled, tmp_path):
    folder = write_csv(tmp_path, clean(5, ratings=320, movies=30, users=20))
    ingest(conn, filled, folder, "newest")
    batch_id = ingest(conn, filled, folder, "past", as_of=time_of(3))
    with core.core_as_of(conn, batch_id) as schema:
        assert schema == "past"
        for table, time in (("ratings", "rated_at"), ("tags", "tagged_at"), ("events", "occurred_at")):
            latest, found = conn.execute(f"select max({time}), count(*) from {table}").fetchone()
            assert found
            assert latest < time_of(3)
    assert conn.execute("select count(*) from core.ratings").fetchone() > (300,)
