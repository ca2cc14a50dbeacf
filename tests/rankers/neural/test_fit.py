"""Fits with TensorFlow, on two tastes (see conftest); what every ranker promises is in test_contract."""

import logging
import multiprocessing
import os
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from upath import UPath

from movierec.config import ROOT
from movierec.data.dataset import Dataset
from movierec.errors import ModelError
from movierec.features.content import MovieFeatures
from movierec.rankers.neural import environment
from movierec.rankers.neural.ranker import Neural

pytestmark = pytest.mark.skipif(not environment.is_installed(), reason="no TensorFlow here; make dev installs it")
EVERYONE = range(1, 41)


def run_python(python: Path, *arguments: str) -> str:
    env = {**os.environ, "PYTHONPATH": f"{ROOT / 'include'}", "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run([str(python), *arguments], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2_000:]
    return done.stdout


@pytest.fixture(scope="module")
def chosen(dataset: Dataset, features: MovieFeatures) -> Neural:
    return Neural(architecture="best", epochs=8).fit(dataset, features)


def test_numpy_scores_as_tensorflow_does() -> None:
    run_python(environment.find_python(), str(Path(__file__).parent / "fitting" / "in_tensorflow.py"))


def test_the_better_architecture_on_the_inner_window_is_kept(chosen: Neural) -> None:
    values = chosen.fitted_.values
    assert set(values) == {"autoencoder", "sequence"}
    assert chosen.fitted_.architecture == max(values, key=lambda name: values[name])
    assert 1 <= chosen.fitted_.epochs <= 8


def test_the_same_seed_gives_the_same_weights_and_another_one_others(
    chosen: Neural, dataset: Dataset, features: MovieFeatures
) -> None:
    again = Neural(architecture="best", epochs=8).fit(dataset, features)
    other = Neural(architecture=chosen.fitted_.architecture, epochs=8, seed=1).fit(dataset, features)
    assert all((again.weights_[name] == weight).all() for name, weight in chosen.weights_.items())
    pairs = zip(chosen.scores(np.arange(5)), other.scores(np.arange(5)), strict=True)
    assert not any(np.array_equal(*pair) for pair in pairs)


def test_what_a_fit_has_chosen_gives_the_same_weights_without_an_inner_window(
    chosen: Neural, dataset: Dataset, features: MovieFeatures
) -> None:
    parameters = chosen.chosen_parameters()
    assert parameters["architecture"] == chosen.fitted_.architecture
    told = Neural(**parameters).fit(dataset, features)
    assert told.fitted_.values == {}
    assert all((told.weights_[name] == weight).all() for name, weight in chosen.weights_.items())


def test_progress_goes_to_the_log(dataset: Dataset, features: MovieFeatures, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    Neural(architecture="sequence", epochs=2).fit(dataset, features)
    assert "neural: sequence, epoch 1: loss" in caplog.text
    assert "neural: sequence it is, " in caplog.text


def test_training_ends_when_the_inner_window_gets_no_better(
    dataset: Dataset, features: MovieFeatures, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    ranker = Neural(architecture="autoencoder", epochs=400).fit(dataset, features)
    assert ranker.fitted_.epochs < 400
    assert f"none was better than epoch {ranker.fitted_.epochs}" in caplog.text


def test_a_fit_without_time_ends_after_a_step_of_each_and_ranks_all_the_same(
    dataset: Dataset, features: MovieFeatures, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    ranker = Neural(architecture="best", max_seconds=0.0).fit(dataset, features)
    assert caplog.text.count("the time is over") == 2
    assert "no time is left to learn from whole histories" in caplog.text
    assert len(ranker.recommend(EVERYONE, 5)) == 200
    assert ranker.chosen_parameters() == ranker.parameters()


def test_where_order_says_nothing_the_autoencoder_is_fitted_alone(dataset: Dataset, features: MovieFeatures) -> None:
    for shuffled in (Neural(architecture="best", windows="random", epochs=2), Neural(architecture="best", epochs=2)):
        ratings = dataset.ratings
        if shuffled.windows == "time":
            ratings = ratings.assign(rated_at=ratings["rated_at"].iloc[0])
        shuffled.fit(dataset.with_ratings(ratings), features)
        assert set(shuffled.fitted_.values) == {"autoencoder"}


def test_what_is_asked_says_which_architecture_and_no_window_is_held_out(
    dataset: Dataset, features: MovieFeatures
) -> None:
    asked = {"time": "autoencoder", "days": "autoencoder", "random": "autoencoder", "next": "sequence"}
    for windows, architecture in asked.items():
        ranker = Neural(windows=windows, epochs=2).fit(dataset, features)
        assert (ranker.fitted_.architecture, ranker.fitted_.epochs, ranker.fitted_.values) == (architecture, 2, {})
        assert ranker.chosen_parameters() == ranker.parameters()  # one fit for whoever needs it


def test_training_ends_when_the_learning_rate_has_fallen(dataset: Dataset, features: MovieFeatures) -> None:
    told = Neural(architecture="autoencoder", epochs=3, stop_after=9).fit(dataset, features)
    assert told.fitted_.epochs == 3


def test_the_sequence_model_follows_the_order(dataset: Dataset, features: MovieFeatures) -> None:
    """Everybody watches the movies in a circle, from a place of their own on: what comes next is the next one."""
    start = pd.Timestamp("2000-01-01", tz="UTC")
    rows = [
        (user, (user + step) % 30 + 1, 5.0, start + pd.Timedelta(days=step))
        for user in range(1, 41)
        for step in range(12)
    ]
    circle = dataset.with_ratings(pd.DataFrame(rows, columns=["user_id", "movie_id", "rating", "rated_at"]))
    ranker = Neural(architecture="sequence", epochs=60, windows="next").fit(circle, features)
    first = ranker.recommend(EVERYONE, 1).set_index("user_id")["movie_id"]
    assert np.mean([first[user] == (user + 12) % 30 + 1 for user in EVERYONE]) > 0.9


def test_a_saved_model_scores_where_there_is_no_tensorflow(chosen: Neural, tmp_path: Path) -> None:
    chosen.save(UPath(tmp_path))
    program = (
        "import sys; from upath import UPath; from movierec.rankers import registry; "
        f"lists = registry.load(UPath({str(tmp_path)!r})).recommend(range(1, 41), 5); "
        "assert not {'tensorflow', 'keras'} & set(sys.modules); print(lists['movie_id'].tolist())"
    )
    expected = chosen.recommend(EVERYONE, 5)["movie_id"].tolist()
    assert run_python(Path(sys.executable), "-c", program).strip() == str(expected)


def test_movies_outside_the_model_follow_by_popularity(dataset: Dataset, features: MovieFeatures) -> None:
    ranker = Neural(architecture="autoencoder", epochs=2, max_movies=10).fit(dataset, features)
    scores = ranker.scores(np.arange(40))
    outside = np.setdiff1d(np.arange(30), ranker.movie_positions_)
    assert (scores[:, outside].max(axis=1) < scores[:, ranker.movie_positions_].min(axis=1)).all()


def test_a_forked_task_fits_beside_its_parent(chosen: Neural, dataset: Dataset, features: MovieFeatures) -> None:
    """As Airflow does: the parent has fitted, and so has a process that it still holds the pipes of."""
    # Told to end, not killed: it inherits what earlier tests have made of signals.
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("fork")) as pool:
        weights = pool.submit(_fit_weights, dataset, features).result()
    assert all((weights[name] == weight).all() for name, weight in chosen.weights_.items())


def _fit_weights(dataset: Dataset, features: MovieFeatures) -> dict[str, np.ndarray]:
    return Neural(architecture="best", epochs=8).fit(dataset, features).weights_


def test_what_does_not_exist_is_refused_before_anything_starts(dataset: Dataset, features: MovieFeatures) -> None:
    with pytest.raises(ModelError, match="architecture is 'tower'; allowed are auto, best, autoencoder, sequence"):
        Neural(architecture="tower").fit(dataset, features)
    with pytest.raises(ModelError, match="windows is 'odd'; allowed are time, days, next, random"):
        Neural(windows="odd").fit(dataset, features)


def test_without_anything_to_learn_before_the_window_it_is_not_asked(dataset: Dataset, features: MovieFeatures) -> None:
    first_two = dataset.ratings.sort_values("rated_at").groupby("user_id").head(2)
    ranker = Neural(architecture="best", windows="next", epochs=2).fit(dataset.with_ratings(first_two), features)
    assert ranker.fitted_.values == {}
    assert len(ranker.recommend(EVERYONE, 5)) == 200


def test_the_number_of_epochs_is_found_or_given_not_both(dataset: Dataset, features: MovieFeatures) -> None:
    with pytest.raises(ModelError, match="stop_after is 5 with architecture 'best', which finds it; allowed is 0"):
        Neural(architecture="best", stop_after=5).fit(dataset, features)


def test_who_comes_with_a_higher_rating_than_anybody_is_scored(dataset: Dataset, features: MovieFeatures) -> None:
    feedback = dataset.ratings.assign(rating=np.float32("nan"), weight=np.float32(1))
    ranker = Neural(windows="next", epochs=1).fit(dataset.with_ratings(feedback), features)
    shown = dataset.with_ratings(dataset.ratings[dataset.ratings["user_id"] == 1])
    assert np.isfinite(ranker.fold_in(shown).scores(np.array([0]))).all()
