import json

import pytest
from upath import UPath

from movierec.errors import ModelError
from movierec.rankers.registry import RANKERS
from movierec.rankers.saved_models.manifest import MANIFEST
from movierec.rankers.saved_models.model_card import ARRAYS


@pytest.fixture
def saved(tmp_path, dataset, features):
    """Return a saved model and another one of the same kind."""
    folders = [UPath(tmp_path) / name for name in ("one", "other")]
    for days, folder in zip((10.0, 20.0), folders, strict=True):
        RANKERS["popularity"](half_life_days=days).fit(dataset, features).save(folder)
    return folders


def load(folder):
    return RANKERS["popularity"].load(folder)


def test_a_manifest_names_every_file_of_a_model(saved):
    names = {path.name for path in saved[0].iterdir()}
    assert set(json.loads((saved[0] / MANIFEST).read_bytes())) == names - {MANIFEST}
    load(saved[0])


def test_one_changed_byte_is_noticed_before_the_model_is_used(saved):
    path = saved[0] / ARRAYS
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(ModelError, match=f"{path} is not the file that was saved: its sha256 is .*; train again"):
        load(saved[0])


def test_the_arrays_of_another_model_are_refused(saved):
    (saved[0] / ARRAYS).write_bytes((saved[1] / ARRAYS).read_bytes() + b"more")
    with pytest.raises(ModelError, match="is not the file that was saved"):
        load(saved[0])


def test_a_file_that_is_gone_is_named(saved):
    (saved[0] / ARRAYS).unlink()
    with pytest.raises(ModelError, match=f"{ARRAYS} is missing; train again"):
        load(saved[0])


def test_a_manifest_that_is_none_is_refused_and_a_model_of_before_is_read(saved):
    (saved[0] / MANIFEST).write_bytes(b"[1")
    with pytest.raises(ModelError, match="is not a manifest"):
        load(saved[0])
    (saved[0] / MANIFEST).unlink()
    load(saved[0])
