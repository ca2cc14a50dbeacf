"""A champion and a live version on a generated night, for whatever reads or replaces lists."""

import pytest

from movierec.promotion import champion as promotion
from movierec.publishing import catalogue, lists, pointer, versions
from movierec.training import evaluate, fit, snapshot
from movierec.training.data import TrainingData
from movierec.training.folder import TrainingFolder
from tests import movielens
from tests.night import ingest

SHARDS = 2
LENGTH = 20


def decide(conn, folder):
    promotion.compare(conn, folder)
    promotion.choose_champion(conn, folder.training_id)


def write(conn, settings, run_id="night"):
    version_id = versions.open_version(conn, run_id, LENGTH)
    lists.fit_champion(conn, version_id, settings)
    for shard in range(SHARDS):
        lists.write_lists(conn, version_id, shard, SHARDS, settings)
    lists.write_similar(conn, version_id, settings)
    lists.write_fallback(conn, version_id, settings)
    catalogue.write_catalogue(conn, version_id)
    catalogue.write_item_weights(conn, version_id, settings)
    return version_id


def write_and_go_live(conn, settings, run_id="night"):
    version_id = write(conn, settings, run_id)
    versions.audit_version(conn, version_id)
    return pointer.go_live(conn, version_id)


def crown(conn, app, settings):
    """Take a generated night as far as a champion, EASE, and return its training."""
    batch_id = ingest(conn, app, movielens.generate(settings.home / "data"))
    folder = TrainingFolder.of(settings, snapshot.open_training(conn, "run", batch_id, seed=1))
    learn(conn, folder)
    return folder.training_id


def learn(conn, folder):
    """Take a training as far as a champion, EASE."""
    snapshot.take_snapshot(conn, folder)
    fit.build_features(folder, seed=1)
    data = TrainingData(folder)
    evaluate.evaluate_ranker(conn, data, fit.fit_ranker(data, "ease"))
    decide(conn, folder)


def crowned(night_states):
    """Return a generated night that has a champion."""
    return night_states.get("crowned", crown)


def served(night_states):
    """Return the same, with its lists live."""
    return night_states.get(
        "served", lambda conn, app, settings: write_and_go_live(conn, settings), crowned(night_states)
    )


@pytest.fixture(scope="session")
def crowned_night(night_states):
    """A generated night that has a champion."""
    return crowned(night_states)


@pytest.fixture(scope="session")
def served_night(night_states):
    """The same, with its lists live."""
    return served(night_states)


@pytest.fixture
def initial_state(request):
    """Begin with a night that is as far as the test asks for."""
    for asked, night in (("live", "served_night"), ("champion", "crowned_night")):
        if asked in request.fixturenames:
            return request.getfixturevalue(night)
    return None


@pytest.fixture
def champion(conn):
    """Return the training that chose the champion."""
    return conn.execute("select training_id from ml.champion").fetchone()[0]


@pytest.fixture
def live(conn):
    """Open the warehouse in which lists are live."""
    return conn
