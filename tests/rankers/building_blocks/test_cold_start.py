import numpy as np
import pandas as pd
import pytest

from movierec.data.dataset import Dataset, empty
from movierec.data.history import History
from movierec.features.content import MovieFeatures
from movierec.rankers import registry
from movierec.rankers.building_blocks.cold_start import ColdStart


@pytest.fixture
def dataset() -> Dataset:
    """Women (1 to 40) rate movie 1, men (41 to 80) movie 2, everybody movie 3; 90 to 93 are new."""
    ratings = [(user, 1 if user <= 40 else 2) for user in range(1, 81)] + [(user, 3) for user in range(1, 41, 2)]
    users = [(user, 30, "F" if user <= 40 else "M") for user in range(1, 81)]
    users += [(90, 33, "F"), (91, 26, "M"), (92, None, None), (93, 80, "F")]
    return Dataset.of(
        {
            "ratings": pd.DataFrame(ratings, columns=["user_id", "movie_id"]).assign(
                rating=5.0, rated_at=pd.Timestamp("1998-01-01", tz="UTC")
            ),
            "movies": pd.DataFrame({"movie_id": [1, 2, 3, 4], "title": None, "release_year": pd.NA}),
            "users": pd.DataFrame(users, columns=["user_id", "age", "gender"]).assign(occupation=None),
        }
    )


def best(dataset: Dataset, user: int) -> list[int]:
    scores = ColdStart.of(dataset, History.of(dataset)).scores(np.array([user]))
    return [int(movie) for movie in dataset.movies["movie_id"].to_numpy()[np.argsort(-scores[0], kind="stable")]]


def test_two_groups_of_opposite_tastes_get_different_lists(dataset: Dataset) -> None:
    assert best(dataset, 90)[0] == 1
    assert best(dataset, 91)[0] == 2


def test_an_unknown_profile_and_an_unknown_user_get_what_everybody_rates(dataset: Dataset) -> None:
    assert best(dataset, 92) == best(dataset, 12_345) == [1, 2, 3, 4]


def test_newcomers_get_what_is_wanted_now_and_their_group_its_own_part_of_it(dataset: Dataset) -> None:
    later = pd.DataFrame({"user_id": [2, 4, 42], "movie_id": [4, 4, 4], "rating": 5.0})
    later = later.assign(rated_at=pd.Timestamp("2004-01-01", tz="UTC"))
    now = dataset.with_ratings(pd.concat([dataset.ratings, later]))
    assert best(now, 92)[0] == 4  # wanted by three of late, though 1 and 2 were by forty each years before
    scores = ColdStart.of(now, History.of(now)).scores(np.array([90, 91, 92]))
    assert scores[0, 3] > scores[2, 3] > scores[1, 3]  # two of the three are women


def test_a_group_of_nobody_gets_what_everybody_rates(dataset: Dataset) -> None:
    assert best(dataset, 93) == best(dataset, 92)


@pytest.mark.parametrize("name", sorted(registry.RANKERS))
def test_newcomers_alone_may_be_asked_about(dataset: Dataset, name: str) -> None:
    ranker = registry.create(name).fit(dataset, MovieFeatures.build(dataset))
    lists = ranker.fold_in(dataset.with_ratings(empty("ratings"))).recommend([90, 91], 1)
    assert lists["movie_id"].tolist() == [1, 2]


def test_a_thousand_genders_take_no_more_than_a_few_rows(dataset: Dataset) -> None:
    users = dataset.users.assign(gender=[f"text {i}" for i in range(len(dataset.users))])
    given = Dataset.of({"ratings": dataset.ratings, "movies": dataset.movies, "users": users})
    assert len(ColdStart.of(given, History.of(given)).shares) <= 9 * 7
