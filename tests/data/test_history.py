import gc
import weakref
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from movierec.data.dataset import Dataset, empty
from movierec.data.history import History
from tests import tastes

DAY = 86_400_000_000


@pytest.fixture
def history() -> History:
    # User 1 rates 10, then 20 and 30 in one moment; user 2 rates 20 only. Nobody rates 40.
    rows = [(1, 10, 5.0, 1), (1, 20, 3.0, 2), (1, 30, 4.0, 2), (2, 20, 2.0, 9)]
    ratings = pd.DataFrame(rows, columns=["user_id", "movie_id", "rating", "day"])
    movies = pd.DataFrame({"movie_id": [40, 30, 20, 10], "title": "t", "release_year": 1990})
    nothing = {table: empty(table) for table in ("users", "genres", "people", "countries")}
    timed = ratings.assign(rated_at=pd.to_datetime(ratings["day"], unit="D", utc=True))
    return History.of(Dataset(ratings=timed, movies=movies, **nothing))


def test_positions_follow_the_ids(history: History) -> None:
    assert history.movie_ids.tolist() == [10, 20, 30, 40]
    assert history.seen.toarray().tolist() == [[1, 1, 1, 0], [0, 1, 0, 0]]


def test_recency_counts_later_ratings_and_is_shared_within_a_moment(history: History) -> None:
    assert history.recency.tolist() == [2, 0, 0, 0]


def test_now_is_each_users_own_last_moment(history: History) -> None:
    assert history.now.tolist() == [2 * DAY, 9 * DAY]


def test_means_and_counts(history: History) -> None:
    assert history.user_means.tolist() == [(5 + 3 + 4) / 3, 2]
    assert history.counts.tolist() == [1, 2, 1, 0]


def test_lower_ratings_say_less(history: History) -> None:
    assert history.signal.tolist() == pytest.approx([1, 0.3, 1, 0.3])


def test_above_is_the_distance_from_the_users_mean(history: History) -> None:
    assert history.above_mean.tolist() == pytest.approx([1, -1, 0, 0])


def history_with(rating: float, weight: float, relevant_from: float | None = 4.0) -> History:
    ratings = pd.DataFrame({"user_id": [1, 1, 2], "movie_id": [10, 20, 20], "rating": [5.0, 3.0, rating]})
    timed = ratings.assign(weight=[np.nan, np.nan, weight], rated_at=pd.Timestamp("1999-01-01", tz="UTC"))
    movies = pd.DataFrame({"movie_id": [10, 20], "title": "t", "release_year": 1990})
    return History.of(Dataset.of({"ratings": timed, "movies": movies}, relevant_from))


@pytest.mark.parametrize(("weight", "liked"), [(0.4, False), (0.5, True), (1.0, True), (0.0, False)])
def test_feedback_without_a_rating_says_what_its_weight_says(weight: float, liked: bool) -> None:
    history = history_with(np.nan, weight)
    assert history.signal.tolist() == pytest.approx([1, 0.3, weight])
    assert history.liked.tolist() == [True, False, liked]
    assert np.isnan(history.ratings[2])
    assert history.user_means.tolist() == [4, 0]
    assert history.above_mean.tolist() == [1, -1, 0]


def test_every_rating_is_a_like_where_no_threshold_is_set() -> None:
    history = history_with(1.0, np.nan, None)
    assert history.liked.all()
    assert history.signal.tolist() == [1, 1, 1]


def test_a_threshold_itself_is_liked() -> None:
    assert history_with(3.0, np.nan, 3.0).liked.tolist() == [True, True, True]
    assert history_with(2.5, np.nan, 3.0).liked.tolist() == [True, True, False]


def test_a_history_before_1970_has_its_moments() -> None:
    early = replace(history_with(1.0, np.nan), times=np.array([-9, -5, -7]))
    assert early.now.tolist() == [-5, -7]
    assert early.recency.tolist() == [1, 0, 0]


def test_who_asks_about_the_same_dataset_shares_its_history_and_keeps_it_no_longer_than_the_dataset() -> None:
    dataset = tastes.dataset()
    history = History.of(dataset)
    assert History.of(dataset) is history
    assert History.of(replace(dataset)) is not history
    is_there = weakref.ref(history)
    del history, dataset
    gc.collect()
    assert is_there() is None
