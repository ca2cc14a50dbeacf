"""A disk that is full, of the database or of the artifacts: what is served stays, and with room a retry is as ever."""

import shutil

import psycopg
import pytest
from upath import UPath

from movierec.errors import DiskFullError
from movierec.rankers.saved_models.model_card import CARD, model_folder
from tests.conftest import fill, mounted
from tests.faults.chains import publication
from tests.faults.conftest import running, serve_a_night
from tests.faults.datasets import clean, write_csv
from tests.faults.stages import take as take_stages
from tests.faults.steps import RETRIED, take
from tests.faults.test_interrupted import AS_OF, all_layers
from tests.faults.test_publication import served
from tests.faults.test_training import digests, lists
from tests.publishing.conftest import LENGTH

LITTLE_MEMORY = "options='-c work_mem=64kB'"  # so that sorting needs the disk, as on a large warehouse
VIEWERS = 60


def make_room(server, disk):
    """Delete the ballast, and start the server where the disk was too full even for that to stay up."""
    (disk / "ballast").unlink()
    server.start()


@pytest.fixture(scope="module")
def night_on_small_disk(tmp_path_factory):
    """Return a served night whose database has a disk of its own, and the disk."""
    with (
        mounted(tmp_path_factory.mktemp("small") / "disk", "400m") as disk,
        running(disk, max_wal_size="64MB", min_wal_size="32MB") as server,
    ):
        yield serve_a_night(server, tmp_path_factory.mktemp("full")), disk


@pytest.mark.slow
def test_a_full_disk_of_the_database_is_a_reason_to_try_an_ingestion_again(night_on_small_disk, tmp_path):
    night, disk = night_on_small_disk
    server = night.server
    folder = write_csv(tmp_path / "many", clean(9, ratings=60_000, movies=400, users=300))

    def ingest(warehouse):
        take(warehouse, server.conninfo("app"), folder, "next", AS_OF)

    warehouse, settings = night.copy(tmp_path / "ingest")
    before = lists(warehouse)
    ingest(warehouse)
    without_fault = (all_layers(server), digests(warehouse, settings), lists(warehouse))
    warehouse, settings = night.copy(tmp_path / "ingest")
    fill(disk)
    try:
        with pytest.raises(SystemExit) as failed:
            ingest(warehouse)
    finally:
        make_room(server, disk)
    assert failed.value.code == RETRIED
    assert lists(warehouse) == before
    ingest(warehouse)
    assert (all_layers(server), digests(warehouse, settings), lists(warehouse)) == without_fault


@pytest.mark.slow
@pytest.mark.parametrize("stage", ["write_lists", "write_catalogue", "audit_version"])
def test_a_full_disk_of_the_database_is_a_reason_to_try_a_publication_again(night_on_small_disk, tmp_path, stage):
    night, disk = night_on_small_disk

    def publish(warehouse, settings, before=lambda _: None):
        take_stages(f"{warehouse} {LITTLE_MEMORY}", publication(warehouse, settings, "next"), before)

    warehouse, settings = night.copy(tmp_path)
    publish(warehouse, settings)
    without_fault = digests(warehouse, settings), served(warehouse)
    warehouse, settings = night.copy(tmp_path)
    before, reached = served(warehouse), []

    def fill_before(name):
        reached.append(name)
        if name == stage:
            fill(disk)

    try:
        with pytest.raises(psycopg.OperationalError, match=r"No space left on device|server closed the connection"):
            publish(warehouse, settings, fill_before)
    finally:
        make_room(night.server, disk)
    assert reached[-1] == stage
    assert served(warehouse) == before
    publish(warehouse, settings)
    assert (digests(warehouse, settings), served(warehouse)) == without_fault
    assert served(warehouse)[4] == f"({VIEWERS * LENGTH},{VIEWERS})"


@pytest.mark.parametrize(("spare", "artifact"), [(0, r"final/features/\w+\.npz"), (120_000, r"fits/\w+/\w+\.npz")])
def test_a_full_disk_of_the_artifacts_ends_a_publication_with_its_sentence_and_one_with_room_is_as_ever(
    served_night, disk_of, spare, artifact
):
    disk = disk_of("4m")

    def begin_night():
        """Return a warehouse and settings after a night of which the champion has not been fitted on everything."""
        warehouse, settings = served_night.copy(disk)
        (card,) = (disk / "artifacts").glob(f"trainings/000001/final/*/{CARD}")
        for folder in (model_folder(UPath(card.parent)).path, card.parents[1]):
            shutil.rmtree(folder)
        return warehouse, settings

    warehouse, settings = begin_night()
    take_stages(warehouse, publication(warehouse, settings, "night"))
    without_fault = digests(warehouse, settings), served(warehouse)
    warehouse, settings = begin_night()
    before = served(warehouse)
    ballast = disk / "ballast"
    ballast.write_bytes(bytes(shutil.disk_usage(disk).free - spare))
    stages = publication(warehouse, settings, "night")
    with pytest.raises(DiskFullError, match=rf"^no room for .*{artifact}: [\d,]+ bytes are needed, [\d,]+ are free$"):
        take_stages(warehouse, stages)
    assert served(warehouse) == before
    ballast.unlink()
    take_stages(warehouse, stages)
    assert (digests(warehouse, settings), served(warehouse)) == without_fault
