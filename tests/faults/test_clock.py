"""A clock that was set back a day: nothing that is newer is taken for older, and the next night is as ever."""

import shutil
from datetime import UTC, datetime, timedelta

import pytest

from movierec import db
from movierec import warehouse as structure
from movierec.config import SQL
from movierec.db import connect
from movierec.publishing import pointer
from movierec.training.snapshot import batch_to_train_on
from tests import movielens
from tests.faults.chains import publication, training
from tests.faults.stages import take
from tests.faults.test_training import lists
from tests.night import ingest

DAY = timedelta(days=1)
NOW = datetime.now(UTC) - 2 * DAY


def test_a_structure_that_is_applied_after_the_clock_was_set_back_is_the_latest(warehouse, tmp_path, monkeypatch):
    with connect(warehouse) as conn:
        conn.execute("update ops.structure set applied_at = now() + interval '1 day'")  # as it looks afterwards
    changed = shutil.copytree(SQL, tmp_path / "sql")
    with (changed / "ddl" / "lineage.sql").open("a") as file:
        file.write("create or replace view ops.version_lineage_too as select 1 as one;\n")
    for module in (structure, db):
        monkeypatch.setattr(module, "SQL", changed)
    assert structure.migrate(warehouse) is True
    assert structure.migrate(warehouse) is False
    for module in (structure, db):
        monkeypatch.setattr(module, "SQL", SQL)
    assert structure.migrate(warehouse) is True
    assert structure.migrate(warehouse) is False


def serve(warehouse, app, folder, settings, moments, after=None):
    """Take a night for each moment, as schedules do; return the live version and the lists after each.

    `after` has what is done to the warehouse after a night, by its number.
    """
    found = []
    for number, moment in enumerate(moments):
        with connect(warehouse) as conn:
            ingest(conn, app, folder, f"night {number}", as_of=moment)
            due = batch_to_train_on(conn, is_automatic=True)
        if due is not None:
            take(warehouse, training(warehouse, settings, f"night {number}"))
            take(warehouse, publication(warehouse, settings, f"night {number}"))
        with connect(warehouse) as conn:
            conn.execute((after or {}).get(number, "select 1"))
            found.append((pointer.live_version(conn), lists(warehouse)))
    return found


def test_a_night_by_a_clock_that_was_set_back_changes_nothing_and_the_next_one_is_as_ever(copy_of, tmp_path, settings):
    folder = movielens.generate(tmp_path / "data")
    straight = serve(copy_of("warehouse"), copy_of("app"), folder, settings, [NOW, NOW + DAY])
    shutil.rmtree(settings.artifacts)
    back = serve(copy_of("warehouse"), copy_of("app"), folder, settings, [NOW, NOW - DAY, NOW + DAY])
    assert back == [straight[0], straight[0], straight[1]]


AHEAD = """
    update ops.batch set as_of = now() + interval '1 day' where batch_id = 2;
    update ops.shown_batch set as_of = now() + interval '1 day' where batch_id = 2;
    update ops.night set as_of = now() + interval '1 day' where batch_id = 2
"""


@pytest.mark.slow
def test_a_night_by_a_clock_that_was_ahead_does_not_keep_later_ones_from_readers(copy_of, tmp_path, settings, caplog):
    """Dated tomorrow, it would be the newest one until then: nothing would be learned from the nights after it."""
    folder = movielens.generate(tmp_path / "data")
    moments = [NOW - DAY, NOW, NOW + DAY]
    straight = serve(copy_of("warehouse"), copy_of("app"), folder, settings, moments)
    shutil.rmtree(settings.artifacts)
    caplog.clear()
    warehouse = copy_of("warehouse")
    assert serve(warehouse, copy_of("app"), folder, settings, moments, {1: AHEAD}) == straight
    assert [version for version, _ in straight] == [1, 2, 3]
    with connect(warehouse) as conn:
        assert conn.execute("select batch_id, as_of from ops.batch order by 1").fetchall() == [
            (1, moments[0]),
            (2, moments[0]),  # as of the one before, and after it
            (3, moments[2]),
        ]
    (said,) = [record.getMessage() for record in caplog.records if "a clock that was ahead" in record.getMessage()]
    assert said.startswith("batch 2 is dated 20")
