import pandas as pd
import pytest

from movierec.dataset import Dataset, empty
from movierec.features.history import History

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
