import pytest

from movierec.artifacts import training_folder
from movierec.training import fit, snapshot
from movierec.training.folder import Sides
from tests import movielens
from tests.night import ingest


@pytest.fixture
def sides(conn, app, tmp_path, settings):
    batch_id = ingest(conn, app, movielens.generate(tmp_path / "data", users=20))
    training_id = fit.open_training(conn, "run", batch_id, seed=1)
    folder = training_folder(settings, training_id)
    snapshot.take_snapshot(conn, training_id, folder / "snapshot")
    fit.build_features(folder, seed=1)
    return Sides(folder)


def test_whoever_shares_the_sides_learns_from_the_same_objects(sides):
    known, features, _ = sides.per_user
    assert (known, features) == sides.per_user[:2]  # datasets are equal to nothing but themselves
    assert sides.at_one_moment[0] is sides.at_one_moment[0]


def test_no_side_knows_its_test(sides):
    for known, _, test in (sides.per_user, sides.at_one_moment):
        assert len(known.ratings) + len(test) <= len(sides.dataset.ratings)
        assert known.ratings.merge(test, on=["user_id", "movie_id"]).empty


def test_at_one_moment_everything_known_is_earlier_than_the_test(sides):
    known, _, test = sides.at_one_moment
    assert known.ratings["rated_at"].max() <= test["rated_at"].min()
