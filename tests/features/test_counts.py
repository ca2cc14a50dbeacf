import numpy as np
import pandas as pd
import pytest

from movierec.data.dataset import Dataset, empty
from movierec.data.history import MICROSECONDS_A_DAY, History
from movierec.features.counts import MAX_OCCUPATIONS, PRIOR_RATINGS, Counts, occupations
from movierec.features.profiles import groups

NAN = float("nan")
USERS = pd.DataFrame(
    {"user_id": [1, 2, 3], "age": [30, 31, 60], "gender": ["F", "F", "M"], "occupation": ["baker", None, "actor"]}
)
# (user, movie position, rating, day)
ROWS = [(1, 0, 5.0, 10), (2, 0, 2.0, 100), (3, 0, 4.0, 120), (2, 1, NAN, 110), (3, 1, 4.0, 400)]


def dataset(users: pd.DataFrame = USERS) -> Dataset:
    frame = pd.DataFrame(ROWS, columns=["user_id", "movie_id", "rating", "day"])
    ratings = frame.assign(
        weight=np.where(frame["rating"].isna(), 0.2, np.nan), rated_at=pd.to_datetime(frame["day"], unit="D", utc=True)
    )
    movies = pd.DataFrame({"movie_id": range(3), "title": "t", "release_year": 1990})
    return Dataset.of({"ratings": ratings, "movies": movies, "users": users})


def features_of_movies(
    movies: list[int], day: int, user: int = 1, users: pd.DataFrame = USERS
) -> dict[str, list[float]]:
    """Describe movies for a user on a day."""
    facts = dataset(users)
    same = np.ones(len(movies), np.int64)
    group, occupation = groups(facts.users, np.array([user])), occupations(facts.users, np.array([user]))
    counts = Counts.of(History.of(facts), facts.users)
    moment = same * day * MICROSECONDS_A_DAY
    features = counts.of_pairs(np.array(movies), moment, same * group, same * occupation)
    return {name: values.tolist() for name, values in features.items()}


def test_counts_are_as_of_the_day() -> None:
    assert features_of_movies([0, 1, 2], 9)["count_all"] == [0, 0, 0]
    assert features_of_movies([0, 1, 2], 100)["count_all"] == pytest.approx([np.log1p(2), 0, 0])
    assert features_of_movies([0, 1, 2], 500)["count_all"] == pytest.approx([np.log1p(3), np.log1p(2), 0])


def test_windows_count_the_days_before() -> None:
    features = features_of_movies([0], 114)
    assert features["count_14_days"] == [0]  # that of day 100 is just out of it
    assert features["count_60_days"] == pytest.approx([np.log1p(1)])
    assert features["count_365_days"] == pytest.approx([np.log1p(2)])
    assert features["trend"] == pytest.approx([-np.log1p(2)])


def test_windows_count_the_likes_of_the_days_before() -> None:
    # Of movie 0's ratings those of days 10 and 120 are likes, that of day 100 is not.
    features = features_of_movies([0], 130)
    assert features["likes_14_days"] == pytest.approx([np.log1p(1)])
    assert features["likes_60_days"] == pytest.approx([np.log1p(1)])
    assert features["likes_365_days"] == pytest.approx([np.log1p(2)])
    assert features_of_movies([0], 114)["likes_60_days"] == [0]


def test_means_are_shrunk_to_that_of_all_ratings_by_then() -> None:
    overall = (5 + 2) / 2
    assert features_of_movies([0, 1], 100)["movie_mean"] == pytest.approx([(5 + 2 + 10 * overall) / (2 + 10), overall])


def test_liked_is_a_share_shrunk_to_one_half() -> None:
    features = features_of_movies([0, 1], 500)["liked_share"]
    assert features == pytest.approx([(2 + PRIOR_RATINGS / 2) / (3 + PRIOR_RATINGS), (1 + 5) / (2 + 10)])


def test_a_movie_is_known_since_its_first_rating() -> None:
    assert features_of_movies([0, 1], 130)["days_known"] == pytest.approx([120, 20])


def test_when_a_movie_will_first_be_rated_is_not_known_before() -> None:
    assert features_of_movies([0, 1, 2], 5)["days_known"] == [0, 0, 0]


def test_groups_count_their_own() -> None:
    # Users 1 and 2 are women of 25 to 34; of them both rated movie 0.
    assert features_of_movies([0], 500, user=1)["group_share"] == pytest.approx([(2 + 1) / (3 + PRIOR_RATINGS)])
    assert features_of_movies([0], 500, user=3)["group_share"] == pytest.approx([(1 + 1) / (3 + PRIOR_RATINGS)])
    assert features_of_movies([0], 500, user=3)["occupation_share"] == pytest.approx([(1 + 1) / (3 + PRIOR_RATINGS)])


def test_occupations_are_numbered_and_unknown_is_zero() -> None:
    assert occupations(USERS, np.array([3, 1, 2, 99])).tolist() == [1, 2, 0, 0]


def test_rare_occupations_beyond_the_most_frequent_are_unknown() -> None:
    names = [f"job {i}" for i in range(1000)] + ["zookeeper"] * 2
    users = pd.DataFrame({"user_id": range(1002), "occupation": names})
    numbers = occupations(users, np.arange(1002))
    assert numbers.max() == MAX_OCCUPATIONS == len(np.unique(numbers)) - 1
    assert numbers[1000] == numbers[1001] > 0


def test_what_nobody_tells_is_left_out() -> None:
    silent = features_of_movies([0], 500, users=USERS.assign(occupation=None))
    assert "occupation_share" not in silent
    assert "group_share" in silent
    unknown = features_of_movies([0], 500, users=empty("users"))
    assert not {"occupation_share", "group_share"} & set(unknown)


def test_every_number_is_float32_and_finite() -> None:
    facts = dataset()
    counts = Counts.of(History.of(facts), facts.users)
    one = np.array([2])
    for name, values in counts.of_pairs(one, one * 0, one * 0, one * 0).items():
        assert np.isfinite(values).all(), name
