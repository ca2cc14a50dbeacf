import pytest
from upath import UPath

from movierec.artifacts import load_frame, save_frame, training_folder
from movierec.data.dataset import Dataset
from movierec.data.splits import per_user_temporal
from movierec.errors import ModelError
from movierec.rankers.ease import Ease
from movierec.rankers.popularity import Popularity
from movierec.rankers.search_space import Range
from movierec.training import fit, snapshot
from movierec.training.tuned import tune_ranker
from movierec.tuning.tune import tune
from tests import movielens
from tests.night import ingest


@pytest.fixture
def opened(conn, app, tmp_path, settings):
    """Return two trainings on one generated night, the first with its split."""
    batch_id = ingest(conn, app, movielens.generate(tmp_path / "data"))
    first, second = (fit.open_training(conn, run, batch_id, seed=1) for run in ("first", "second"))
    folder = training_folder(settings, first)
    snapshot.take_snapshot(conn, first, folder / "snapshot")
    fit.build_features(folder, seed=1)
    return first, second, folder


@pytest.fixture
def windows(opened):
    """Return what is known and the validation window."""
    folder = opened[2]
    known, judged = per_user_temporal(load_frame(folder / "train.parquet"), seed=1)
    return Dataset.load(folder / "snapshot").with_ratings(known), judged


@pytest.fixture(autouse=True)
def spaces(monkeypatch):
    """Let EASE be tuned and popularity not, whatever they say of themselves."""
    monkeypatch.setattr(Ease, "space", {"regularisation": Range(1, 5_000, log=True)})
    monkeypatch.setattr(Popularity, "space", {})


def test_the_best_so_far_is_tried_first_then_the_defaults(windows):
    tuned = tune("ease", *windows, 4, 1, start={"regularisation": 20.0})
    assert [trial.parameters["regularisation"] for trial in tuned.trials[:2]] == [20.0, 200.0]
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


def test_movies_to_exclude_are_in_no_judged_list(windows):
    known, judged = windows
    assert tune("ease", known, judged, 1, 1, exclude=judged).value == 0


def test_settings_that_cannot_be_fitted_are_kept_with_their_error_and_none_wins(windows, monkeypatch):
    monkeypatch.setattr(Ease, "space", {"regularisation": Range(-1e9, -1e6)})
    tuned = tune("ease", *windows, 3, 1, start={"regularisation": -2e6})
    assert tuned.trials[0].error.startswith("EASE")
    assert tuned.parameters == {"regularisation": 200.0}  # the default alone could be fitted


def test_a_ranker_that_nobody_knows_is_named(windows):
    with pytest.raises(ModelError, match="there is no ranker 'nobody'"):
        tune("nobody", *windows, 3, 1)


def kept(conn, training_id):
    return conn.execute(
        "select trial, parameters, value from ml.trial where training_id = %s order by trial", [training_id]
    ).fetchall()


def test_a_training_keeps_its_search_and_a_second_run_leaves_the_same_rows(conn, opened):
    first, _, folder = opened
    found = [tune_ranker(conn, folder, first, "ease", trials=3, seed=1) for _ in range(2)]
    assert found[0] == found[1]
    rows = kept(conn, first)
    assert [number for number, _, _ in rows] == [1, 2, 3]
    assert conn.execute("select parameters, value, trials from ml.tuned").fetchall() == [
        (found[0], max(value for _, _, value in rows), 3)
    ]
    tune_ranker(conn, folder, first, "ease", trials=3, seed=1)
    assert kept(conn, first) == rows


def test_the_next_training_goes_on_from_the_last_one_even_without_a_budget(conn, opened, monkeypatch):
    first, second, folder = opened
    best = tune_ranker(conn, folder, first, "ease", trials=4, seed=1)
    assert tune_ranker(conn, folder, second, "ease", trials=0, seed=1) == best
    assert kept(conn, second) == []
    tune_ranker(conn, folder, second, "ease", trials=2, seed=2)
    assert kept(conn, second)[0][1] == best
    monkeypatch.setattr(Ease, "__init__", lambda self, max_movies=20: None)
    assert tune_ranker(conn, folder, second, "ease", trials=0, seed=1) == {}


def test_tuned_values_are_of_one_dataset(conn, app, opened, tmp_path):
    first, _, folder = opened
    tune_ranker(conn, folder, first, "ease", trials=2, seed=1)
    other = ingest(conn, app, movielens.generate(tmp_path / "other"), "other")
    training_id = fit.open_training(conn, "other", other, seed=1)
    assert tune_ranker(conn, folder, training_id, "ease", trials=0, seed=1) == {}


def test_the_test_side_is_never_read(conn, opened):
    first, _, folder = opened
    before = tune_ranker(conn, folder, first, "ease", trials=4, seed=1)
    test = load_frame(folder / "test.parquet")
    train = load_frame(folder / "train.parquet")
    dataset = Dataset.load(folder / "snapshot")
    dataset.with_ratings(train).save(folder / "snapshot")  # no test row is left anywhere
    save_frame(UPath(folder / "test.parquet"), test.iloc[:0])
    rows = kept(conn, first)
    assert tune_ranker(conn, folder, first, "ease", trials=4, seed=1) == before
    assert kept(conn, first) == rows
