"""Whose the artifact store is: of an installation and its copy that share one, the first to train goes on."""

from dataclasses import replace

import pytest
from upath import UPath

from movierec.db import connect
from movierec.errors import ConfigError
from movierec.publishing.versions import prune
from movierec.training.folder import TrainingFolder, training_folders
from movierec.training.store_mark import FILE, claim_store, require_own_store


@pytest.fixture
def copied(conn, copy_of, settings):
    """Return a copy of the warehouse after its first training, and the settings of the copied state folder."""
    claim_store(conn, settings)
    with connect(copy_of("warehouse")) as other:
        for (mark,) in conn.execute("select mark from ml.store_mark").fetchall():
            other.execute("insert into ml.store_mark (mark) values (%s)", [mark])
        other.commit()
        conn.commit()
        yield other, replace(settings, home=settings.home / "copy")


def test_whoever_trains_second_is_refused_and_prunes_nothing(conn, settings, copied):
    other, of_other = copied
    claim_store(conn, settings)
    kept = TrainingFolder.of(settings, 1)
    kept.path.mkdir(parents=True)
    for refused in (claim_store, require_own_store, prune):
        with pytest.raises(ConfigError) as raised:
            refused(other, of_other)
        assert f"is another warehouse's, that of {settings.home} on " in str(raised.value)
        assert f"this is {of_other.home} on " in str(raised.value)
    assert training_folders(settings) == [kept]
    claim_store(conn, settings)  # nothing has changed for the first one


def test_a_copy_that_trains_first_has_the_store(conn, settings, copied):
    other, of_other = copied
    claim_store(other, of_other)
    claim_store(other, of_other)
    with pytest.raises(ConfigError, match=f"that of {of_other.home} on"):
        claim_store(conn, settings)


def test_a_folder_that_is_moved_keeps_its_store(conn, settings):
    claim_store(conn, settings)
    claim_store(conn, replace(settings, home=settings.home / "moved"))


def test_a_store_of_nobody_is_taken_and_one_without_its_mark_is_taken_over(copied):
    other, of_other = copied
    elsewhere = replace(of_other, artifacts=str(of_other.home / "own"))
    require_own_store(other, elsewhere)
    claim_store(other, elsewhere)
    path = UPath(elsewhere.artifacts) / FILE
    for foreign in ('{"mark": "of another"}', "[]", "no JSON"):
        path.write_text(foreign)
        with pytest.raises(ConfigError, match=f"delete {path}$"):
            require_own_store(other, elsewhere)
    path.unlink()
    claim_store(other, elsewhere)
