"""The artifact store on a server that speaks S3: a night from its snapshot to its lists, and what guards its files."""

from dataclasses import replace

import pytest
from upath import UPath

from movierec.artifacts import load_arrays, read_bytes, save_arrays, write_bytes
from movierec.errors import ConfigError, ModelError
from movierec.forgetting.artifacts import files_with, forget_in_artifacts
from movierec.maintenance.backup import copy_artifacts, make_backup
from movierec.maintenance.manifest import read_manifest
from movierec.maintenance.sizes import measure_sizes
from movierec.publishing import lists, versions
from movierec.rankers import registry
from movierec.rankers.saved_models.model_card import model_folder
from movierec.training.folder import TrainingFolder, prune_trainings
from tests.object_store import s3_server, s3_url  # noqa: F401
from tests.publishing.conftest import crown, write, write_and_go_live
from tests.test_artifacts import ARRAYS

pytestmark = pytest.mark.slow


@pytest.fixture
def settings(settings, s3_url):  # noqa: F811
    return replace(settings, artifacts=s3_url)


@pytest.fixture
def initial_state():
    """Begin with nothing: the whole night has to go to the store."""


@pytest.fixture
def champion(conn, app, settings):
    return crown(conn, app, settings)


def files(root: UPath) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_a_night_goes_from_its_snapshot_to_its_lists(conn, settings, champion):
    write_and_go_live(conn, settings)
    (viewers,) = conn.execute("select count(distinct user_id) from serving.live_recommendation").fetchone()
    assert viewers == 60
    names = files(UPath(settings.artifacts) / "trainings" / f"{champion:06d}")
    assert {"snapshot/ratings.parquet", "train.parquet"} <= set(names)
    assert any(name.startswith("fits/") and name.endswith("/manifest.json") for name in names)
    assert not list(settings.home.glob("**/*.parquet"))  # nothing beside the store


def test_a_damaged_model_is_refused_and_nothing_is_published(conn, settings, champion):
    live = write_and_go_live(conn, settings)
    folder = TrainingFolder.of(settings, champion)
    arrays = sorted(model_folder(folder.final_model("ease")).rglob("*.npz"), key=str)[0]
    data = bytearray(arrays.read_bytes())
    data[len(data) // 2] ^= 0xFF
    arrays.write_bytes(bytes(data))
    with pytest.raises(ModelError, match=r"is not the file that was saved: its sha256 is .* train again"):
        registry.load(folder.final_model("ease"))
    version_id = versions.open_version(conn, "the night after", 20)
    with pytest.raises(ModelError):
        lists.write_lists(conn, version_id, 0, 1, settings)
    conn.rollback()
    assert conn.execute("select distinct version_id from serving.live_recommendation").fetchone() == (live,)


def test_a_file_that_cannot_be_written_stays_as_it_was(s3_url, monkeypatch):  # noqa: F811
    path = UPath(s3_url) / "model" / "arrays.npz"
    save_arrays(path, ARRAYS)

    def fail(*_: object, **__: object) -> None:
        raise OSError("the connection broke")

    with monkeypatch.context() as patched:
        patched.setattr("s3fs.core.S3File.commit", fail)  # what makes an object visible
        with pytest.raises(OSError, match="the connection broke"):
            write_bytes(path, bytes(1_000))
    assert load_arrays(path).keys() == ARRAYS.keys()
    with pytest.raises(ModelError, match="is missing; train again"):
        read_bytes(path.with_name("other.npz"))


def test_a_bucket_that_is_not_there_is_named_and_not_created(s3_url):  # noqa: F811
    path = UPath("s3://modles/nightly/arrays.npz")
    with pytest.raises(ConfigError, match=r"s3://modles/nightly/arrays.npz cannot be written: .*create the bucket"):
        write_bytes(path, b"arrays")
    assert not path.fs.exists("modles")


def test_a_backup_holds_every_file_and_a_restore_puts_them_back(conn, settings, champion):
    write_and_go_live(conn, settings)
    store = UPath(settings.artifacts)
    before = files(store)
    backup = make_backup(conn, settings)
    manifest = read_manifest(backup)  # compares every file with its digest
    assert {f"artifacts/{name}" for name in before} <= set(manifest["files"])
    store.fs.rm(store.path, recursive=True)
    assert copy_artifacts(UPath(backup / "artifacts"), store) == len(before)
    assert files(store) == before
    write(conn, settings, "the night after")


def test_forgetting_measuring_and_pruning_reach_the_store(conn, settings, champion):
    write_and_go_live(conn, settings)
    assert measure_sizes(conn, settings)["artifacts"] > 10_000
    folder = TrainingFolder.of(settings, champion)
    assert files_with(folder, 7)
    assert forget_in_artifacts(settings, 7) == [champion]
    assert files_with(folder, 7) == []
    assert registry.load(folder.final_model("ease"))
    assert prune_trainings(settings, ()) == [champion]
    assert not files(UPath(settings.artifacts))
