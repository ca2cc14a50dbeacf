import logging

import pytest

from movierec.artifacts import load_frame, save_frame
from movierec.data.splits import per_user_temporal
from movierec.errors import ModelError
from movierec.evaluation.protocols import PER_USER_TEMPORAL
from movierec.features.content import MovieFeatures
from movierec.rankers import registry
from movierec.rankers.building_blocks.fits import ANEW
from movierec.rankers.building_blocks.search_space import Range
from movierec.rankers.ease import EASE
from movierec.rankers.popularity import Popularity
from movierec.rankers.reranking.base_rankers import PARAMETERS, BaseRankers
from movierec.training import fit, snapshot
from movierec.training.data import TrainingData
from movierec.training.fit import fit_tuned, prepare_training_set
from movierec.training.folder import TrainingFolder
from movierec.training.hyper_parameters import tune_ranker
from movierec.tuning.tune import tune
from tests import movielens
from tests.night import ingest


@pytest.fixture
def initial_state(night_states):
    """Begin with two trainings on one generated night."""
    return night_states.get("opened_twice", open_trainings)


def open_trainings(conn, app, settings):
    batch_id = ingest(conn, app, movielens.generate(settings.home / "data"))
    for run in ("first", "second"):
        folder = TrainingFolder.of(settings, snapshot.open_training(conn, run, batch_id, seed=1))
        snapshot.take_snapshot(conn, folder)
        fit.build_features(folder, seed=1)


@pytest.fixture
def folders(settings):
    """Return the folders of the two trainings, with their splits."""
    return TrainingFolder.of(settings, 1), TrainingFolder.of(settings, 2)


@pytest.fixture
def windows(folders):
    """Return what is known and the validation window."""
    dataset = TrainingData(folders[0]).train
    train, validation = per_user_temporal(dataset.ratings, seed=1)
    return dataset.with_ratings(train), validation


@pytest.fixture(autouse=True)
def spaces(monkeypatch):
    """Let EASE be tuned and popularity not, whatever they say of themselves."""
    monkeypatch.setattr(EASE, "space", {"regularisation": Range(1, 5_000, log=True)})
    monkeypatch.setattr(Popularity, "space", {})


def test_the_best_so_far_is_tried_first_then_the_defaults(windows):
    tuned = tune("ease", *windows, 4, 1, start={"regularisation": 20.0})
    assert [trial.parameters["regularisation"] for trial in tuned.trials[:2]] == [20.0, None]
    assert len(tuned.trials) == 4
    assert tuned.value == max(trial.value for trial in tuned.trials)
    assert tuned.parameters == next(trial.parameters for trial in tuned.trials if trial.value == tuned.value)


def test_without_a_space_there_is_one_trial_with_the_defaults(windows):
    tuned = tune("popularity", *windows, 5, 1)
    assert [trial.parameters for trial in tuned.trials] == [{}]
    assert 0 < tuned.value < 1


def test_without_a_budget_nothing_is_tried_and_the_best_so_far_stays(windows):
    tuned = tune("ease", *windows, 0, 1, start={"regularisation": 20.0, "gone": 1})
    assert (tuned.parameters, tuned.value, tuned.trials) == ({"regularisation": 20.0}, None, [])


def test_what_is_fixed_is_not_searched(windows):
    tuned = tune("ease", *windows, 3, 1, fixed={"regularisation": 5.0, "max_movies": 30})
    assert tuned.parameters == {"regularisation": 5.0, "max_movies": 30}
    assert len(tuned.trials) == 1


def test_movies_to_exclude_are_in_no_evaluated_list(windows):
    train, validation = windows
    assert tune("ease", train, validation, 1, 1, exclude=validation).value == 0


def test_settings_that_cannot_be_fitted_are_kept_with_their_error_and_none_wins(windows, monkeypatch):
    monkeypatch.setattr(EASE, "space", {"regularisation": Range(-1e9, -1e6)})
    tuned = tune("ease", *windows, 3, 1, start={"regularisation": -2e6})
    assert tuned.trials[0].error.startswith("EASE")
    assert tuned.parameters == {"regularisation": None}  # the default alone could be fitted


def test_a_ranker_that_nobody_knows_is_named(windows):
    with pytest.raises(ModelError, match="there is no ranker 'nobody'"):
        tune("nobody", *windows, 3, 1)


def stored(conn, folder):
    return conn.execute(
        "select trial, parameters, value from ml.trial where training_id = %s order by trial", [folder.training_id]
    ).fetchall()


def test_a_training_keeps_its_search_and_a_second_run_leaves_the_same_rows(conn, folders):
    first, _ = folders
    found = [tune_ranker(conn, TrainingData(first), "ease", trials=3, seed=1) for _ in range(2)]
    assert found[0] == found[1]
    rows = stored(conn, first)
    assert [number for number, _, _ in rows] == [1, 2, 3]
    assert conn.execute("select parameters, value, trials from ml.tuned").fetchall() == [
        (found[0], max(value for _, _, value in rows), 3)
    ]
    tune_ranker(conn, TrainingData(first), "ease", trials=3, seed=1)
    assert stored(conn, first) == rows


def test_the_next_training_goes_on_from_the_last_one_even_without_a_budget(conn, folders, monkeypatch):
    first, second = folders
    best = tune_ranker(conn, TrainingData(first), "ease", trials=4, seed=1)
    assert tune_ranker(conn, TrainingData(second), "ease", trials=0, seed=1) == best
    assert stored(conn, second) == []
    tune_ranker(conn, TrainingData(second), "ease", trials=2, seed=2)
    assert stored(conn, second)[0][1] == best
    monkeypatch.setattr(EASE, "__init__", lambda self, max_movies=20: None)
    assert tune_ranker(conn, TrainingData(second), "ease", trials=0, seed=1) == {}


def test_tuned_values_are_of_one_dataset(conn, app, folders, tmp_path, settings):
    first, _ = folders
    tune_ranker(conn, TrainingData(first), "ease", trials=2, seed=1)
    other = ingest(conn, app, movielens.generate(tmp_path / "other"), "other")
    other_folder = TrainingFolder.of(settings, snapshot.open_training(conn, "other", other, seed=1))
    assert tune_ranker(conn, TrainingData(other_folder), "ease", trials=0, seed=1) == {}


def test_the_test_side_is_never_read(conn, folders):
    first, _ = folders
    before = tune_ranker(conn, TrainingData(first), "ease", trials=4, seed=1)
    TrainingData(first).train.save(first.snapshot)  # no test row is left anywhere
    save_frame(first.test, load_frame(first.test).iloc[:0])
    rows = stored(conn, first)
    assert tune_ranker(conn, TrainingData(first), "ease", trials=4, seed=1) == before
    assert stored(conn, first) == rows


def test_learned_rankers_build_on_tuned_ones_and_only_their_own_values_are_kept_as_tuned(conn, folders, caplog):
    first, second = folders
    ease = tune_ranker(conn, TrainingData(first), "ease", trials=3, seed=1)
    expected = {"tuned": {"ease": ease}}
    assert tune_ranker(conn, TrainingData(first), "slim", trials=0, seed=1) == {}
    assert tune_ranker(conn, TrainingData(first), "gradient_boosting", trials=0, seed=1) == expected
    found = tune_ranker(conn, TrainingData(first), "gradient_boosting", trials=1, seed=1)
    assert found["tuned"] == expected["tuned"]
    (kept,) = conn.execute("select parameters from ml.tuned where ranker = 'gradient_boosting'").fetchone()
    assert kept == {name: value for name, value in found.items() if name != "tuned"} != {}
    # the next training builds on them, too, and what it prepares is what its learned rankers take
    with caplog.at_level(logging.INFO):
        assert prepare_training_set(conn, second, ["gradient_boosting"], PER_USER_TEMPORAL)
        (fitted,) = fit_tuned(conn, second, ["gradient_boosting"], trials=0, seed=1)
    assert "refused" not in fitted
    assert "fit training_set: taken" in caplog.text
    model = registry.load(second.model("gradient_boosting"))
    assert model.tuned == expected["tuned"]
    assert model.builds_on["ease"].regularisation == ease["regularisation"]


def test_base_rankers_have_tuned_values_except_for_those_that_keep_them_small(windows):
    train, _ = windows
    tuned = {"ease": {"regularisation": 7.0}, "slim": {"l1": 2.0, "max_movies": 9_000}}
    fitted = BaseRankers.fit(train, MovieFeatures.build(train), ANEW, tuned=tuned).fitted
    assert fitted["ease"].regularisation == 7.0
    assert fitted["ease_near"].regularisation == PARAMETERS["ease_near"]["regularisation"]
    assert (fitted["slim"].l1, fitted["slim"].max_movies) == (2.0, PARAMETERS["slim"]["max_movies"])
