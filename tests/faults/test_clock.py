"""A clock that was set back a day: nothing that is newer is taken for older, and the next night is as ever."""

import shutil
from datetime import UTC, datetime, timedelta

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


def serve(warehouse, app, folder, settings, moments):
    """Take a night for each moment, as schedules do; return the live version and the lists after each."""
    found = []
    for number, moment in enumerate(moments):
        with connect(warehouse) as conn:
            ingest(conn, app, folder, f"night {number}", as_of=moment)
            due = batch_to_train_on(conn, is_automatic=True)
        if due is not None:
            take(warehouse, training(warehouse, settings, f"night {number}"))
            take(warehouse, publication(warehouse, settings, f"night {number}"))
        with connect(warehouse) as conn:
            found.append((pointer.live_version(conn), lists(warehouse)))
    return found


def test_a_night_by_a_clock_that_was_set_back_changes_nothing_and_the_next_one_is_as_ever(copy_of, tmp_path, settings):
    folder = movielens.generate(tmp_path / "data")
    straight = serve(copy_of("warehouse"), copy_of("app"), folder, settings, [NOW, NOW + DAY])
    shutil.rmtree(settings.artifacts)
    back = serve(copy_of("warehouse"), copy_of("app"), folder, settings, [NOW, NOW - DAY, NOW + DAY])
    assert back == [straight[0], straight[0], straight[1]]
