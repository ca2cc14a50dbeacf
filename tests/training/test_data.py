import pytest

from movierec.training import fit, snapshot
from movierec.training.data import TrainingData
from movierec.training.folder import TrainingFolder
from tests import movielens
from tests.night import ingest


@pytest.fixture
def data(conn, app, tmp_path, settings):
    batch_id = ingest(conn, app, movielens.generate(tmp_path / "data", users=20))
    folder = TrainingFolder.of(settings, snapshot.open_training(conn, "run", batch_id, seed=1))
    snapshot.take_snapshot(conn, folder)
    fit.build_features(folder, seed=1)
    return TrainingData(folder)


def test_whoever_shares_the_data_learns_from_the_same_objects(data):
    train, features, _ = data.per_user_temporal
    assert (train, features) == data.per_user_temporal[:2]  # datasets are equal to nothing but themselves
    assert data.global_temporal[0] is data.global_temporal[0]


def test_no_training_side_knows_its_test(data):
    for train, _, test in (data.per_user_temporal, data.global_temporal):
        assert len(train.ratings) + len(test) <= len(data.dataset.ratings)
        assert train.ratings.merge(test, on=["user_id", "movie_id"]).empty


def test_in_the_global_split_every_training_rating_is_earlier_than_the_test(data):
    train, _, test = data.global_temporal
    assert train.ratings["rated_at"].max() <= test["rated_at"].min()
