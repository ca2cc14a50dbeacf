"""A database whose disk is full: what is served stays, and once there is room a retry leaves what a quiet run does."""

import shutil

import pytest

from movierec.local import postgres
from tests.faults.conftest import running, serve_a_night
from tests.faults.datasets import clean, write_csv
from tests.faults.steps import RETRIED, take
from tests.faults.test_interrupted import AS_OF, everything
from tests.faults.test_training import left, lists

SPARE = 1_000_000  # bytes that are left on the full disk, or a few more


@pytest.mark.slow
def test_a_full_disk_of_the_database_is_a_reason_to_try_again(disk_of, tmp_path):
    disk = disk_of("400m")
    folder = write_csv(tmp_path / "many", clean(9, ratings=60_000, movies=400, users=300))
    with running(disk, max_wal_size="64MB", min_wal_size="32MB") as server:
        night = serve_a_night(server, tmp_path)

        def ingest(warehouse):
            take(warehouse, server.conninfo("app"), folder, "next", AS_OF)

        warehouse, settings = night.copy(tmp_path / "ingest")
        before = lists(warehouse)
        ingest(warehouse)
        undisturbed = (everything(server), left(warehouse, settings), lists(warehouse))
        warehouse, settings = night.copy(tmp_path / "ingest")
        ballast = disk / "ballast"
        with ballast.open("wb") as file:
            for _ in range(shutil.disk_usage(disk).free // SPARE - 1):
                file.write(bytes(SPARE))
        with pytest.raises(SystemExit) as failed:
            ingest(warehouse)
        assert failed.value.code == RETRIED
        ballast.unlink()
        postgres.start(server.settings)  # where the disk was too full even to stay up
        assert lists(warehouse) == before
        ingest(warehouse)
        assert (everything(server), left(warehouse, settings), lists(warehouse)) == undisturbed
