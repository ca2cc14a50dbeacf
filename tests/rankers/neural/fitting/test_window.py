import numpy as np
import pandas as pd
import pytest

from movierec.data.dataset import Dataset
from movierec.data.history import History
from movierec.data.splits import per_user_temporal
from movierec.evaluation.evaluate import evaluate
from movierec.features.content import MovieFeatures
from movierec.rankers.neural.fitting.window import Window
from movierec.rankers.neural.histories import Histories
from movierec.rankers.popularity import Popularity


def test_its_ndcg_is_what_the_evaluation_of_the_split_per_user_gives(dataset: Dataset, features: MovieFeatures) -> None:
    known, later = per_user_temporal(dataset.ratings)
    ranker = Popularity().fit(dataset.with_ratings(known), features)
    expected = evaluate(ranker, later, (10,), relevant_from=4.0).at(10)["ndcg"]
    history = History.of(dataset)
    window = Window.of(whole(history), 1_000, seed=0, is_next=False)
    assert window.users == len(expected)
    ndcg = window.ndcg(lambda histories: np.tile(ranker.counts_, (len(histories.starts) - 1, 1)))
    assert ndcg == pytest.approx(expected.mean(), rel=1e-6)


def whole(history: History) -> Histories:
    return Histories.of(
        history.users,
        history.shape[0],
        movies=history.movies,
        times=history.times,
        signal=history.signal,
        levels=np.ones_like(history.movies),
        liked=history.liked,
    )


def test_it_is_the_last_fifth_of_every_history(dataset: Dataset) -> None:
    window = Window.of(whole(History.of(dataset)), 1_000, seed=0, is_next=False)
    assert np.diff(window.known.starts).tolist() == [8] * 40
    assert np.diff(window.later.starts).tolist() == [2] * window.users
    assert window.later.times.reshape(-1, 2).min() >= window.before.times.min()
    latest = pd.Series(window.before.times).groupby(window.before.users).max().to_numpy()
    assert (window.later.times.reshape(-1, 2) > latest[:, None]).all()


def test_only_some_users_are_asked_and_nobody_who_liked_nothing(dataset: Dataset) -> None:
    histories = whole(History.of(dataset))
    assert Window.of(histories, 7, seed=0, is_next=False).users == 7
    assert Window.of(histories._replace(liked=np.zeros_like(histories.liked)), 7, seed=0, is_next=False).users == 0


def test_or_the_last_rating_alone(dataset: Dataset) -> None:
    window = Window.of(whole(History.of(dataset)), 1_000, seed=0, is_next=True)
    assert np.diff(window.known.starts).tolist() == [9] * 40
    assert np.diff(window.later.starts).tolist() == [1] * window.users
