import numpy as np
import pandas as pd
import pytest

from movierec.dataset import Dataset, empty
from movierec.features.history import History
from movierec.features.pairs import PairFeatures

# (user, movie, rating, day): user 1's last known moment is day 100, user 2's is day 200.
ROWS = [(1, 10, 4.0, 100), (2, 20, 5.0, 90), (2, 30, 2.0, 200), (3, 20, 3.0, 50), (3, 30, 4.0, 150)]


def facts(rows: list[tuple[int, int, float, int]]) -> Dataset:
    frame = pd.DataFrame(rows, columns=["user_id", "movie_id", "rating", "day"])
    return Dataset(
        ratings=frame.assign(rated_at=pd.to_datetime(frame["day"], unit="D", utc=True)),
        movies=pd.DataFrame({"movie_id": [10, 20, 30], "title": "t", "release_year": [1950, 1960, pd.NA]}),
        users=pd.DataFrame({"user_id": [1, 2], "age": [30, 31], "gender": ["F", "F"], "occupation": "other"}),
        genres=pd.DataFrame({"movie_id": [10, 20, 20], "genre": ["Drama", "Drama", "War"]}),
        people=empty("people"),
        countries=empty("countries"),
    )


def of_user_1(rows: list[tuple[int, int, float, int]]) -> dict[str, np.ndarray]:
    dataset = facts(rows)
    return PairFeatures.of(dataset, History.of(dataset)).of_pairs(np.array([0, 0]), np.array([1, 2]))


@pytest.fixture
def features() -> dict[str, np.ndarray]:
    """User 1 with the movies 20 and 30."""
    return of_user_1(ROWS)


def test_counts_stop_at_the_users_last_moment(features: dict[str, np.ndarray]) -> None:
    # By day 100 movie 20 was rated on the days 50 and 90, movie 30 by nobody yet.
    assert features["count_all"].tolist() == pytest.approx([np.log1p(2), 0])
    assert features["count_14_days"].tolist() == pytest.approx([np.log1p(1), 0])
    assert features["count_60_days"].tolist() == pytest.approx([np.log1p(2), 0])


def test_means_are_shrunk_to_that_of_all_ratings_by_then(features: dict[str, np.ndarray]) -> None:
    overall = (4 + 5 + 3) / 3  # those of the days 100, 90 and 50
    assert features["movie_mean"].tolist() == pytest.approx([(5 + 3 + 10 * overall) / (2 + 10), overall])


def test_a_group_is_age_and_gender(features: dict[str, np.ndarray]) -> None:
    # Of the two who rated movie 20, only user 2 is a woman of 25 to 34 like user 1.
    assert features["group_count"].tolist() == pytest.approx([np.log1p(1), 0])


def test_year_gap_is_from_the_users_own_years_and_unknown_stays_unknown(features: dict[str, np.ndarray]) -> None:
    assert features["year_gap"][0] == 1960 - 1950
    assert np.isnan(features["year_gap"][1])


def test_genre_share_is_the_part_of_the_history_in_the_movies_genres(features: dict[str, np.ndarray]) -> None:
    assert features["genre_share"].tolist() == pytest.approx([1 / np.sqrt(2), 0])


def test_other_peoples_future_changes_nothing(features: dict[str, np.ndarray]) -> None:
    altered = [(u, m, 1.0 if day > 100 else r, day + 500 if day > 100 else day) for u, m, r, day in ROWS]
    for name, values in of_user_1(altered).items():
        np.testing.assert_array_equal(values, features[name], err_msg=name)
